#!/usr/bin/env bash
# Bring up zombienet/local.toml, wait until its four validators finalize, then take it down (or, with KEEP=1,
# leave it up until Ctrl-C). zombie-cli is installed on first use (8 minutes on 2 cores).
set -euo pipefail
cd "$(dirname "$0")/.."

: "${SURETY_CACHE:=$HOME/.cache/surety}"
ZOMBIE_VERSION=0.7.1
# Seconds for four nodes to finalize.
PATIENCE=240
node=${SURETY_NODE:-${CARGO_TARGET_DIR:-$SURETY_CACHE/target}/release/surety-node}
[ -x "$node" ] || { echo "  zombienet: $node is not there: run \"make build\"" >&2; exit 1; }

if ! command -v zombie-cli > /dev/null; then
	echo "  zombienet: installing zombie-cli (once, about 8 minutes)"
	CARGO_TARGET_DIR=$SURETY_CACHE/target-zombienet cargo install --locked --version "^$ZOMBIE_VERSION" zombie-cli
	rm -rf "$SURETY_CACHE/target-zombienet"
fi

dir=$(mktemp -d)
zombie=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	if [ -n "$zombie" ]; then
		# zombie-cli and its nodes are one process group. The nodes outlive it, so the group is what counts.
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
ln -s "$(realpath "$node")" "$dir/bin/surety-node"
PATH="$dir/bin:$PATH"
# What is waited for is finality, not that every node shows metrics within 20 s (-v none).
set -m
zombie-cli spawn -p native -v none -d "$dir/net" zombienet/local.toml > "$dir/zombie.log" 2>&1 &
zombie=$!
set +m

# zombienet writes where its nodes listen into zombie.json.
rpc_ports() {
	grep -ohE 'ws://127\.0\.0\.1:[0-9]+' "$dir/net/zombie.json" "$dir/zombie.log" 2> /dev/null |
		grep -oE '[0-9]+$' | sort -u || true
}
finalized() {
	local hash
	hash=$(curl -s -m 3 -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"chain_getFinalizedHead"}' "127.0.0.1:$1" |
		sed -n 's/.*"result":"\(0x[0-9a-f]*\)".*/\1/p')
	[ -n "$hash" ] || return 1
	curl -s -m 3 -H 'content-type: application/json' \
		-d '{"jsonrpc":"2.0","id":1,"method":"chain_getHeader","params":["'"$hash"'"]}' "127.0.0.1:$1" |
		sed -n 's/.*"number":"\(0x[0-9a-f]*\)".*/\1/p'
}

echo "  zombienet: starting four validators"
SECONDS=0
while [ $SECONDS -lt "$PATIENCE" ]; do
	kill -0 "$zombie" 2> /dev/null || { tail -n 20 "$dir/zombie.log"; echo "  zombienet: it stopped" >&2; exit 1; }
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
