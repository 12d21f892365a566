#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Networks of earlier commits, from which tests of upgrades start: the raw specification that the
# node of the commit writes, compressed. Run it as "make fixtures". Only fixtures that are missing
# are made; CARGO_TARGET_DIR must be another one than that of the build, whose node it would replace.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:?run this as \"make fixtures\"}

checkout=$(mktemp -d)
trap 'git worktree remove --force "$checkout" 2> /dev/null || rm -rf "$checkout"' EXIT

# fixture NAME COMMIT CHAIN: write e2e/fixtures/NAME.json.gz.
fixture() {
	local file=e2e/fixtures/$1.json.gz
	if [ -e "$file" ]; then
		echo "  fixtures: $file is there"
		return
	fi
	git worktree add --force --detach "$checkout" "$2"
	(cd "$checkout" && CARGO_INCREMENTAL=0 cargo build --locked --profile testnet --workspace --bin surety-node)
	"$target/testnet/surety-node" export-chain-spec --chain "$3" --raw 2> /dev/null |
		gzip -9n > "$file.part"
	mv "$file.part" "$file"
	git worktree remove --force "$checkout"
	printf '  fixtures: %s %8s bytes\n' "$file" "$(wc -c < "$file")"
}

# The last commit before validators were bonded (ADR 66).
fixture before-staking acf96cc local
