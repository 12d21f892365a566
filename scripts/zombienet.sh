#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Start zombienet/local.toml and wait until its four validators finalize, then stop it. Run it through
# make:
#
#   make zombienet          stop after finality
#   KEEP=1 make zombienet   keep the network until Ctrl-C
set -euo pipefail
cd "$(dirname "$0")/.."

: "${SURETY_NODE:?run this as \"make zombienet\"}"
# Seconds for four nodes to finalize.
PATIENCE=240
if [ ! -x "$SURETY_NODE" ]; then
	echo "  zombienet: $SURETY_NODE is missing: run \"make build\"" >&2
	exit 1
fi

if ! command -v zombie-cli > /dev/null; then
	echo "  zombienet: zombie-cli is missing: run \"make setup-clients\"" >&2
	exit 1
fi

dir=$(mktemp -d)
zombie=
# shellcheck disable=SC2317,SC2329 # called by the trap
cleanup() {
	if [ -n "$zombie" ]; then
		# The nodes outlive zombie-cli. All of them are one process group, which is stopped as a
		# whole.
		kill -INT -- "-$zombie" 2> /dev/null || true
		for _ in $(seq 20); do kill -0 -- "-$zombie" 2> /dev/null || break; sleep 0.5; done
		kill -KILL -- "-$zombie" 2> /dev/null || true
		wait "$zombie" 2> /dev/null || true
	fi
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# zombienet finds the binary by its name.
mkdir "$dir/bin"
ln -s "$(realpath "$SURETY_NODE")" "$dir/bin/surety-node"
PATH="$dir/bin:$PATH"
# -v none: finality is the condition, not metrics of every node within 20 s.
set -m
zombie-cli spawn -p native -v none -d "$dir/net" zombienet/local.toml > "$dir/zombie.log" 2>&1 &
zombie=$!
set +m

# zombienet writes the addresses of its nodes into zombie.json.
rpc_ports() {
	grep -ohE 'ws://127\.0\.0\.1:[0-9]+' "$dir/net/zombie.json" "$dir/zombie.log" 2> /dev/null |
		grep -oE '[0-9]+$' | sort -u || true
}
# call PORT METHOD PARAMS: print the response of a node.
call() {
	curl -s -m 3 -H 'content-type: application/json' \
		-d '{"jsonrpc":"2.0","id":1,"method":"'"$2"'","params":'"$3"'}' "127.0.0.1:$1"
}
# finalized PORT: print the number of the last finalized block, in hex.
finalized() {
	local hash
	hash=$(call "$1" chain_getFinalizedHead '[]' |
		sed -n 's/.*"result":"\(0x[0-9a-f]*\)".*/\1/p')
	[ -n "$hash" ] || return 1
	call "$1" chain_getHeader '["'"$hash"'"]' |
		sed -n 's/.*"number":"\(0x[0-9a-f]*\)".*/\1/p'
}

echo "  zombienet: starting four validators"
SECONDS=0
while [ $SECONDS -lt "$PATIENCE" ]; do
	if ! kill -0 "$zombie" 2> /dev/null; then
		tail -n 20 "$dir/zombie.log"
		echo "  zombienet: zombie-cli exited" >&2
		exit 1
	fi
	up=0
	for port in $(rpc_ports); do
		number=$(finalized "$port") || continue
		[ -n "$number" ] && [ $((number)) -ge 3 ] && up=$((up + 1))
	done
	if [ "$up" -ge 4 ]; then
		echo "  zombienet: all four finalize (block $((number)))"
		if [ "${KEEP:-}" = 1 ]; then
			echo "  zombienet: RPC on ports $(rpc_ports | tr '\n' ' '); Ctrl-C ends it"
			wait "$zombie"
		fi
		exit 0
	fi
	sleep 1
done
tail -n 20 "$dir/zombie.log"
echo "  zombienet: no finality on four nodes within $PATIENCE s" >&2
exit 1
