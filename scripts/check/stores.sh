#!/usr/bin/env bash
# The engine's suites on a directory and on a real S3 server. Arguments name the stores; both without any.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT"
export PATH=$CACHE/venv/bin:$PATH

# Not the simulation, and not what brings stores of its own.
SUITES='package(agentdb-data-plane-engine) & binary(engine) - test(/^simulation::/) - test(/^stores::/) - test(/^python::/)'

suites_on() {
    AGENTDB_TEST_STORE=$1 cargo nextest run --locked --workspace --no-fail-fast -E "$SUITES" </dev/null
}

suites_on_s3() {
    dir=$(mktemp -d)
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (
        cd "$dir"
        export BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" SERVICES=s3,sts,iam S3_PERSIST=0
        exec ministack >"$dir/log" 2>&1
    ) &
    server=$!
    trap 'kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
    for _ in $(seq 200); do
        ! curl --silent --fail --output /dev/null -X PUT "http://127.0.0.1:$port/suites" || break
        sleep 0.1
    done
    suites_on "http://127.0.0.1:$port"
}

[ $# -gt 0 ] || set -- directory s3
for store; do
    case $store in
        directory) suites_on directory ;;
        s3) suites_on_s3 ;;
        *) die "no such store: $store" ;;
    esac
done
