#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Chain specs of the three networks, plain (to read and edit) and raw (to start nodes from), written
# beside this script. The genesis comes from the runtime's presets of the same names. Run it as
# "make chain-specs".
set -euo pipefail
cd "$(dirname "$0")"

node=${SURETY_NODE:?run this as \"make chain-specs\"}
[ -x "$node" ] || { echo "  chain-specs: $node is missing: run \"make build\"" >&2; exit 1; }

# file name:chain name
for pair in development:dev local:local staging:staging; do
	file=${pair%%:*}
	chain=${pair##*:}
	"$node" export-chain-spec --chain "$chain" --output "$file.json" 2> /dev/null
	"$node" export-chain-spec --chain "$file.json" --raw --output "$file-raw.json" 2> /dev/null
	printf '  chain-specs: %-22s %8s bytes\n' "$file.json" "$(wc -c < "$file.json")"
	printf '  chain-specs: %-22s %8s bytes\n' "$file-raw.json" "$(wc -c < "$file-raw.json")"
done
