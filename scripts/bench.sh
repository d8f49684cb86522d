#!/usr/bin/env bash
# Measures HTTP, admission and metering against the bare engine and writes docs/performance.md.
source "$(dirname "${BASH_SOURCE[0]}")/setup/lib.sh"
cd "$ROOT"
cargo build --locked --workspace --bins
exec "${CARGO_TARGET_DIR:-$CACHE/target}/debug/bench" "$@"
