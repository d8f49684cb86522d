#!/usr/bin/env bash
# The test runner. Any version from this one on will do.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
want=0.9.143

if have cargo-nextest; then
    found=$(cargo-nextest nextest --version | head -n 1 | cut -d ' ' -f 2)
    at_least "$found" "$want" && exit 0
    say "cargo-nextest $found is older than $want"
fi
say "building cargo-nextest $want (some minutes, once)"
cargo install --locked --quiet "cargo-nextest@$want" </dev/null
