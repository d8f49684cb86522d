//! Creates a cluster directory, whole or not at all.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Account, Binaries, PostgresError, Superuser};

/// The cluster's place and what is in it.
pub struct Cluster {
    /// The directory given to `postgres -D`.
    pub dir: PathBuf,
    /// Its major version, `None` before it is created.
    pub major: Option<u32>,
}

impl Cluster {
    /// Looks at the cluster under `base` without changing anything.
    pub fn look(base: &Path) -> Self {
        let dir = base.join("cluster");
        let version = std::fs::read_to_string(dir.join("PG_VERSION"));
        let major = version.ok().and_then(|text| text.trim().parse().ok());
        Self { dir, major }
    }

    /// Runs `initdb`. The cluster is made under another name and moved into place when it is complete, so a run that
    /// was killed half way leaves nothing that looks like a cluster.
    pub fn create(
        base: &Path,
        binaries: &Binaries,
        account: &Account,
        superuser: &Superuser,
    ) -> Result<Self, PostgresError> {
        let unfinished = base.join("cluster.unfinished");
        match std::fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(PostgresError::io("cannot remove", &unfinished)(error));
            }
            _ => {}
        }
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&unfinished)
            .map_err(PostgresError::io("cannot create", &unfinished))?;
        account.own(&unfinished)?;
        let password_file = base.join("initdb.password");
        write_password(&password_file, account, &superuser.password)?;
        let output = account
            .command(&binaries.initdb)
            .current_dir(base)
            .arg("--pgdata")
            .arg(&unfinished)
            .args(["--username", &superuser.name])
            .arg("--pwfile")
            .arg(&password_file)
            .args(["--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C"])
            .arg("--data-checksums")
            .output();
        let removed = std::fs::remove_file(&password_file);
        let output = output.map_err(PostgresError::io("cannot run", &binaries.initdb))?;
        removed.map_err(PostgresError::io("cannot remove", &password_file))?;
        if !output.status.success() {
            return Err(PostgresError::Initdb(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let dir = base.join("cluster");
        std::fs::rename(&unfinished, &dir).map_err(PostgresError::io("cannot move into place", &dir))?;
        // The new name is on the disk before anything is written under it.
        let synced = std::fs::File::open(base).and_then(|base| base.sync_all());
        synced.map_err(PostgresError::io("cannot sync", base))?;
        Ok(Self::look(base))
    }
}

fn write_password(path: &Path, account: &Account, password: &str) -> Result<(), PostgresError> {
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        writeln!(file, "{password}")
    })();
    written.map_err(PostgresError::io("cannot write", path))?;
    account.own(path)
}
