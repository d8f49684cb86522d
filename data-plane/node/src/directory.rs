//! The node's own directory: one process at a time, and a mark that a copy of it does not have.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use agentdb_clock::Entropy;
use rustix::fs::{FlockOperation, flock};

use crate::files;

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Another process has it.
    #[error("another process uses the node directory {}", .0.display())]
    InUse(PathBuf),
    /// It cannot be made, read or written.
    #[error("the node directory {} cannot be used: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The directory, locked for as long as this value lives.
#[derive(Debug)]
pub(crate) struct NodeDirectory {
    path: PathBuf,
    mark: String,
    _lock: File,
}

impl NodeDirectory {
    /// Makes the directory where needed and takes its lock. The lock ends with the process, however it ends.
    pub(crate) fn open(path: &Path, entropy: &dyn Entropy) -> Result<Self, DirectoryError> {
        let io = |source| DirectoryError::Io { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("node.lock"))
            .map_err(io)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(DirectoryError::InUse(path.to_owned())),
            Err(errno) => return Err(io(errno.into())),
        }
        let mark = Self::read_mark(path, &lock, entropy).map_err(io)?;
        Ok(Self { path: path.to_owned(), mark, _lock: lock })
    }

    /// Text that is the same for every process that ever holds this very lock, and for no other. The inode
    /// is part of it because a copied directory has the same files but another lock.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder `name` in the directory, made where needed.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, DirectoryError> {
        let path = self.path.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|source| DirectoryError::Io { path: path.clone(), source })?;
        Ok(path)
    }

    fn read_mark(path: &Path, lock: &File, entropy: &dyn Entropy) -> io::Result<String> {
        let file = path.join("mark");
        let random = match fs::read_to_string(&file) {
            Ok(text) if !text.is_empty() => text,
            Ok(_) => Self::new_mark(&file, entropy)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::new_mark(&file, entropy)?,
            Err(error) => return Err(error),
        };
        let metadata = lock.metadata()?;
        Ok(format!("{random}-{}-{}", metadata.dev(), metadata.ino()))
    }

    fn new_mark(file: &Path, entropy: &dyn Entropy) -> io::Result<String> {
        let text = format!("{:032x}", u128::from_be_bytes(entropy.nonce()));
        files::replace(file, text.as_bytes())?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use agentdb_clock::SystemEntropy;

    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_the_mark_stays() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("node");
        let first = NodeDirectory::open(&path, &SystemEntropy).expect("free");
        assert!(matches!(NodeDirectory::open(&path, &SystemEntropy), Err(DirectoryError::InUse(_))));
        let mark = first.mark().to_owned();
        drop(first);
        assert_eq!(NodeDirectory::open(&path, &SystemEntropy).expect("free again").mark(), mark);
    }

    #[test]
    fn a_copy_of_the_directory_has_another_mark() {
        let dir = tempfile::tempdir().expect("a directory");
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        let first = NodeDirectory::open(&a, &SystemEntropy).expect("free");
        fs::create_dir(&b).expect("made");
        fs::copy(a.join("mark"), b.join("mark")).expect("copied");
        assert_ne!(NodeDirectory::open(&b, &SystemEntropy).expect("free").mark(), first.mark());
    }
}
