#!/usr/bin/env bash
# Builds the web app into console/dist, which the program embeds; only when its sources changed.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
"$ROOT/scripts/console/install.sh"
cd "$ROOT/console"
wanted=$(hash_of console)
stamped node_modules/.agentdb-built "$wanted" && [ -f dist/index.html ] && exit 0
say "building the console"
npm run --silent build </dev/null
stamp node_modules/.agentdb-built "$wanted"
