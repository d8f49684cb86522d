#!/usr/bin/env bash
# Fails when the committed API description, or the console's client generated from it, is not what the code says.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${CARGO_TARGET_DIR:-$CACHE/target}/debug/agentdb" openapi >"$work/openapi.json"
diff -u "$ROOT/docs/openapi.json" "$work/openapi.json" >"$work/diff" || {
    head -n 60 "$work/diff" >&2
    die "docs/openapi.json is not what the code says: run 'make openapi' and commit the result"
}
"$ROOT/scripts/console/install.sh"
cd "$ROOT/console"
client=src/generated/openapi.d.ts
npm run --silent generate -- --output "$work/openapi.d.ts" </dev/null >/dev/null
diff -u "$client" "$work/openapi.d.ts" >"$work/diff" || {
    head -n 60 "$work/diff" >&2
    die "console/$client is not what docs/openapi.json says: run 'make openapi' and commit the result"
}
