//! What a PUT into a directory leaves when its process dies: a file under another name, which no listing shows.

use std::io;
use std::path::Path;

use super::Store;

impl Store {
    /// Removes such files under `relative`; gives their number. A PUT that is under way loses its file, fails and is
    /// tried again. Nothing to do on an object store.
    pub(crate) async fn remove_staged(&self, relative: &str) -> io::Result<u64> {
        let Some(directory) = &self.directory else { return Ok(0) };
        let top = directory.join(relative);
        tokio::task::spawn_blocking(move || remove_under(&top)).await.map_err(io::Error::other)?
    }
}

fn remove_under(top: &Path) -> io::Result<u64> {
    let (mut removed, mut left) = (0, vec![top.to_owned()]);
    while let Some(next) = left.pop() {
        let entries = match std::fs::read_dir(&next) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                left.push(entry.path());
            } else if is_staged(&entry.path()) {
                match std::fs::remove_file(entry.path()) {
                    Ok(()) => removed += 1,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(removed)
}

/// The object store adds `#` and a number to the name.
fn is_staged(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
