use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tempfile::TempDir;

/// A private PostgreSQL behind a unix socket, stopped and removed on drop. PostgreSQL refuses to run as root, so root
/// runs it as another user.
pub struct Cluster {
    dir: TempDir,
    bin: PathBuf,
    account: Option<(u32, u32)>,
}

impl Cluster {
    pub fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("billing-pg-").tempdir_in("/tmp").expect("a directory");
        let root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let account = root.then(other_account);
        if let Some((uid, gid)) = account {
            chown(dir.path(), Some(uid), Some(gid)).expect("the directory is ours to give");
        }
        let cluster = Self { bin: installation(), account, dir };
        cluster.run("initdb", &["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        let socket = cluster.dir.path().display();
        let options = format!("-c listen_addresses='' -c unix_socket_directories='{socket}' -c fsync=off");
        cluster.run("pg_ctl", &["-w", "-s", "-l", &format!("{socket}/log"), "-o", &options, "start"]);
        cluster
    }

    pub async fn pool(&self, user: &str, size: u32) -> PgPool {
        let options =
            PgConnectOptions::new_without_pgpass().socket(self.dir.path()).username(user).database("postgres");
        PgPoolOptions::new().max_connections(size).connect_with(options).await.expect("the server is up")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.bin.join(program));
        command.arg("-D").arg(self.dir.path().join("data")).args(arguments).current_dir(self.dir.path());
        command.env_clear().env("LANG", "C").env("TZ", "UTC").env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if let Some((uid, gid)) = self.account {
            command.uid(uid).gid(gid);
        }
        assert!(command.status().expect("an installed program").success(), "{program} failed");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-s", "-m", "immediate", "stop"]);
    }
}

/// The newest installation on the machine.
fn installation() -> PathBuf {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .max_by_key(|path| version(path));
    newest.map_or_else(|| PathBuf::from("/usr/bin"), |path| path.join("bin"))
}

fn other_account() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("a user list");
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut ids = line.split(':').skip(2).map(str::parse);
            Some((ids.next()?.ok()?, ids.next()?.ok()?))
        })
        .expect("a user that is not root")
}
