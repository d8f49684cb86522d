//! A private PostgreSQL for one test: roles and migrations applied, gone when the test's process ends, however it ends.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use agentdb_control_plane_store::{
    RolePasswords, Stores, ensure_roles, migrate,
    sqlx::{
        PgPool,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};

/// Makes a cluster in a directory of its own, says where, and removes it when standard input closes.
const SCRIPT: &str = r#"
set -e
dir=$(mktemp -d)
cd "$dir"
"$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync --wal-segsize=1 >"$dir/log" 2>&1 ||
    { cat "$dir/log"; exit 1; }
"$1/postgres" -D "$dir/data" -c listen_addresses= -c unix_socket_directories="$dir" -c fsync=off \
    -c max_connections=80 >"$dir/log" 2>&1 &
server=$!
until "$1/pg_isready" -q -h "$dir"; do kill -0 $server || { cat "$dir/log"; exit 1; }; sleep 0.05; done
echo "$dir"
cat >/dev/null
kill -QUIT $server
wait $server || true
cd /
rm -rf "$dir"
"#;

/// A running server.
pub struct TestPostgres {
    /// Also holds `log` and, in `data`, the cluster.
    pub socket_dir: PathBuf,
    guard: Child,
}

impl TestPostgres {
    /// A new server with the schema in place.
    pub async fn start() -> Self {
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        let mut guard = command
            .args(["-c", SCRIPT, "sh"])
            .arg(binaries())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .current_dir("/")
            .spawn()
            .expect("sh runs");
        let mut line = String::new();
        BufReader::new(guard.stdout.take().expect("piped")).read_line(&mut line).expect("the script says something");
        let socket_dir = PathBuf::from(line.trim());
        assert!(socket_dir.is_dir(), "PostgreSQL did not start: {line}");
        let server = Self { socket_dir, guard };
        let admin = server.pool("postgres", 2).await;
        ensure_roles(&admin, &passwords()).await.expect("the roles can be made");
        migrate(&admin).await.expect("the migrations can be applied");
        server
    }

    /// Connections as `role`.
    pub async fn pool(&self, role: &str, connections: u32) -> PgPool {
        let options =
            PgConnectOptions::new_without_pgpass().socket(&self.socket_dir).username(role).database("postgres");
        PgPoolOptions::new().max_connections(connections).connect_with(options).await.expect("a connection")
    }

    /// The store as the service uses it.
    pub async fn stores(&self) -> Stores {
        Stores::new(
            self.pool("agentdb_app", 16).await,
            self.pool("agentdb_jobs", 8).await,
            self.pool("agentdb_key_lookup", 4).await,
        )
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// What the serving roles log in with where the server asks.
pub fn passwords() -> RolePasswords {
    let password = |role: &str| format!("it's {role}'s $$ \\ secret");
    RolePasswords { app: password("app"), jobs: password("jobs"), key_lookup: password("key_lookup") }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

/// The newest version that Debian installed, or the one on the PATH.
fn binaries() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(|entry| {
        let entry = entry.ok()?;
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let bin = entry.path().join("bin");
        bin.join("initdb").exists().then_some((version, bin))
    });
    if let Some((_, bin)) = installed.max() {
        return bin;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| std::fs::canonicalize(dir.join("initdb")))
        .find_map(|initdb| initdb.ok()?.parent().map(Path::to_path_buf))
        .expect("PostgreSQL is installed")
}
