use super::TotpFactorId;
use crate::{Jobs, StoreError};

/// A seed as it is stored.
#[derive(Clone)]
pub struct SealedSeed {
    /// Whose it is bound to.
    pub id: TotpFactorId,
    /// Encrypted.
    pub seed: Vec<u8>,
}

impl Jobs {
    /// Seeds that are encrypted under another key than the one with this name, in the order of their factors, after
    /// `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn seeds_under_other_keys(
        &self,
        key: [u8; 8],
        after: TotpFactorId,
        limit: i64,
    ) -> Result<Vec<SealedSeed>, StoreError> {
        let rows = sqlx::query_as!(
            SealedSeed,
            r#"SELECT factor_id AS id, seed FROM control.totp_factors
               WHERE factor_id > $2 AND substring(seed FROM 2 FOR 8) <> $1 ORDER BY factor_id LIMIT $3"#,
            &key[..],
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Puts `seed` in the place of the one that was read. Whether that one was still there.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn replace_seed(&self, read: &SealedSeed, seed: &[u8]) -> Result<bool, StoreError> {
        let replaced = sqlx::query!(
            "UPDATE control.totp_factors SET seed = $3 WHERE factor_id = $1 AND seed = $2",
            read.id,
            &read.seed[..],
            seed,
        )
        .execute(&self.pool)
        .await?;
        Ok(replaced.rows_affected() > 0)
    }
}
