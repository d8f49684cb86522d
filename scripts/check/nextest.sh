#!/usr/bin/env bash
# Every Rust test, the whole service and the browser among them. Arguments go to the runner.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT"
export PATH=$CACHE/venv/bin:$PATH

# The simulation must notice wrong engines, which exist only under this feature.
cargo nextest run --locked -p agentdb-data-plane-engine --features planted-bugs --test engine -E 'test(planted)' </dev/null

# The engine's suites in memory are part of the run below.
scripts/check/stores.sh directory s3

exec cargo nextest run --locked --workspace --no-fail-fast "$@" </dev/null
