#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Chain specs, written beside this script: plain (to read and edit) and raw (to start nodes from) of
# the networks with public keys, and the templates of staging and mainnet, which have to be filled
# in before they can be made raw. The genesis comes from the runtime's presets. Run it as
# "make chain-specs".
set -euo pipefail
cd "$(dirname "$0")"

node=${SURETY_NODE:?run this as \"make chain-specs\"}
[ -x "$node" ] || { echo "  chain-specs: $node is missing: run \"make build\"" >&2; exit 1; }

# write FILE ARGUMENT...: export a specification and print its size.
write() {
	local file=$1
	shift
	"$node" export-chain-spec "$@" --output "$file" 2> /dev/null
	printf '  chain-specs: %-22s %8s bytes\n' "$file" "$(wc -c < "$file")"
}

# file name:chain name
for pair in development:dev local:local rehearsal:rehearsal; do
	file=${pair%%:*}
	write "$file.json" --chain "${pair##*:}"
	write "$file-raw.json" --chain "$file.json" --raw
done
for template in staging mainnet; do
	write "$template.json" --chain "$template"
done
