#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build a test target and print the path of its binary. The Makefile's targets for live tests use it: a
# test in JavaScript runs the binary on a network that it started.
#
#   scripts/test-binary.sh TARGET CARGO-FLAG...   the flags of the build
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?name of a test target}
shift
path=$(cargo build --quiet --message-format json "$@" |
	sed -n 's/.*"kind":\["test"\].*"name":"'"$target"'".*"executable":"\([^"]*\)".*/\1/p')
[ -n "$path" ] || { echo "no test target $target" >&2; exit 1; }
echo "$path"
