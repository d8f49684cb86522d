//! Small private files that must be whole after a crash.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

/// Replaces the file at `path`: readable by this user alone, and after a crash either the old or the new
/// content, never a mixture.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

/// [`replace`] with `value` as JSON.
pub(crate) fn replace_json<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    replace(path, &serde_json::to_vec(value).map_err(io::Error::other)?)
}

/// The JSON at `path`; `None` when there is none or it cannot be read as a `T`: what is kept this way can
/// be had again from elsewhere, so a damaged file is worth a warning and no more.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "a saved file cannot be read and is ignored");
            return None;
        }
    };
    serde_json::from_slice(&bytes)
        .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "a saved file is damaged and is ignored"))
        .ok()
}

/// Does what waits for the disk off the threads that serve requests.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_saved_value_reads_back_and_is_private() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x.json");
        assert_eq!(read_json::<u32>(&path), None);
        replace_json(&path, &7u32).expect("written");
        replace_json(&path, &8u32).expect("replaced");
        assert_eq!(read_json::<u32>(&path), Some(8));
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::write(&path, b"{").expect("damaged");
        assert_eq!(read_json::<u32>(&path), None);
    }
}
