use sqlx::postgres::PgListener;

use super::CHANNEL;
use crate::{Jobs, StoreError};

/// Hears, from whichever process caused it, that a feed or a namespace changed.
#[derive(Debug)]
pub struct PolicyChanges(PgListener);

impl Jobs {
    /// Starts listening on a connection of its own.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn listen(&self) -> Result<PolicyChanges, StoreError> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(PolicyChanges(listener))
    }
}

impl PolicyChanges {
    /// Waits for the next change, or for the connection to be lost and found again, when changes may have been missed.
    ///
    /// # Errors
    /// When the connection was lost and cannot be made again at once.
    pub async fn next(&mut self) -> Result<(), StoreError> {
        self.0.try_recv().await?;
        Ok(())
    }
}
