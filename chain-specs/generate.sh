#!/usr/bin/env bash
# Chain specs of the three networks, plain (to read and edit) and raw (to start nodes from), written beside
# this script. The genesis comes from the runtime's presets of the same names.
#
#   SURETY_NODE   the binary; default: what `make build` made
set -euo pipefail
cd "$(dirname "$0")"

node=${SURETY_NODE:-${CARGO_TARGET_DIR:-${SURETY_CACHE:-$HOME/.cache/surety}/target}/release/surety-node}
[ -x "$node" ] || { echo "  chain-specs: $node is not there: run \"make build\"" >&2; exit 1; }

# name of the file, name of the chain
for pair in development:dev local:local staging:staging; do
	file=${pair%%:*}
	chain=${pair##*:}
	"$node" export-chain-spec --chain "$chain" --output "$file.json" 2> /dev/null
	"$node" export-chain-spec --chain "$file.json" --raw --output "$file-raw.json" 2> /dev/null
	printf '  chain-specs: %-22s %8s bytes\n' "$file.json" "$(wc -c < "$file.json")"
	printf '  chain-specs: %-22s %8s bytes\n' "$file-raw.json" "$(wc -c < "$file-raw.json")"
done
