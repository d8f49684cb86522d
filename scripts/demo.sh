#!/usr/bin/env bash
# Real text, real questions, real bill. Without AGENTDB_URL the demo starts a service of its own and ends it.
source "$(dirname "${BASH_SOURCE[0]}")/setup/lib.sh"
exec "${CARGO_TARGET_DIR:-$CACHE/target}/debug/demo" "$@"
