#!/usr/bin/env bash
# Everything that building and testing Surety needs on Debian 12 beside rustup's stable Rust and Node 20:
# system packages, the wasm target, the packages of e2e/. Safe to run again: what is there is left alone.
#
# The wasm target comes from rustup where rustup can download it. Where it cannot, Debian's own Rust
# packages make it, and the runtime's wasm (only that) is built by Debian's compiler.
#
# The route that was taken is written to $SURETY_CACHE/env, which the Makefile sources before each build.
#
#   SURETY_CACHE       where build products and that file live   default $HOME/.cache/surety
#   SURETY_WASM_ROUTE  rustup or debian: try only this one       default: rustup, then debian
set -euo pipefail
cd "$(dirname "$0")/.."

CACHE=${SURETY_CACHE:-$HOME/.cache/surety}
WASM=wasm32v1-none
LOG=$CACHE/setup.log
mkdir -p "$CACHE"
: > "$LOG"

say() { printf '  setup: %s\n' "$*"; }
fail() {
	printf '\n  setup failed: %s\n' "$1" >&2
	shift
	for line in "$@"; do printf '    %s\n' "$line" >&2; done
	exit 1
}
have() { command -v "$1" > /dev/null 2>&1; }
# Run a command with its output in the log; show the end of it if the command fails.
quietly() {
	if ! "$@" >> "$LOG" 2>&1; then
		printf '\n  setup: "%s" failed; the last lines of %s:\n' "$*" "$LOG" >&2
		tail -n 15 "$LOG" | sed 's/^/    /' >&2
		return 1
	fi
}
# Run as root: directly, or through sudo where there is one.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
can_be_root() { [ "$(id -u)" -eq 0 ] || have sudo; }

# ---------------------------------------------------------------- system packages

apt_updated=no
policy=/usr/sbin/policy-rc.d
policy_mark="# Written by scripts/setup.sh of Surety while it installs packages."
policy_is_ours=no
remove_policy() {
	[ "$policy_is_ours" = no ] || as_root rm -f "$policy"
	policy_is_ours=no
}
trap remove_policy EXIT
# A run that was killed may have left its own.
if grep -qsxF "$policy_mark" "$policy" && can_be_root; then
	policy_is_ours=yes
	remove_policy
fi

# apt_install PACKAGE...: install what is missing of these.
apt_install() {
	local missing=() package
	for package in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null)" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! have apt-get; then
		say "no apt-get here; these packages (named as in Debian 12) are missing: ${missing[*]}"
		return 1
	fi
	if ! can_be_root; then
		say "neither root nor sudo here; run as root: apt-get install ${missing[*]}"
		return 1
	fi
	if [ "$apt_updated" = no ]; then
		say "updating the package lists"
		quietly as_root apt-get -o DPkg::Lock::Timeout=300 update -q ||
			say "that failed; trying with the lists that are there"
		apt_updated=yes
	fi
	# Installing nginx would start a web server on port 80. The tests start their own, elsewhere.
	if [ ! -e "$policy" ]; then
		policy_is_ours=yes
		printf '%s\n' '#!/bin/sh' "$policy_mark" 'exit 101' | as_root tee "$policy" > /dev/null
		as_root chmod 755 "$policy"
	fi
	say "installing ${missing[*]}"
	quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
		install -y -q --no-install-recommends "${missing[@]}" || return 1
	remove_policy
}

say "system packages"
packages=(ca-certificates clang curl git libclang-dev make openssl protobuf-compiler)
have cc || packages+=(build-essential)
have nginx || [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
apt_install "${packages[@]}" || fail "system packages are missing" \
	"Read the lines above (all of them: $LOG), repair that, then run this again."

# ---------------------------------------------------------------- Rust and Node

if ! have cargo || ! have rustup; then
	fail "no Rust" \
		"Install rustup with its stable toolchain (https://rustup.rs), open a new shell, then run this again."
fi
if ! have node || ! have npm; then
	fail "no Node" "Install Node 20 with npm (https://nodejs.org), then run this again."
fi
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] || fail "Node $node_major is too old" "Install Node 20 or newer, then run this again."

# ---------------------------------------------------------------- the wasm target

# probe_wasm RUSTC...: whether this compiler makes an optimized wasm module out of core and alloc.
probe_wasm() {
	local dir
	dir=$(mktemp -d)
	cat > "$dir/probe.rs" <<- 'RUST'
		#![no_std]
		extern crate alloc;
		use core::alloc::{GlobalAlloc, Layout};
		struct Heap;
		unsafe impl GlobalAlloc for Heap {
			unsafe fn alloc(&self, _: Layout) -> *mut u8 { core::ptr::null_mut() }
			unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
		}
		#[global_allocator]
		static HEAP: Heap = Heap;
		#[panic_handler]
		fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
		#[unsafe(no_mangle)]
		pub extern "C" fn probe(n: u32) -> usize { alloc::vec![1u8; n as usize].len() }
	RUST
	local ok=0
	timeout 120 "$@" --edition 2021 --target $WASM --crate-type cdylib -C opt-level=3 -C lto=fat -C panic=abort \
		-o "$dir/probe.wasm" "$dir/probe.rs" >> "$LOG" 2>&1 || ok=1
	rm -rf "$dir"
	return $ok
}

write_env() {
	printf '%s\n' "# Written by scripts/setup.sh; sourced by the Makefile." "$@" > "$CACHE/env"
}

rustup_route() {
	if ! probe_wasm rustc; then
		say "asking rustup for the target $WASM"
		# Plain rustup retries for minutes where downloads are closed.
		timeout 180 rustup target add $WASM >> "$LOG" 2>&1 || return 1
		probe_wasm rustc || return 1
	fi
	write_env "unset WASM_BUILD_TOOLCHAIN"
	say "wasm target: from rustup, for $(rustc --version)"
}

# core, alloc and compiler_builtins for wasm out of Debian's std sources, put where Debian's compiler looks.
build_debian_core() {
	local work sysroot libs
	sysroot=$(/usr/bin/rustc --print sysroot)
	libs=$sysroot/lib/rustlib/$WASM/lib
	work=$CACHE/wasm-core
	rm -rf "$work"
	mkdir -p "$work/src"
	printf '%s\n' '[package]' 'name = "wasm-core"' 'version = "0.0.0"' 'edition = "2021"' '[workspace]' > "$work/Cargo.toml"
	printf '#![no_std]\n' > "$work/src/lib.rs"
	say "building core and alloc for wasm from Debian's sources (about half a minute)"
	# Without embedded bitcode the link-time optimization of the runtime finds no ".llvmbc" section.
	(
		cd "$work"
		quietly env -u RUSTUP_TOOLCHAIN -u RUSTC_WRAPPER -u CARGO_BUILD_TARGET \
			CARGO_TARGET_DIR="$work/target" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
			/usr/bin/cargo build --release -Zbuild-std=core,alloc --target $WASM
	) || return 1
	as_root mkdir -p "$libs"
	as_root rm -f "$libs"/libcore-*.rlib "$libs"/liballoc-*.rlib "$libs"/libcompiler_builtins-*.rlib
	as_root cp "$work/target/$WASM/release/deps"/lib{core,alloc,compiler_builtins}-*.rlib "$libs/"
	rm -rf "$work"
	# What was compiled against another core refuses to link with this one.
	rm -rf "${CARGO_TARGET_DIR:-$CACHE/target}"/*/wbuild
}

debian_route() {
	local sysroot lld host
	apt_install rustc-web cargo-web rust-web-src lld-22 || return 1
	sysroot=$(/usr/bin/rustc --print sysroot) || return 1
	host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
	lld=$sysroot/lib/rustlib/$host/bin/rust-lld
	if [ ! -e "$lld" ]; then
		as_root mkdir -p "$(dirname "$lld")"
		as_root ln -sfn "$(command -v lld-22)" "$lld"
	fi
	if ! probe_wasm /usr/bin/rustc; then
		build_debian_core || return 1
		probe_wasm /usr/bin/rustc || return 1
	fi
	# The wasm builder runs "rustup run NAME cargo".
	rustup toolchain list | grep '^debian\b' > /dev/null || quietly rustup toolchain link debian "$sysroot" || return 1
	write_env "export WASM_BUILD_TOOLCHAIN=debian"
	say "wasm target: from Debian's packages, for $(/usr/bin/rustc --version)"
}

say "wasm target"
case ${SURETY_WASM_ROUTE:-any} in
	rustup) routes=(rustup_route) ;;
	debian) routes=(debian_route) ;;
	any) routes=(rustup_route debian_route) ;;
	*) fail "SURETY_WASM_ROUTE is neither rustup nor debian" ;;
esac
found=no
for route in "${routes[@]}"; do
	if "$route"; then
		found=yes
		break
	fi
	say "the ${route%_route} route did not work here"
done
[ $found = yes ] || fail "no way to get the Rust target $WASM, which the runtime is compiled for" \
	"Either let rustup download it:   rustup target add $WASM" \
	"or use Debian 12 with these packages at hand: rustc-web cargo-web rust-web-src lld-22" \
	"What was tried is in $LOG. Then run this again."

# ---------------------------------------------------------------- packages of e2e/

if [ ! -e e2e/node_modules/.package-lock.json ] || [ e2e/package-lock.json -nt e2e/node_modules/.package-lock.json ]; then
	say "packages of e2e/ (polkadot.js and hardhat)"
	(cd e2e && quietly npm ci --no-progress) || fail "npm could not install the packages of e2e/" \
		"Read $LOG; a registry that can be reached is all it needs. Then run this again."
	touch e2e/node_modules/.package-lock.json
fi

say "done"
