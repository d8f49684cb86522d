//! The operating-system user that runs the server: ourselves, or somebody harmless when we are root.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::PostgresError;

/// Who runs the server's processes and owns its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name, for messages.
    pub name: String,
    /// Numeric user.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// True when processes must be moved to this account because we are root.
    pub switch: bool,
}

impl Account {
    /// The account to use: the current one, or `postgres` or `nobody` when that is root.
    pub fn choose() -> Result<Self, PostgresError> {
        let uid = rustix::process::geteuid().as_raw();
        if uid != 0 {
            let gid = rustix::process::getegid().as_raw();
            return Ok(Self { name: format!("uid {uid}"), uid, gid, switch: false });
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"].iter().find_map(|name| lookup(&passwd, name)).ok_or(PostgresError::NoAccount)
    }

    /// A command that runs as this account, with an environment of its own and out of reach of the terminal's
    /// interrupt key, so that it ends when we say so and not before.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C").env("TZ", "UTC").process_group(0);
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes the account the owner of a file or directory that we made.
    pub fn own(&self, path: &Path) -> Result<(), PostgresError> {
        if !self.switch {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .map_err(PostgresError::io("cannot change the owner of", path))
    }

    /// The first directory on the way to `path` (itself included) that the account may not enter.
    pub fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        if !self.switch {
            return None;
        }
        let mut directories: Vec<&Path> = path.ancestors().filter(|dir| !dir.as_os_str().is_empty()).collect();
        directories.reverse();
        directories.into_iter().find(|dir| !self.may_enter(dir)).map(Path::to_path_buf)
    }

    fn may_enter(&self, dir: &Path) -> bool {
        let Ok(meta) = std::fs::metadata(dir) else { return false };
        let bit = if meta.uid() == self.uid {
            0o100
        } else if meta.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        meta.mode() & bit != 0
    }
}

fn lookup(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then(|| Account { name: name.to_owned(), uid, gid, switch: true })
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn an_account_is_read_from_the_user_list() {
        let found = lookup(PASSWD, "postgres").unwrap();
        assert_eq!((found.uid, found.gid, found.switch), (101, 104, true));
        assert_eq!(lookup(PASSWD, "nobody"), None);
    }

    #[test]
    fn an_account_that_is_root_under_another_name_is_not_taken() {
        assert_eq!(lookup("postgres:x:0:0::/:/bin/sh", "postgres"), None);
    }

    #[test]
    fn a_directory_closed_to_the_account_is_named() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("data");
        std::fs::create_dir(&inner).unwrap();
        std::fs::set_permissions(outer.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account { name: "stranger".into(), uid: 3_999_999, gid: 3_999_999, switch: true };
        let blocked = stranger.blocked_at(&inner).unwrap();
        assert!(outer.path().starts_with(&blocked), "{}", blocked.display());
        let own = Account { switch: false, ..stranger };
        assert_eq!(own.blocked_at(&inner), None);
    }
}
