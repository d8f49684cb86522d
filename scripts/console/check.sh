#!/usr/bin/env bash
# Lint, types and unit tests of the console; only when its sources changed since they last passed.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
"$ROOT/scripts/console/install.sh"
cd "$ROOT/console"
wanted=$(hash_of console)
stamped node_modules/.agentdb-checked "$wanted" && [ -z "${CI:-}" ] && exit 0
npm run --silent lint </dev/null
npm run --silent test </dev/null
stamp node_modules/.agentdb-checked "$wanted"
