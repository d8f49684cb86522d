//! The check that a store can arbitrate between writers.

use bytes::Bytes;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions};
use uuid::Uuid;

use super::{Store, StoreError};

/// Creates one key twice: the first must succeed, the second must be refused.
pub(super) async fn conditional_put(store: &Store) -> Result<(), StoreError> {
    // The name needs to be new, not secret, and no clock or seed is at hand this early.
    let path = store.path(&format!("probe/{}", Uuid::new_v4()));
    let objects = store.objects();
    let create = || objects.put_opts(&path, Bytes::from_static(b"probe").into(), PutOptions::from(PutMode::Create));
    create().await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    let second = create().await;
    // Left behind at worst: a few bytes that nobody reads.
    if let Err(error) = objects.delete(&path).await {
        tracing::warn!(%error, "the probe object could not be removed");
    }
    match second {
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(()),
        Err(other) => Err(StoreError::Unavailable(other.to_string())),
        Ok(_) => Err(StoreError::NotConditional("a second create of the same key succeeded".to_owned())),
    }
}
