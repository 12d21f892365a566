#!/usr/bin/env bash
# Measure the weights of every pallet of the runtime on this machine and write them where they are used:
# ours into pallets/*/src/weights.rs, the SDK's into runtime/src/weights/. Commit what comes out.
#
#   scripts/weights.sh                     all pallets
#   scripts/weights.sh pallet_surety_sla   only these
#
#   STEPS, REPEAT   how thorough (50, 20)
set -euo pipefail
cd "$(dirname "$0")/.."

: "${SURETY_CACHE:=$HOME/.cache/surety}"
export CARGO_TARGET_DIR=$SURETY_CACHE/target-benchmarks
BENCHER_VERSION=0.28.0
steps=${STEPS:-50}
repeat=${REPEAT:-20}

if ! command -v frame-omni-bencher > /dev/null; then
	echo "  weights: installing frame-omni-bencher $BENCHER_VERSION (once, some minutes)"
	cargo install --locked --version "$BENCHER_VERSION" frame-omni-bencher
fi

echo "  weights: building the runtime with its benchmarks"
cargo build --release -p surety-runtime --features runtime-benchmarks

# The name of the file ends up in no output, but keep it short for the log.
wasm=$CARGO_TARGET_DIR/release/wbuild/surety-runtime/surety_runtime.wasm
[ -f "$wasm" ] || { echo "  weights: $wasm was not built" >&2; exit 1; }

mapfile -t pallets < <(
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		frame-omni-bencher v1 benchmark pallet --runtime "$wasm" --list=pallets --no-csv-header --quiet 2> /dev/null |
			grep -E '^[a-z_]+$' | sort -u
	fi
)
[ ${#pallets[@]} -gt 0 ] || { echo "  weights: the runtime lists no benchmarks" >&2; exit 1; }

mkdir -p runtime/src/weights
for pallet in "${pallets[@]}"; do
	case $pallet in
		pallet_surety_*)
			output=pallets/${pallet#pallet_surety_}/src/weights.rs
			template=scripts/weights-pallet.hbs
			;;
		*)
			output=runtime/src/weights/$pallet.rs
			template=scripts/weights-runtime.hbs
			;;
	esac
	echo "  weights: $pallet -> $output"
	frame-omni-bencher v1 benchmark pallet --runtime "$wasm" --genesis-builder-preset development \
		--pallet "$pallet" --extrinsic '' --steps "$steps" --repeat "$repeat" --heap-pages 4096 \
		--template "$template" --output "$output"
	rustfmt --edition 2024 "$output" 2> /dev/null || true
done

echo "  weights: modules that runtime/src/weights/mod.rs must declare:"
for file in runtime/src/weights/*.rs; do
	name=$(basename "$file" .rs)
	[ "$name" = mod ] || echo "    pub mod $name;"
done
