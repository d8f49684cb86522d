//! A table that begins with the files of another one.

use super::open::{TableError, TableFiles};
use crate::catalog::TableId;

impl TableFiles {
    /// Makes the table of the same identity in `target` a shallow clone of this one at `version`: a manifest that names
    /// this table's files. Gives its version, which is the same number. There must be none yet.
    pub(crate) async fn clone_to(&self, target: &Self, table: TableId, version: u64) -> Result<u64, TableError> {
        let mut source = self.open(table, version).await?;
        let path = target.path(table);
        let (uri, params) = (target.store.lance_uri(&path), target.store.lance_params(&path)?);
        let cloned = source.shallow_clone(&uri, version, Some(params)).await?;
        Ok(cloned.manifest().version)
    }
}
