#!/usr/bin/env bash
# The engine's simulation with SIM_SEEDS seeds from SIM_FIRST on; prints what happened, and each seed that failed.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT"

exec cargo nextest run --locked --workspace --profile nightly --no-capture -E 'test(/^simulation::nothing/)' </dev/null
