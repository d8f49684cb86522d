//! Where the server's unix socket stands. The path of a unix socket is limited to 107 bytes, a data directory is not.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::{Account, PostgresError};

/// Bytes of `sockaddr_un.sun_path` on Linux, without the closing zero.
const MAX_SOCKET_PATH: usize = 107;
/// What the server puts behind the directory for its fixed port number.
const SOCKET_NAME: &str = "/.s.PGSQL.5432";

/// A directory for the socket that only `account` may enter: inside the cluster's own directory when the path is short
/// enough, otherwise a private one under the temporary directory.
pub fn directory(base: &Path, account: &Account) -> Result<PathBuf, PostgresError> {
    let inside = base.join("run");
    if fits(&inside) {
        make_private(&inside, account)?;
        return Ok(inside);
    }
    let mut hasher = DefaultHasher::new();
    base.hash(&mut hasher);
    let name = format!("agentdb-{:016x}", hasher.finish());
    let mut refused = Vec::new();
    for parent in [std::env::temp_dir(), PathBuf::from("/tmp")] {
        let candidate = parent.join(&name);
        if !fits(&candidate) || account.blocked_at(&parent).is_some() {
            refused.push(format!("{} cannot be used", parent.display()));
            continue;
        }
        match make_private(&candidate, account) {
            Ok(()) => return Ok(candidate),
            Err(error) => refused.push(error.to_string()),
        }
    }
    Err(PostgresError::NoSocketDir(refused.join("; ")))
}

fn fits(directory: &Path) -> bool {
    directory.as_os_str().as_bytes().len() + SOCKET_NAME.len() <= MAX_SOCKET_PATH
}

/// Creates the directory, or accepts one that is already exactly right: in a shared temporary directory somebody else
/// may have put a link or a directory of his own there.
fn make_private(directory: &Path, account: &Account) -> Result<(), PostgresError> {
    match std::fs::DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => account.own(directory),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let meta = std::fs::symlink_metadata(directory).map_err(PostgresError::io("cannot look at", directory))?;
            if meta.is_dir() && meta.uid() == account.uid && meta.mode() & 0o077 == 0 {
                Ok(())
            } else {
                Err(PostgresError::NoSocketDir(format!("{} belongs to somebody else", directory.display())))
            }
        }
        Err(error) => Err(PostgresError::io("cannot create", directory)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ourselves() -> Account {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        Account { name: "test".into(), uid, gid, switch: false }
    }

    #[test]
    fn a_long_data_directory_gets_a_short_private_socket_directory() {
        let root = tempfile::tempdir().unwrap();
        let long = root.path().join("x".repeat(120));
        std::fs::create_dir(&long).unwrap();
        let chosen = directory(&long, &ourselves()).unwrap();
        assert!(fits(&chosen) && !chosen.starts_with(&long));
        assert_eq!(directory(&long, &ourselves()).unwrap(), chosen, "the second start finds the same one");
        std::fs::remove_dir(&chosen).unwrap();
    }

    #[test]
    fn a_link_in_place_of_the_socket_directory_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("run")).unwrap();
        assert!(matches!(directory(root.path(), &ourselves()), Err(PostgresError::NoSocketDir(_))));
    }
}
