#!/usr/bin/env bash
# Every Rust test, the whole service and the browser among them. Arguments go to the runner.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT"
PATH=$CACHE/venv/bin:$PATH exec cargo nextest run --locked --workspace --no-fail-fast "$@" </dev/null
