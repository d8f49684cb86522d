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
    # An API key: 26 characters of the id, 64 hex digits of the secret, 8 of the checksum.
    'adb_[0-9A-Za-z]{26}_[0-9a-f]{72}'
    'postgres(ql)?://[^ :/@]+:[^ @"{}<>$*]{12,}@[^ ]*\.[a-z]{2,}'
)
arguments=()
for pattern in "${patterns[@]}"; do arguments+=(-e "$pattern"); done
found=0
git grep -nIE "${arguments[@]}" -- ':!scripts/lint/secrets.sh' ':!*package-lock.json' || found=$?
case $found in
    0) die "these look like credentials: take them out, and replace them where they were valid" ;;
    # Nothing was found; only this is clean.
    1) ;;
    *) die "the repository could not be searched (git grep ended with $found)" ;;
esac
