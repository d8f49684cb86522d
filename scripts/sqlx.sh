#!/usr/bin/env bash
# Regenerates the checked descriptions of the SQL queries (<crate>/.sqlx) against a private PostgreSQL with all migrations.
# sqlx.sh [crate...]: agentdb-control-plane-store and agentdb-billing-server unless named.
# shellcheck source=setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup/lib.sh"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}

bin=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
bin=$(dirname "${bin:-$(readlink -f "$(command -v initdb)")}")
dir=$(mktemp -d)
# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" -eq 0 ]; then
    as=(runuser -u postgres --)
    chown postgres "$dir"
fi
stop() {
    "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
"${as[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off" start >/dev/null
run() { "${as[@]}" "$bin/psql" -h "$dir" -U postgres -v ON_ERROR_STOP=1 -q -o /dev/null "$@"; }
run -d postgres -c 'CREATE DATABASE agentdb'
# The server's user may not be allowed to read the checkout.
run -d agentdb -1 <"$ROOT/control-plane/store/src/roles.sql"
for file in "$ROOT"/control-plane/store/migrations/*.sql "$ROOT"/billing/server/migrations/*.sql; do
    [ -f "$file" ] || continue
    { echo 'SET ROLE agentdb_owner;'; cat "$file"; } | run -d agentdb -1
done

cd "$ROOT"
crates=("$@")
[ ${#crates[@]} -gt 0 ] || crates=(agentdb-control-plane-store agentdb-billing-server)
for crate in "${crates[@]}"; do
    case $crate in
        agentdb-control-plane-store) folder=control-plane/store ;;
        agentdb-billing-server) folder=billing/server ;;
        *) die "$crate has no queries" ;;
    esac
    # Beside the old ones until all are there: whoever builds meanwhile, or after a failure, still finds those.
    fresh=$(mktemp -d -p "$folder")
    # The macros run only when the crate is compiled again.
    touch "$folder/src/lib.rs"
    SQLX_OFFLINE=false DATABASE_URL="postgres:///agentdb?host=$dir&user=postgres" \
        SQLX_OFFLINE_DIR="$ROOT/$fresh" cargo build -p "$crate" || { rm -rf "$fresh"; exit 1; }
    rm -rf "$folder/.sqlx"
    chmod 755 "$fresh"
    mv "$fresh" "$folder/.sqlx"
    touch "$folder/src/lib.rs"
    say "$(find "$folder/.sqlx" -name 'query-*.json' | wc -l) queries of $crate described in $folder/.sqlx"
done
