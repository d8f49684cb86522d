#!/usr/bin/env bash
# Regenerates docs/openapi.json from the program and the console's client from that file.
source "$(dirname "${BASH_SOURCE[0]}")/setup/lib.sh"
"${CARGO_TARGET_DIR:-$CACHE/target}/debug/agentdb" openapi >"$ROOT/docs/openapi.json.new"
mv "$ROOT/docs/openapi.json.new" "$ROOT/docs/openapi.json"
"$ROOT/scripts/console/install.sh"
cd "$ROOT/console"
npm run --silent generate </dev/null
