//! A name in a directory that outlasts a loss of power.

use std::fs::File;
use std::io;
use std::path::Path;

use object_store::Error;

use super::Store;

impl Store {
    /// Makes the name of an object durable that an unconfirmed PUT has left: the PUT makes the name and then syncs its
    /// directory, so the object can be there to be read and yet be lost. Nothing to do on an object store.
    pub(crate) async fn sync_name(&self, object: &object_store::path::Path) -> object_store::Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let file = directory.join(object.as_ref());
        let synced = tokio::task::spawn_blocking(move || sync_parent(&file)).await.map_err(io::Error::other).flatten();
        synced.map_err(|error| Error::Generic { store: "directory", source: error.into() })
    }
}

fn sync_parent(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

#[cfg(test)]
mod tests {
    use crate::store::StoreConfig;

    #[tokio::test]
    async fn a_name_is_synced_where_its_directory_is_and_refused_where_it_is_not() {
        let place = tempfile::tempdir().expect("a directory");
        let store = StoreConfig::directory(place.path()).connect().expect("a store");
        std::fs::create_dir_all(place.path().join("ns/a/log")).expect("made");
        store.sync_name(&store.path("ns/a/log/1")).await.expect("synced");
        assert!(store.sync_name(&store.path("ns/b/log/1")).await.is_err());
    }
}
