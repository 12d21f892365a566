# Surety. `make` says what there is.
#
# The cargo target dir is outside the clone, so that a fresh clone on a warm machine builds fast:
# $HOME/.cache/surety/target unless CARGO_TARGET_DIR says otherwise.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export SURETY_CACHE ?= $(HOME)/.cache/surety
export CARGO_TARGET_DIR ?= $(SURETY_CACHE)/target
export SURETY_NODE ?= $(CARGO_TARGET_DIR)/release/surety-node

# What setup found out about this machine; the target `setup` writes it.
IN_ENV = . "$(SURETY_CACHE)/env"
# One feature set for everything, or hundreds of crates are built twice: always the whole workspace,
# and always with the test targets, whose dev-dependencies take part in it.
CARGO_SET = --release --workspace --bins --tests
# Formats manifests. Where it is not installed, npm brings it (one package).
TAPLO = $(shell command -v taplo || echo npx --yes --loglevel=error @taplo/cli@0.7.0)

.PHONY: help setup build run demo test test-rust test-e2e lint fmt bench weights chain-specs zombienet clean

help: ## this list
	@printf 'Surety: a chain that enforces service agreements. Targets:\n\n'
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: ## system packages, wasm target, npm packages (safe to repeat)
	@scripts/setup.sh

build: setup ## build the node, optimized
	@$(IN_ENV); cargo build $(CARGO_SET)
	@printf '\nbuilt: %s\n' "$(SURETY_NODE)"

run: build ## start a single-validator dev node that forgets everything (ARGS="..." adds flags)
	@"$(SURETY_NODE)" --dev $(ARGS)

SCENE ?= outage
demo: build ## live on four validators: an outage is found, paid and forgiven; SCENE=compute: a lease outlives its machine
	@node e2e/demo.mjs --scene "$(SCENE)" $(ARGS)

test: test-rust test-e2e ## all tests

test-rust: setup ## unit and property tests of every crate
	@$(IN_ENV); cargo build $(CARGO_SET)
	@$(IN_ENV); if cargo nextest --version > /dev/null 2>&1; then \
		cargo nextest run $(CARGO_SET) --no-fail-fast; \
	else \
		cargo test $(CARGO_SET) --no-fail-fast; \
	fi

test-e2e: build ## the story and the hostile endpoints against a live local network
	@cd e2e && npm test --silent

lint: setup ## formatting, clippy, manifests, scripts
	@cargo fmt --all -- --check
	@$(IN_ENV); SKIP_WASM_BUILD=1 cargo clippy --release --workspace --all-targets -- -D warnings
	@RUST_LOG=warn $(TAPLO) fmt --check
	@if command -v shellcheck > /dev/null; then shellcheck scripts/*.sh chain-specs/*.sh .ci/run; \
		else echo "shellcheck is not installed: scripts not checked"; fi

fmt: ## format Rust code and manifests
	@cargo fmt --all
	@RUST_LOG=warn $(TAPLO) fmt

bench: setup ## block times at up to 100k services, 32k due in a round, 100k orders and 1M leases, on ParityDB, as tables (long; ARGS="..." adds flags)
	@$(IN_ENV); cargo build $(CARGO_SET)
	@"$(CARGO_TARGET_DIR)/release/surety-bench" $(ARGS)

weights: setup ## measure all weights on this machine and write them (long; ARGS="pallet ..." picks some)
	@$(IN_ENV); scripts/weights.sh $(ARGS)

chain-specs: build ## plain and raw chain specs of development, local and staging into chain-specs/
	@chain-specs/generate.sh

zombienet: build ## bring up zombienet/local.toml and wait for finality (installs zombie-cli once, 8 minutes)
	@scripts/zombienet.sh

clean: ## remove build products and the packages of e2e/ (not the cache dir's toolchain)
	@rm -rf "$(CARGO_TARGET_DIR)" e2e/node_modules
