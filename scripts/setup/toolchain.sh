#!/usr/bin/env bash
# The two things a newcomer brings: a Rust toolchain and Node. They are checked, never installed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
want_rust=1.95.0
want_node=20.19.0
problems=()

if ! have cargo || ! have rustc; then
    problems+=("Rust $want_rust or newer (cargo and rustc are not on the PATH)")
else
    rust=$(rustc --version | cut -d ' ' -f 2 | cut -d - -f 1)
    at_least "$rust" "$want_rust" || problems+=("Rust $want_rust or newer (found $rust)")
fi
if ! have node || ! have npm; then
    problems+=("Node $want_node or newer with npm (node and npm are not both on the PATH)")
else
    node=$(node --version | sed 's/^v//')
    at_least "$node" "$want_node" || problems+=("Node $want_node or newer (found $node)")
fi
if [ ${#problems[@]} -gt 0 ]; then
    printf 'setup: install first:\n' >&2
    printf '  - %s\n' "${problems[@]}" >&2
    exit 1
fi
