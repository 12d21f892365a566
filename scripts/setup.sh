#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Set-up of a Debian 12 machine with rustup's stable Rust and Node 20. Run it through make:
#
#   make setup           the build: system packages, the wasm target, npm packages of e2e/
#   make setup-checks    the same, and the tools of `make lint` and `make test-rust`
#   make setup-provider  the same, and the engines and tunnels of `make test-provider` (root)
#   make setup-clients   the build, and the clients of `make test-clients`
#
# The script first lists what it is going to change, then changes only what is missing. It installs
# system packages with apt-get (as root or through sudo) and writes to $SURETY_CACHE and
# e2e/node_modules; the wasm target is added to rustup's toolchain.
#
# Where rustup cannot download the wasm target, Debian's Rust packages provide it, and Debian's
# compiler builds the wasm of the runtime (nothing else). The route is recorded in
# $SURETY_CACHE/env, which the Makefile sources before each build.
#
#   SURETY_CACHE       directory for build products, tools and logs; exported by the Makefile
#   SURETY_WASM_ROUTE  rustup or debian: try this route only; default: rustup, then debian
set -euo pipefail
cd "$(dirname "$0")/.."

CACHE=${SURETY_CACHE:?run this as "make setup"}
mode=${1:-build}
WASM=wasm32v1-none
LOG=$CACHE/setup.log
TOOLS=$CACHE/tools
TOOL_NAMES=(cargo-deny cargo-nextest shellcheck taplo)
# Libraries of Python with an environment each, since their codecs share a name.
PYTHON=e2e/clients/python
LIBRARIES=(substrate-interface aio-substrate-interface)
ZOMBIE_VERSION=0.7.1
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
# Run a command with its output in the log; show the end of the log if the command fails.
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

# ---------------------------------------------------------------- Rust and Node, never installed

if ! have cargo || ! have rustup; then
	fail "no Rust" \
		"Install rustup with its stable toolchain (https://rustup.rs) and open a new shell." \
		"Then run this again."
fi
if ! have node || ! have npm; then
	fail "no Node" "Install Node 20 with npm (https://nodejs.org), then run this again."
fi
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] ||
	fail "Node $node_major is too old" "Install Node 20 or newer, then run this again."
case ${SURETY_WASM_ROUTE:-any} in
	rustup | debian | any) ;;
	*) fail "SURETY_WASM_ROUTE is neither rustup nor debian" ;;
esac
case $mode in
	build | checks | provider | clients) ;;
	*) fail "unknown set of tools \"$mode\"" \
		"Run \"make setup\", \"make setup-checks\", \"make setup-provider\" or \"make setup-clients\"." ;;
esac
# Succeed if the set has the tools of the checks.
has_tools() { [ "$mode" = checks ] || [ "$mode" = provider ]; }

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
# A run that was killed may have left this file behind.
if grep -qsxF "$policy_mark" "$policy" && can_be_root; then
	policy_is_ours=yes
	remove_policy
fi

# missing_packages PACKAGE...: print those that are not installed.
missing_packages() {
	local package
	for package in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null)" = installed ] ||
			echo "$package"
	done
}

# apt_install PACKAGE...: install those that are missing.
apt_install() {
	local missing
	mapfile -t missing < <(missing_packages "$@")
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
			say "the update failed; trying with the lists at hand"
		apt_updated=yes
	fi
	# The packages nginx-light, prometheus, docker-registry and podman would start servers. The tests
	# start servers of their own.
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

packages=(ca-certificates clang curl git libclang-dev make openssl protobuf-compiler)
have cc || packages+=(build-essential)
have nginx || [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
# Alerts and dashboard: tests start a Prometheus of their own.
have prometheus && have promtool || packages+=(prometheus)
# systemd-analyze, which examines the units. No service manager is needed.
! has_tools || have systemd-analyze || packages+=(systemd)
# Machines of the provider's scenario, which needs root: containers, firewalls and a registry. Wrong
# clocks of the faults.
[ "$(id -u)" -ne 0 ] || packages+=(aardvark-dns busybox-static catatonit conmon docker-registry
	e2fsprogs iproute2 iptables libfaketime netavark nftables podman runc skopeo wireguard-go
	wireguard-tools)
[ "$mode" != provider ] || packages+=(docker.io iperf3 socat)
# Debian's Python lacks the module that creates environments.
[ "$mode" = build ] || python3 -c 'import ensurepip, venv' 2> /dev/null || packages+=(python3-venv)

# ---------------------------------------------------------------- the wasm target

# probe_wasm RUSTC...: succeed if this compiler makes an optimized wasm module out of core and
# alloc.
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
	timeout 120 "$@" --edition 2021 --target $WASM --crate-type cdylib \
		-C opt-level=3 -C lto=fat -C panic=abort \
		-o "$dir/probe.wasm" "$dir/probe.rs" >> "$LOG" 2>&1 || ok=1
	rm -rf "$dir"
	return $ok
}

write_env() {
	printf '%s\n' "# Written by scripts/setup.sh; sourced by the Makefile." "$@" > "$CACHE/env"
}

rustup_route() {
	if ! probe_wasm rustc; then
		say "adding the target $WASM with rustup"
		# Plain rustup retries for minutes where downloads are closed.
		timeout 180 rustup target add $WASM >> "$LOG" 2>&1 || return 1
		probe_wasm rustc || return 1
	fi
	write_env "unset WASM_BUILD_TOOLCHAIN"
	say "wasm target: rustup's, for $(rustc --version)"
}

# Build core, alloc and compiler_builtins for wasm from Debian's sources, and install them into the
# library directory of Debian's compiler.
build_debian_core() {
	local work sysroot libs
	sysroot=$(/usr/bin/rustc --print sysroot)
	libs=$sysroot/lib/rustlib/$WASM/lib
	work=$CACHE/wasm-core
	rm -rf "$work"
	mkdir -p "$work/src"
	printf '%s\n' '[package]' 'name = "wasm-core"' 'version = "0.0.0"' 'edition = "2021"' \
		'[workspace]' > "$work/Cargo.toml"
	printf '#![no_std]\n' > "$work/src/lib.rs"
	say "building core and alloc for wasm from Debian's sources (about half a minute)"
	# The link-time optimization of the runtime needs the ".llvmbc" section of embedded bitcode.
	(
		cd "$work"
		quietly env -u RUSTUP_TOOLCHAIN -u RUSTC_WRAPPER -u CARGO_BUILD_TARGET \
			CARGO_TARGET_DIR="$work/target" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
			RUSTFLAGS=-Cembed-bitcode=yes \
			/usr/bin/cargo build --release -Zbuild-std=core,alloc --target $WASM
	) || return 1
	as_root mkdir -p "$libs"
	as_root rm -f "$libs"/libcore-*.rlib "$libs"/liballoc-*.rlib "$libs"/libcompiler_builtins-*.rlib
	as_root cp "$work/target/$WASM/release/deps"/lib{core,alloc,compiler_builtins}-*.rlib "$libs/"
	rm -rf "$work"
	# Objects that were compiled against another core do not link with this one.
	rm -rf "${CARGO_TARGET_DIR:-$CACHE/target}"/*/wbuild
}

debian_route() {
	local sysroot lld host
	say "Debian's compiler for the wasm of the runtime. Changes on this machine, where missing:"
	say "  - packages rustc-web cargo-web rust-web-src lld-22"
	say "  - rust-lld and the libraries of $WASM in the library directory of /usr/bin/rustc"
	say "  - a toolchain named debian in rustup, linked to /usr"
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
	rustup toolchain list | grep '^debian\b' > /dev/null ||
		quietly rustup toolchain link debian "$sysroot" || return 1
	write_env "export WASM_BUILD_TOOLCHAIN=debian"
	say "wasm target: Debian's, for $(/usr/bin/rustc --version)"
}

# ---------------------------------------------------------------- the plan

e2e_lock=e2e/node_modules/.package-lock.json
e2e_is_current() { [ -e "$e2e_lock" ] && [ ! e2e/package-lock.json -nt "$e2e_lock" ]; }
tools_are_current() { cmp -s scripts/tools.txt "$TOOLS/installed.txt"; }
# library_is_current NAME
library_is_current() { cmp -s "$PYTHON/$1.txt" "$CACHE/clients/$1/installed.txt"; }
# install_wheels DIRECTORY FILE: an environment with the wheels that the file pins.
install_wheels() {
	rm -rf "$1"
	quietly python3 -m venv "$1" &&
		quietly "$1/bin/pip" install --disable-pip-version-check --no-deps \
			--only-binary :all: --require-hashes -r "$2"
}
components_missing() {
	! { cargo clippy --version && cargo fmt --version; } > /dev/null 2>&1
}
# Succeed if the route of an earlier run still works, or if rustup's toolchain has the target.
wasm_is_ready() {
	case ${SURETY_WASM_ROUTE:-any}:$(cat "$CACHE/env" 2> /dev/null) in
		debian:*TOOLCHAIN=debian* | any:*TOOLCHAIN=debian*) probe_wasm /usr/bin/rustc ;;
		debian:*) return 1 ;;
		*) probe_wasm rustc && write_env "unset WASM_BUILD_TOOLCHAIN" ;;
	esac
}

plan=()
mapfile -t missing < <(missing_packages "${packages[@]}")
[ ${#missing[@]} -eq 0 ] || plan+=("system packages, with apt-get: ${missing[*]}")
wasm_ready=yes
wasm_is_ready || wasm_ready=no
[ $wasm_ready = yes ] ||
	plan+=("target $WASM in rustup's toolchain (or, failing that, Debian's compiler)")
e2e_is_current || plan+=("npm packages in e2e/node_modules (polkadot.js, hardhat and the linters)")
if has_tools; then
	components_missing && plan+=("clippy and rustfmt of rustup's toolchain")
	tools_are_current || plan+=("${TOOL_NAMES[*]} of scripts/tools.txt, in $TOOLS")
fi
if [ "$mode" = clients ]; then
	for library in "${LIBRARIES[@]}"; do
		library_is_current "$library" ||
			plan+=("$library of $PYTHON/$library.txt, in $CACHE/clients/$library")
	done
	have zombie-cli || plan+=("zombie-cli, with cargo (about 20 minutes on 2 cores)")
fi
if [ ${#plan[@]} -eq 0 ]; then
	say "nothing to install"
	exit 0
fi
say "changes on this machine:"
for step in "${plan[@]}"; do say "  - $step"; done

# ---------------------------------------------------------------- the changes

apt_install "${packages[@]}" || fail "system packages are missing" \
	"Read the lines above (all of them: $LOG), repair that, then run this again."

if [ $wasm_ready = no ]; then
	case ${SURETY_WASM_ROUTE:-any} in
		rustup) routes=(rustup_route) ;;
		debian) routes=(debian_route) ;;
		any) routes=(rustup_route debian_route) ;;
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
		"The attempts are in $LOG. Then run this again."
fi

if ! e2e_is_current; then
	say "installing the npm packages of e2e/"
	(cd e2e && quietly npm ci --no-progress) || fail "npm could not install the packages of e2e/" \
		"Read $LOG; npm needs a registry that it can reach. Then run this again."
	touch "$e2e_lock"
fi

if has_tools; then
	if components_missing; then
		say "adding clippy and rustfmt with rustup"
		quietly rustup component add clippy rustfmt ||
			fail "rustup could not add clippy and rustfmt" "Read $LOG."
	fi
	if ! tools_are_current; then
		say "installing ${TOOL_NAMES[*]}"
		rm -rf "$TOOLS"
		mkdir -p "$TOOLS/bin"
		install_wheels "$TOOLS/venv" scripts/tools.txt ||
			fail "pip could not install the tools of scripts/tools.txt" "Read $LOG. Then run this again."
		# Links only to the tools: the environment's python and pip stay out of the path.
		for tool in "${TOOL_NAMES[@]}"; do
			[ ! -x "$TOOLS/venv/bin/$tool" ] || ln -s "../venv/bin/$tool" "$TOOLS/bin/$tool"
		done
		cp scripts/tools.txt "$TOOLS/installed.txt"
	fi
fi

if [ "$mode" = clients ]; then
	for library in "${LIBRARIES[@]}"; do
		if library_is_current "$library"; then continue; fi
		say "installing $library"
		install_wheels "$CACHE/clients/$library" "$PYTHON/$library.txt" ||
			fail "pip could not install $library" "Read $LOG. Then run this again."
		cp "$PYTHON/$library.txt" "$CACHE/clients/$library/installed.txt"
	done
	if ! have zombie-cli; then
		say "building zombie-cli (about 20 minutes)"
		CARGO_TARGET_DIR=$CACHE/target-zombienet quietly \
			cargo install --locked --version "^$ZOMBIE_VERSION" zombie-cli ||
			fail "cargo could not install zombie-cli" "Read $LOG. Then run this again."
		rm -rf "$CACHE/target-zombienet"
	fi
fi

say "done"
