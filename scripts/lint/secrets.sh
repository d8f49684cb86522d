#!/usr/bin/env bash
# Looks for credentials in committed files: private keys and the tokens of services whose form is known, ours among them.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT"
patterns=(
    '-----BEGIN [A-Z ]*PRIVATE KEY-----'
    '(^|[^A-Za-z0-9])(AKIA|ASIA)[A-Z0-9]{16}([^A-Za-z0-9]|$)'
    '(sk|rk|whsec)_live_[A-Za-z0-9]{16,}'
    'gh[pousr]_[A-Za-z0-9]{36}'
    'xox[abprs]-[A-Za-z0-9-]{20,}'
    'postgres(ql)?://[^ :/@]+:[^ @"{}<>$*]{12,}@[^ ]*\.[a-z]{2,}'
)
arguments=()
for pattern in "${patterns[@]}"; do arguments+=(-e "$pattern"); done
if git grep -nIE "${arguments[@]}" -- ':!scripts/lint/secrets.sh' ':!*package-lock.json'; then
    die "these look like credentials: take them out, and replace them where they were valid"
fi
