# Surety. `make` lists the targets.
#
# All caches are outside the clone, so that a fresh clone on a warm machine builds fast. This file
# is the one place that names them; the scripts take them from the environment.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export SURETY_CACHE ?= $(HOME)/.cache/surety
export CARGO_TARGET_DIR ?= $(SURETY_CACHE)/target
export SURETY_NODE ?= $(CARGO_TARGET_DIR)/testnet/surety-node
export SURETY_GATEWAY ?= $(CARGO_TARGET_DIR)/testnet/surety-gateway
export SURETY_PROVIDER ?= $(CARGO_TARGET_DIR)/testnet/surety-provider
# Of `build` and of `next-runtime`: an upgrade goes from one to the other.
WASM = $(call wasm_of,surety-runtime)
wasm_of = wbuild/$(1)/$(subst -,_,$(1)).compact.compressed.wasm
export SURETY_RUNTIME ?= $(CARGO_TARGET_DIR)/testnet/$(WASM)
export SURETY_NEXT_RUNTIME ?= $(CARGO_TARGET_DIR)/next-runtime/release/$(WASM)
export PATH := $(SURETY_CACHE)/tools/bin:$(PATH)

# Findings of `make setup` about this machine.
IN_ENV = . "$(SURETY_CACHE)/env"
# Node, gateway, tests and benchmarks are one build, always with the test targets. Another selection
# enables other features of shared dependencies, and hundreds of crates are built twice.
CARGO_SET = $(PACKAGES) --bins --tests
PACKAGES = --workspace --exclude $(TEMPLATE)
# Only `bench` builds this one, for its wasm.
TEMPLATE = surety-template-runtime
# Lints and docs cover the benchmarks and the try-runtime checks, which the node does not contain.
# Both need only metadata of the dependencies, and the profile shares build scripts and macros with
# the build.
CHECK_SET = --profile testnet --workspace --features runtime-benchmarks,try-runtime
# Benchmarks as tests need code of the pallets' dependencies with these features, but not of the
# node's. The runtime stays out: its build dependency wasm-opt is a long build of C++.
BENCHMARKED = $(shell grep -l impl_benchmark_test_suite pallets/*/src/benchmarking.rs | cut -d/ -f2)
BENCHMARK_SET = $(BENCHMARKED:%=-p pallet-surety-%) --features runtime-benchmarks,try-runtime

.PHONY: help setup setup-checks setup-provider setup-clients build next-runtime run demo test \
	test-rust test-provider fuzz test-doc test-benchmarks test-ops test-staking test-upgrade \
	test-faults test-clients test-e2e lint lint-quick lint-format lint-headers lint-rust lint-deps \
	lint-scripts lint-e2e doc ci advisories fmt bench bench-gateway weights chain-specs fixtures \
	packages wasm zombienet clean

help: ## list the targets
	@printf 'Surety: a chain that enforces service agreements. Targets:\n\n'
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| while IFS='|' read -r name text; do printf '  make %-16s %s\n' "$$name" "$$text"; done

setup: ## list what the build lacks on this machine, then install it
	@scripts/setup.sh build

setup-checks: ## the same for the tools of lint and test-rust (cargo-deny, nextest, ...)
	@scripts/setup.sh checks

setup-provider: ## the same for test-provider (dockerd, wireguard-go, ...)
	@scripts/setup.sh provider

setup-clients: ## the same for test-clients (libraries of Python, zombie-cli)
	@scripts/setup.sh clients

build: setup ## build node, gateway and provider, optimized, with debug assertions in this workspace's crates
	@$(IN_ENV); cargo build --profile testnet $(CARGO_SET)
	@printf '\nbuilt: %s\n' "$(SURETY_NODE)" "$(SURETY_GATEWAY)" "$(SURETY_PROVIDER)"

next-runtime: setup ## the runtime as an upgrade of itself: the next version, with the metadata hash (prints its path)
	@$(IN_ENV); scripts/next-runtime.sh

run: build ## start a single-validator dev node that forgets everything (ARGS="..." adds flags)
	@"$(SURETY_NODE)" --dev $(ARGS)

SCENE ?= outage
demo: build $(if $(filter governance,$(SCENE)),next-runtime) ## four validators, live: an outage is credited (SCENE=compute, gateway, governance, provider)
	@node e2e/demo.mjs --scene "$(SCENE)" $(ARGS)

test: test-rust test-doc test-benchmarks test-ops test-e2e ## all tests

# Tests that change the machine: container engines, tunnels, model servers, nodes beside them.
ON_MACHINE = kind(test) and package(/^surety-(engine|provider|vpn)$$/)

# nextest runs the union of several filters, so that those of users are joined to ours.
FILTER ?= all()
test-rust: setup-checks ## unit, property and runtime tests (ARGS="NAME" or FILTER="package(CRATE)" picks some)
	@$(IN_ENV); cargo nextest run --cargo-profile testnet $(CARGO_SET) --no-fail-fast \
		-E '($(FILTER)) and not ($(ON_MACHINE))' $(ARGS)

test-provider: build setup-provider ## containers, VPN and models for real, one by one (root)
	@$(IN_ENV); cargo nextest run --cargo-profile testnet $(CARGO_SET) --no-fail-fast \
		-j 1 -E '($(FILTER)) and $(ON_MACHINE)' $(ARGS)

# Calls of `make fuzz`, and the seed that it begins with.
fuzz: export FUZZ_CALLS ?= 1000000
fuzz: export FUZZ_SEED ?= 1000
fuzz: setup-checks ## random calls against the runtime (FUZZ_CALLS, FUZZ_SEED; ARGS="..." for nextest)
	@$(IN_ENV); cargo nextest run --cargo-profile testnet $(CARGO_SET) --no-capture \
		-E 'test(random_calls_from_every_origin)' $(ARGS)

test-doc: setup ## examples in the documentation
	@$(IN_ENV); cargo test --profile testnet $(PACKAGES) --doc

test-benchmarks: setup-checks ## benchmarks as tests on the mocks, at the ends of each parameter
	@$(IN_ENV); SKIP_WASM_BUILD=1 VALUES_PER_COMPONENT=2 cargo nextest run --cargo-profile checks \
		--lib $(BENCHMARK_SET) --no-fail-fast benchmarking::

test-ops: setup-checks lint-scripts ## alerts, dashboard, systemd units, scripts of the packages
	@scripts/test-ops.sh

SUBJECT ?=
test-e2e: export SUBJECT := $(SUBJECT)
test-e2e: build ## scenarios and hostile endpoints, on a live network (SUBJECT=leases picks some)
	@cd e2e && npm run --silent $(if $(SUBJECT),test:live,test)

test-staking: build ## the way into the validator set and out of it, live (20 minutes)
	@cd e2e && npm run --silent test:staking

test-upgrade: build next-runtime ## a market goes through two upgrades, live; the first from a fixed validator set (20 minutes)
	@$(IN_ENV); SURETY_LIVE_STATE=$$(SKIP_WASM_BUILD=1 scripts/test-binary.sh live_state --profile testnet \
			$(PACKAGES) --test live_state --features try-runtime); \
		export SURETY_LIVE_STATE; cd e2e && npm run --silent test:upgrade

CLIENT ?=
test-clients: export CLIENT := $(CLIENT)
test-clients: build setup-clients ## polkadot.js, PAPI, smoldot, subxt, Python, zombie-cli (10 minutes; CLIENT=papi picks some)
	@cd e2e && npm run --silent test:clients
	@$(if $(CLIENT),,scripts/zombienet.sh)

FAULT ?=
test-faults: export FAULT := $(FAULT)
test-faults: build ## validators killed, cut off, with wrong clocks, full disks and load, live (30 minutes, root; FAULT=disk picks some)
	@cd e2e && npm run --silent test:faults

lint: lint-quick lint-rust ## all static checks

lint-quick: lint-format lint-headers lint-scripts lint-deps lint-e2e ## those that compile nothing

lint-format: setup-checks ## formatting of Rust code and manifests
	@cargo fmt --all -- --check
	@RUST_LOG=warn taplo fmt --check

# Files that carry the licence of this repository on their first lines.
SOURCES = '*.rs' '*.mjs' '*.cjs' '*.ts' '*.py' '*.sh' .ci/run

lint-headers: ## licence header of every source file
	@git ls-files -- $(SOURCES) | while read -r file; do \
		sed -n 1,3p "$$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$$file"; \
	done | { ! grep --color=never . || { echo "these files have no licence header"; exit 1; }; }

lint-rust: setup-checks ## clippy on all targets, with benchmarks and try-runtime checks
	@$(IN_ENV); SKIP_WASM_BUILD=1 cargo clippy $(CHECK_SET) --all-targets -- -D warnings

lint-deps: setup-checks ## licences, banned crates and sources of the dependencies
	@cargo deny --all-features check --allow parse-error --hide-inclusion-graph bans licenses sources

lint-scripts: setup-checks ## shell scripts
	@shellcheck scripts/*.sh chain-specs/*.sh .ci/run ops/debian/check-config ops/debian/*/p*

lint-e2e: setup ## formatting, lints and types of the end-to-end tests
	@cd e2e && npm run --silent lint

doc: setup ## documentation of this workspace, into the target directory; warnings fail
	@$(IN_ENV); SKIP_WASM_BUILD=1 RUSTDOCFLAGS="-D warnings" cargo doc $(CHECK_SET) --no-deps

ci: lint doc test ## all that .ci/run and the workflow run

advisories: setup-checks ## known vulnerabilities of the dependencies (fetches a database)
	@cargo deny --all-features check advisories

fmt: setup-checks ## format Rust code, manifests and the end-to-end tests
	@cargo fmt --all
	@RUST_LOG=warn taplo fmt
	@cd e2e && npm run --silent format

bench: PACKAGES = --workspace
bench: setup ## block times at scale on ParityDB, as tables (hours; ARGS="..." adds flags)
	@$(IN_ENV); cargo build --profile testnet $(CARGO_SET)
	@"$(CARGO_TARGET_DIR)/testnet/surety-bench" $(ARGS) \
		--template "$(CARGO_TARGET_DIR)/testnet/$(call wasm_of,$(TEMPLATE))"

bench-gateway: setup ## the gateway beside nginx: rates, faults, subscribers (half an hour; ARGS="...")
	@$(IN_ENV); cargo build --release -p surety-gateway -p surety-load
	@SURETY_GATEWAY=$(CARGO_TARGET_DIR)/release/surety-gateway node e2e/bench-gateway.mjs $(ARGS)

weights: setup ## measure all weights and write them (long; ARGS="pallet ..." picks some)
	@$(IN_ENV); scripts/weights.sh $(ARGS)

chain-specs: build ## chain specs and the templates of staging and mainnet into chain-specs/
	@chain-specs/generate.sh

fixtures: setup ## the networks of earlier commits that tests upgrade, into e2e/fixtures (half an hour)
	@$(IN_ENV); CARGO_TARGET_DIR="$(SURETY_CACHE)/fixtures" scripts/fixtures.sh

packages: setup ## Debian packages of node, gateway and provider, production builds (an hour; installs cargo-deb)
	@$(IN_ENV); scripts/packages.sh

wasm: setup ## the runtime for a release, built twice from HEAD and compared; prints the hash to vote on
	@$(IN_ENV); scripts/wasm.sh

zombienet: build setup-clients ## zombienet/local.toml until it finalizes (first builds zombie-cli: half an hour)
	@scripts/zombienet.sh

clean: ## remove build products and the npm packages of e2e/ (not the cache's tools)
	@rm -rf "$(CARGO_TARGET_DIR)" e2e/node_modules
