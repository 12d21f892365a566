#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian packages of node, gateway and provider, for the machine's Debian release. Run it as
# "make packages".
#
#   BINARIES  folder with the programs; without it they are built in the profile `production`
#   OUT       folder for the packages (default: $CARGO_TARGET_DIR/debian)
set -euo pipefail
cd "$(dirname "$0")/.."

: "${SURETY_CACHE:?run this as \"make packages\"}"
CARGO_DEB_VERSION=3.8.0
CRATES=(surety-node surety-gateway surety-provider)
out=${OUT:-${CARGO_TARGET_DIR:?}/debian}

export PATH=$SURETY_CACHE/cargo-deb/bin:$PATH
if ! cargo-deb --version 2> /dev/null | grep -qw "$CARGO_DEB_VERSION"; then
	echo "  packages: installing cargo-deb $CARGO_DEB_VERSION (once, some minutes)"
	cargo install --locked --quiet --force --root "$SURETY_CACHE/cargo-deb" \
		--version "$CARGO_DEB_VERSION" cargo-deb
fi

if [ -z "${BINARIES:-}" ]; then
	cargo build --locked --profile production "${CRATES[@]/#/--package=}" --bins \
		--features surety-node/metadata-hash
	BINARIES=$CARGO_TARGET_DIR/production
fi
# cargo-deb takes the programs from where a release build would put them.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/release" "$out"
for crate in "${CRATES[@]}"; do
	cp "$BINARIES/$crate" "$work/release/"
	CARGO_TARGET_DIR=$work cargo deb --quiet --no-build --package "$crate" --output "$out/"
done
for package in "$out"/*.deb; do
	printf '  packages: %12d %s\n' "$(wc -c < "$package")" "$package"
done
