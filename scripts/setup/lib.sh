# shellcheck shell=bash
# Shared by the set-up scripts; sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${AGENTDB_CACHE:-$HOME/.cache/agentdb}
export ROOT CACHE
mkdir -p "$CACHE"

# A TMPDIR that does not exist makes half of the tools below fail in ways that do not name it.
if [ -n "${TMPDIR:-}" ] && ! { [ -d "$TMPDIR" ] && [ -w "$TMPDIR" ]; }; then
    echo "setup: TMPDIR=$TMPDIR is not a writable directory; using /tmp instead" >&2
    export TMPDIR=/tmp
fi

say() { printf 'setup: %s\n' "$*"; }

die() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least HAVE WANT: is the dotted version HAVE the same as WANT or newer?
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# hash_of PATH...: one digest of the names and contents of all files under the paths that are not ignored. A file that git
# knows and that was deleted has no part in it.
hash_of() {
    (
        cd "$ROOT"
        if git rev-parse --git-dir >/dev/null 2>&1; then
            git ls-files -z --cached --others --exclude-standard --deduplicate -- "$@"
        else
            find "$@" \( -name node_modules -o -name dist -o -name '*.tsbuildinfo' \) -prune -o -type f -print0
        fi | LC_ALL=C sort -z | while IFS= read -r -d '' file; do
            if [ -f "$file" ]; then printf '%s\0' "$file"; fi
        done | xargs -0 -r sha256sum | sha256sum | cut -d ' ' -f 1
    )
}

# stamped STAMP DIGEST: was this digest recorded by the last successful run?
stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

stamp() {
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1.new"
    mv "$1.new" "$1"
}
