#!/usr/bin/env bash
# The engine's suites on a directory and on a real S3 server. Arguments name the stores (both without any).
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT"
export PATH=$CACHE/venv/bin:$PATH

# Not the simulation and what else brings stores of its own, nor what measures.
suites='package(agentdb-data-plane-engine) & binary(engine) - test(/^simulation::/) - test(/^stores::/)'
run() { cargo nextest run --locked --workspace -E "$suites" --no-fail-fast </dev/null; }

on_s3() {
  local dir port server
  dir=$(mktemp -d)
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  (cd "$dir" && exec env BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" SERVICES=s3,sts,iam S3_PERSIST=0 ministack >"$dir/log" 2>&1) &
  server=$!
  # shellcheck disable=SC2064
  trap "kill $server 2>/dev/null; rm -rf '$dir'" EXIT
  for _ in $(seq 100); do
    curl --silent --fail --output /dev/null -X PUT "http://127.0.0.1:$port/suites" && break
    sleep 0.1
  done
  AGENTDB_TEST_STORE=http://127.0.0.1:$port run
}

for store in "${@:-directory s3}"; do
  for one in $store; do
    case $one in
      directory) AGENTDB_TEST_STORE=directory run ;;
      s3) on_s3 ;;
      *) echo "no such store: $one" >&2 && exit 1 ;;
    esac
  done
done
