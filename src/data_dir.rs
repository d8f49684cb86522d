//! The directory of one process: its lock, its secrets, its parts' folders.
//!
//! Invariant: at most one process works in it. The lock goes when the process ends, however it ends, so holding it also
//! proves that an earlier owner is dead.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use agentdb_clock::Entropy;
use agentdb_control_plane_server::EncryptionKeys;
use rustix::fs::{FlockOperation, flock};

use crate::config::Secret;

/// Random bytes of a generated secret.
const SECRET_BYTES: usize = 32;

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error(
        "another agentdb{holder} is using the data directory {dir}; stop it first, or give this one a --data-dir of its \
         own"
    )]
    InUse { dir: PathBuf, holder: String },
    #[error("cannot {what} {path}: {source}")]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{path} should hold {what}, but does not; restore it from a backup")]
    Damaged { path: PathBuf, what: &'static str },
}

impl DataDirError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { what, path, source }
    }
}

/// A data directory that is ours until this is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the directory if need be and takes its lock.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        // Root's private PostgreSQL runs as another user, who must be able to pass through to his own folder. The
        // folders below are closed one by one.
        let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
        DirBuilder::new().recursive(true).mode(mode).create(path).map_err(DataDirError::io("create", path))?;
        let file = path.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file)
            .map_err(DataDirError::io("open", &file))?;
        if !try_lock(&lock).map_err(DataDirError::io("lock", &file))? {
            return Err(DataDirError::InUse { dir: path.to_path_buf(), holder: written_holder(&mut lock) });
        }
        let written =
            lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| writeln!(lock, "{}", std::process::id()));
        written.map_err(DataDirError::io("write", &file))?;
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }

    /// The process that uses an existing directory, as ` (process 77)`, without taking or making anything.
    pub fn holder(path: &Path) -> Result<Option<String>, DataDirError> {
        let file = path.join("lock");
        let mut lock = match File::open(&file) {
            Ok(lock) => lock,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DataDirError::io("open", &file)(error)),
        };
        let free = try_lock(&lock).map_err(DataDirError::io("lock", &file))?;
        Ok((!free).then(|| written_holder(&mut lock)))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder for one part, closed to other users, also when it was open to them before.
    pub fn folder(&self, name: &str) -> Result<PathBuf, DataDirError> {
        let path = self.path.join(name);
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(DataDirError::io("create", &path))?;
        let mode = std::fs::metadata(&path).map_err(DataDirError::io("look at", &path))?.permissions().mode();
        if mode & 0o077 != 0 {
            let closed = Permissions::from_mode(0o700);
            std::fs::set_permissions(&path, closed).map_err(DataDirError::io("close to other users", &path))?;
        }
        Ok(path)
    }

    /// The secret of that name: 64 hex digits, made at the first asking and the same ever after.
    pub fn secret(&self, name: &str, entropy: &dyn Entropy) -> Result<Secret, DataDirError> {
        let text = self.remembered(name, || new_secret(entropy))?;
        if text.len() != 2 * SECRET_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let path = self.path.join("secrets").join(name);
            return Err(DataDirError::Damaged { path, what: "64 hex digits" });
        }
        Ok(Secret::new(text))
    }

    /// What stored secrets are encrypted under: one key, made at the first asking. Whoever runs the service may put another
    /// before it.
    pub fn encryption_keys(&self, entropy: &dyn Entropy) -> Result<EncryptionKeys, DataDirError> {
        const NAME: &str = "encryption-keys";
        let text = self.remembered(NAME, || new_secret(entropy))?;
        EncryptionKeys::parse(&text).map_err(|_| {
            let path = self.path.join("secrets").join(NAME);
            DataDirError::Damaged { path, what: "one key a line, each of 64 hex digits" }
        })
    }

    /// A line of text kept in the directory, made by `make` when there is none.
    pub fn remembered(&self, name: &str, make: impl FnOnce() -> String) -> Result<String, DataDirError> {
        let file = self.folder("secrets")?.join(name);
        match std::fs::read_to_string(&file) {
            Ok(text) => return Ok(text.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(DataDirError::io("read", &file)(error)),
        }
        let text = make();
        write_durably(&file, &text).map_err(DataDirError::io("write", &file))?;
        Ok(text)
    }
}

fn new_secret(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; SECRET_BYTES];
    entropy.fill(&mut bytes);
    hex::encode(bytes)
}

/// False when somebody else has the lock.
fn try_lock(lock: &File) -> std::io::Result<bool> {
    match flock(lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The number that the holder wrote; it may be about to.
fn written_holder(lock: &mut File) -> String {
    let mut text = String::new();
    let _ = lock.read_to_string(&mut text);
    text.trim().parse::<u32>().map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

/// Whole or not at all, and on the disk before anything relies on it.
fn write_durably(file: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = file.with_extension("unfinished");
    let mut open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    writeln!(open, "{text}")?;
    open.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    match file.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use agentdb_clock::SystemEntropy;

    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        let first = DataDir::lock(&path).unwrap();
        let refused = DataDir::lock(&path).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(first);
        DataDir::lock(&path).unwrap();
    }

    #[test]
    fn a_folder_is_closed_to_others_also_when_it_was_there_before() {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::lock(root.path()).unwrap();
        std::fs::create_dir(root.path().join("old")).unwrap();
        std::fs::set_permissions(root.path().join("old"), Permissions::from_mode(0o755)).unwrap();
        for name in ["new", "old"] {
            let folder = dir.folder(name).unwrap();
            assert_eq!(std::fs::metadata(folder).unwrap().mode() & 0o777, 0o700, "{name}");
        }
    }

    #[test]
    fn a_secret_is_made_once_kept_and_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let made = DataDir::lock(root.path()).unwrap().secret("internal", &SystemEntropy).unwrap();
        let dir = DataDir::lock(root.path()).unwrap();
        assert_eq!(dir.secret("internal", &SystemEntropy).unwrap().expose(), made.expose());
        assert_ne!(dir.secret("other", &SystemEntropy).unwrap().expose(), made.expose());
        let file = root.path().join("secrets/internal");
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        dir.encryption_keys(&SystemEntropy).unwrap();
        let keys = root.path().join("secrets/encryption-keys");
        assert_eq!(std::fs::metadata(&keys).unwrap().mode() & 0o777, 0o600);
        let made = std::fs::read_to_string(&keys).unwrap();
        dir.encryption_keys(&SystemEntropy).unwrap();
        assert_eq!(std::fs::read_to_string(&keys).unwrap(), made, "the same ever after");
        std::fs::write(&keys, format!("{}\n{made}", "ab".repeat(32))).unwrap();
        dir.encryption_keys(&SystemEntropy).unwrap();
        std::fs::write(&keys, &made[..60]).unwrap();
        assert!(matches!(dir.encryption_keys(&SystemEntropy), Err(DataDirError::Damaged { .. })));
        std::fs::write(&file, "").unwrap();
        assert!(matches!(dir.secret("internal", &SystemEntropy), Err(DataDirError::Damaged { .. })));
    }
}
