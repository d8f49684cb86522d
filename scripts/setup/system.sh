#!/usr/bin/env bash
# system.sh run|test: programs of the operating system. On Debian what is missing is installed with apt; elsewhere the
# list is printed and nothing is touched.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
purpose=${1:-run}
want_postgresql=15

# Prints the newest PostgreSQL server version that `agentdb up` would find.
postgresql_version() {
    local bin
    for bin in $(command -v postgres || true) /usr/lib/postgresql/*/bin/postgres; do
        if [ -x "$bin" ] && [ -x "$(dirname "$(readlink -f "$bin")")/initdb" ]; then
            "$bin" --version | grep -oE '[0-9]+' | head -n 1
        fi
    done | sort -n | tail -n 1
}

missing=()
have cc || missing+=(gcc libc6-dev)
have make || missing+=(make)
have mold || missing+=(mold)
have protoc || missing+=(protobuf-compiler)
# protoc's own well-known types are a package of their own on Debian.
[ -f /usr/include/google/protobuf/any.proto ] || [ -f /usr/local/include/google/protobuf/any.proto ] ||
    missing+=(libprotobuf-dev)
version=$(postgresql_version)
[ "${version:-0}" -ge "$want_postgresql" ] || missing+=(postgresql)
# The model weights come inside a Python package.
have python3 || missing+=(python3)
if ! have python3 || ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
    missing+=(python3-venv)
fi
if [ "$purpose" = test ]; then
    have chromium || missing+=(chromium fonts-liberation)
    have shellcheck || missing+=(shellcheck)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! have apt-get || [ ! -f /etc/debian_version ]; then
    printf 'setup: this machine lacks what Debian calls:\n' >&2
    printf '  - %s\n' "${missing[@]}" >&2
    die "install these with your system's package manager (PostgreSQL $want_postgresql or newer), then run this again"
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    have sudo || die "not root and no sudo: run 'apt-get install ${missing[*]}' as root, then run this again"
    as_root=(sudo)
fi
say "installing Debian packages: ${missing[*]}"
log=$CACHE/apt.log
apt() {
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null >>"$log" 2>&1; then
        tail -n 20 "$log" >&2
        die "apt-get $1 failed; the whole log is $log"
    fi
}
: >"$log"
apt update
if [[ " ${missing[*]} " == *" postgresql "* ]] && ! have pg_conftool; then
    # The service starts a private PostgreSQL of its own; the cluster that Debian would start beside it is not wanted.
    apt install -y --no-install-recommends postgresql-common
    "${as_root[@]}" pg_conftool /etc/postgresql-common/createcluster.conf set create_main_cluster false
fi
apt install -y --no-install-recommends "${missing[@]}"
version=$(postgresql_version)
[ "${version:-0}" -ge "$want_postgresql" ] ||
    die "PostgreSQL $want_postgresql or newer is needed; this release of Debian has ${version:-none}"
