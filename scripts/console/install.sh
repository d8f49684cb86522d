#!/usr/bin/env bash
# The console's packages, exactly as locked; only when the lock changed.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT/console"
wanted=$(hash_of console/package.json console/package-lock.json)
stamped node_modules/.agentdb-stamp "$wanted" && exit 0
say "installing the console's packages"
npm ci --no-audit --no-fund --loglevel=error </dev/null
stamp node_modules/.agentdb-stamp "$wanted"
