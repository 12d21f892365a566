#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The runtime's wasm for a release, with the metadata hash: HEAD is cloned into two folders, each is
# built, and the files are compared byte by byte. Prints the hash that a referendum authorizes.
# Run it as "make wasm".
#
# Each build sees its clone, cargo's folder and the products at the same paths, below /mnt in a
# mount namespace of its own. Compilers write paths into panic messages and into the hashes of
# symbols, which decide their order, so that remapping prefixes would not be enough.
#
#   OUT       folder for the wasm (default: $CARGO_TARGET_DIR/wasm)
#   FEATURES  of the runtime (default: metadata-hash, which releases have; without it the comparison
#             takes a third of the time)
set -euo pipefail
cd "$(dirname "$0")/.."

: "${SURETY_CACHE:?run this as \"make wasm\"}"
out=${OUT:-${CARGO_TARGET_DIR:?}/wasm}
features=${FEATURES-metadata-hash}
wasm=release/wbuild/surety-runtime/surety_runtime.compact.compressed.wasm
commit=$(git rev-parse HEAD)
[ -z "$(git status --porcelain --untracked-files=no)" ] ||
	echo "  wasm: changes that are not committed are left out" >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/target"
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}

# build CLONE: build the wasm of a clone. Only the host's side (macros, the builder itself) is
# shared by the builds.
build() {
	rm -rf "$work/target/release/wbuild" "$work"/target/release/build/surety-runtime-*
	local namespace=(unshare --mount)
	[ "$(id -u)" -eq 0 ] || namespace=(unshare --map-root-user --mount)
	# shellcheck disable=SC2016
	"${namespace[@]}" env CLONE="$1" WORK="$work" FEATURES="$features" bash -euc '
		mount -t tmpfs surety /mnt
		mkdir /mnt/{surety,cargo,target}
		mount --bind "$CLONE" /mnt/surety
		mount --bind "$CARGO_HOME" /mnt/cargo
		mount --bind "$WORK/target" /mnt/target
		cd /mnt/surety
		# Nothing of the caller may reach the compiler.
		unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS WASM_BUILD_RUSTFLAGS SKIP_WASM_BUILD
		export CARGO_HOME=/mnt/cargo CARGO_TARGET_DIR=/mnt/target CARGO_INCREMENTAL=0
		SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
		export SOURCE_DATE_EPOCH
		# `check` needs only metadata of the dependencies, and builds the wasm all the same.
		cargo check --locked --release --quiet -p surety-runtime --features "$FEATURES"
	'
}

for folder in first/surety second/of/another/depth/surety; do
	echo "  wasm: building $commit in $folder"
	git clone --quiet --no-hardlinks . "$work/$folder"
	git -C "$work/$folder" checkout --quiet "$commit"
	build "$work/$folder"
	cp "$work/target/$wasm" "$work/${folder%%/*}.wasm"
done
sha256sum "$work"/{first,second}.wasm | sed -E 's|^([0-9a-f]+) .*/|  wasm: \1 |'
if ! cmp "$work/first.wasm" "$work/second.wasm"; then
	echo "  wasm: the builds differ: this wasm cannot be verified by others" >&2
	exit 1
fi
mkdir -p "$out"
name=surety_runtime${features:+-$features}
file=$out/$name-$(sed -n 's/^version!(spec_version: \([0-9]*\)).*/\1/p' runtime/src/lib.rs | head -n 1).wasm
cp "$work/first.wasm" "$file"
toolchain=${WASM_BUILD_TOOLCHAIN:-$(rustup show active-toolchain | cut -d' ' -f1)}
printf '  wasm: %s\n' "$file, $(wc -c < "$file") bytes" "commit $commit" \
	"compiler $(rustup run "$toolchain" rustc -V)" \
	"sha256 $(sha256sum "$file" | cut -d" " -f1)" \
	"hash to vote on (system.authorizeUpgrade): 0x$(b2sum -l 256 "$file" | cut -d" " -f1)"
