# Everything a developer types. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One build directory outside the checkout: every clone on a machine shares the compiled dependencies.
export AGENTDB_CACHE ?= $(HOME)/.cache/agentdb
export CARGO_TARGET_DIR ?= $(AGENTDB_CACHE)/target

AGENTDB := $(CARGO_TARGET_DIR)/debug/agentdb
# Options for the program: make run ARGS="--listen 127.0.0.1:9000"
ARGS ?=
# What `make simulate` runs.
SEEDS ?= 2000
FIRST ?= 1

# Always the whole workspace: a single package would be built with fewer features of the shared
# dependencies, and the next command would compile all of them again.
BUILD := cargo build --locked --workspace

.PHONY: help setup run test simulate demo bench neighbour peers texts lint openapi sqlx console fmt

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what is missing on this machine (does nothing the second time)
	@scripts/setup/all.sh test

run: ## Set up, build and serve everything on http://127.0.0.1:8080
	@scripts/setup/all.sh run
	@scripts/console/build.sh
	@$(BUILD) --bins
	@exec $(AGENTDB) up $(ARGS)

test: ## Set up, build and run every test (ends with the test runner's summary)
	@scripts/setup/all.sh test
	@scripts/console/check.sh
	@scripts/console/build.sh
	@$(BUILD) --bins --tests
	@scripts/check/openapi.sh
	@scripts/check/nextest.sh

simulate: ## Run the engine's simulation for long (SEEDS=2000, FIRST=1: seeds and the first of them)
	@scripts/setup/all.sh test
	@SIM_SEEDS=$(SEEDS) SIM_FIRST=$(FIRST) scripts/check/simulate.sh

demo: ## Real text, real questions, real bill (ARGS="--store s3" for the other object store)
	@scripts/setup/all.sh test
	@scripts/console/build.sh
	@$(BUILD) --bins
	@exec $(CARGO_TARGET_DIR)/debug/demo $(ARGS)

bench: ## Measure the HTTP path against the bare engine
	@scripts/setup/all.sh test
	@scripts/console/build.sh
	@$(BUILD) --bins
	@exec $(CARGO_TARGET_DIR)/debug/bench $(ARGS)

neighbour: ## Measure what a busy organisation does to another, how exactly rates bind, and refusals of keys
	@scripts/setup/all.sh test
	@scripts/console/build.sh
	@$(BUILD) --bins
	@$(CARGO_TARGET_DIR)/debug/bench neighbour $(ARGS)
	@$(CARGO_TARGET_DIR)/debug/bench limits --seconds 60 $(ARGS)
	@exec $(CARGO_TARGET_DIR)/debug/bench keys $(ARGS)

peers: ## Measure beside hnsw_rs, LanceDB, Chroma and pgvector (ARGS="--vectors 1000000" for the long form)
	@scripts/setup/all.sh test
	@scripts/setup/peers.sh
	@scripts/console/build.sh
	@$(BUILD) --bins
	@exec $(CARGO_TARGET_DIR)/debug/bench peers $(ARGS)

texts: ## Measure full text in English, Chinese and Japanese on labelled pages
	@scripts/setup/all.sh test
	@$(BUILD) --bins
	@exec $(CARGO_TARGET_DIR)/debug/bench texts

lint: ## Formatting, clippy, dependencies, Dockerfile, shell, console, secrets
	@scripts/setup/all.sh test
	@scripts/lint/all.sh

fmt: ## Format the Rust code
	@cargo fmt --all

openapi: ## Regenerate docs/openapi.json and the console's client
	@scripts/console/build.sh
	@$(BUILD) --bins
	@scripts/openapi.sh

sqlx: ## Regenerate the checked descriptions of the SQL queries
	@scripts/setup/all.sh run
	@scripts/sqlx.sh

console: ## Build the web app that the program embeds
	@scripts/setup/all.sh run
	@scripts/console/build.sh
