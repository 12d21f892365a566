#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measure the weights of the runtime's pallets on this machine and install them: those of this
# workspace in pallets/*/src/weights.rs, those of the SDK in runtime/src/weights/. Commit the
# result. Run it through make:
#
#   make weights                            all pallets, an empty block and an empty extrinsic
#   make weights ARGS="pallet_surety_sla"   these pallets only
#
#   STEPS, REPEAT   points per parameter, and repetitions of each (33, 20)
#   MIN_DURATION    seconds that each benchmark is repeated for at least (1)
#   OUT             directory for all files, by pallet name; the source tree then stays as it is
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR=${SURETY_CACHE:?run this as "make weights"}/target-benchmarks
BENCHER_VERSION=0.28.0
# One more than a power of two: the bencher divides ranges by steps - 1 in 32 bits and rounds down, so
# that of two parameters from 0 to 1 never both would be 1. A single such parameter does not work.
steps=${STEPS:-33}
repeat=${REPEAT:-20}
seconds=${MIN_DURATION:-1}

if ! command -v frame-omni-bencher > /dev/null; then
	echo "  weights: installing frame-omni-bencher $BENCHER_VERSION (once, some minutes)"
	cargo install --locked --version "$BENCHER_VERSION" frame-omni-bencher
fi

echo "  weights: building the runtime with its benchmarks"
# Only the wasm is measured. `cargo check` builds it as well, in the release profile of every build.
cargo check -p surety-runtime --features runtime-benchmarks

# The compiler's output: a debug build neither compacts nor compresses it.
wasm=$CARGO_TARGET_DIR/debug/wbuild/surety-runtime/surety_runtime.wasm
[ -f "$wasm" ] || { echo "  weights: $wasm was not built" >&2; exit 1; }

# Production's timing has the largest rounds. A solo chain needs no proof sizes, so none is
# recorded.
preset=staging
bench=(frame-omni-bencher v1 benchmark pallet --runtime "$wasm" --genesis-builder-preset "$preset")

mapfile -t pallets < <(
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		"${bench[@]}" --list=pallets --no-csv-header 2> /dev/null | grep -E '^[a-z_]+$' | sort -u
	fi
)
[ ${#pallets[@]} -gt 0 ] || { echo "  weights: the runtime lists no benchmarks" >&2; exit 1; }

# Files are installed after the last measurement: a failure leaves the tree as it was.
out=${OUT:-$(mktemp -d)}
mkdir -p "$out"
for pallet in "${pallets[@]}"; do
	case $pallet in
		pallet_surety_*) template=scripts/weights-pallet.hbs ;;
		*) template=scripts/weights-runtime.hbs ;;
	esac
	echo "  weights: $pallet"
	"${bench[@]}" --pallet "$pallet" --extrinsic '' --steps "$steps" --repeat "$repeat" \
		--min-duration "$seconds" --quiet --disable-proof-recording \
		--template "$template" --output "$out/$pallet.rs"
done

if [ $# -eq 0 ]; then
	echo "  weights: an empty block and an empty extrinsic"
	# The median of many small blocks is robust against other load on the machine.
	frame-omni-bencher v1 benchmark overhead --runtime "$wasm" --genesis-builder-preset "$preset" \
		--weight-path "$out" --metric median --warmup 10 --repeat 500 --max-ext-per-block 20
	for name in block extrinsic; do
		# The host's name and local paths mean nothing to a reader.
		sed -i -e '/^\/\/! HOSTNAME/s/HOSTNAME: [^,]*, //' -e '/WEIGHT-PATH/d' -e '/^\/\/! SHORT-NAME/d' \
			-e '/^\/\/ Executed Command/,/^$/d' -e 's/sp_weights::/frame_support::weights::/' \
			-e '1s/^$/#![cfg_attr(rustfmt, rustfmt_skip)]\n/' "$out/${name}_weights.rs"
	done
fi

license="// SPDX-License-Identifier: Apache-2.0"
sed -i "1i $license\n" "$out"/*.rs
[ -z "${OUT:-}" ] || { echo "  weights: written to $out"; exit 0; }
mkdir -p runtime/src/weights
for file in "$out"/*.rs; do
	name=$(basename "$file" .rs)
	case $name in
		pallet_surety_*)
			folder=${name#pallet_surety_}
			cp "$file" "pallets/${folder//_/-}/src/weights.rs"
			;;
		*) cp "$file" "runtime/src/weights/$name.rs" ;;
	esac
done
rm -r "$out"

{
	printf '%s\n\n' "$license"
	# shellcheck disable=SC2016 # the backticks are Markdown's
	echo '//! Weights of the SDK'"'"'s pallets in this runtime. Written by `make weights`.'
	echo
	for file in runtime/src/weights/*.rs; do
		name=$(basename "$file" .rs)
		[ "$name" = mod ] || echo "pub mod $name;"
	done
} > runtime/src/weights/mod.rs.new
mv runtime/src/weights/mod.rs.new runtime/src/weights/mod.rs
