#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The runtime with a version one higher and the metadata hash, for the tests of upgrades. Prints the
# path of its wasm. Run it as "make next-runtime".
#
# It has a target directory of its own. The everyday wasm has the same path in the other one, and
# would be overwritten.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:?run this as \"make next-runtime\"}/next-runtime
# `check` needs only metadata of the dependencies, and builds the wasm all the same.
cargo check --release --quiet -p surety-runtime --features metadata-hash,next-version
echo "$CARGO_TARGET_DIR/release/wbuild/surety-runtime/surety_runtime.compact.compressed.wasm"
