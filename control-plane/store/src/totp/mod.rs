//! The second factor of a person: an app that has a seed in common with us, and recovery codes for when it is lost.
//!
//! Seeds come and go encrypted; what opens them is not here. A code is good once: the step of time that it belongs to
//! is kept, and only moves forward. A recovery code is good once: it is removed as it is used. Both are decided under
//! the lock of the person, so of two who use one at the same moment one is let in.

mod rewrap;

use agentdb_ids::UserId;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::{NewMail, PersonTx, StoreError, mail};

pub use rewrap::SealedSeed;

/// A factor that no code has confirmed is worth nothing this long after it was made.
pub const TOTP_PENDING: Duration = Duration::hours(1);

/// Which enrolment.
pub type TotpFactorId = Uuid;

/// A person's factor.
#[derive(Clone)]
pub struct TotpFactor {
    /// Which.
    pub id: TotpFactorId,
    /// Whose.
    pub user_id: UserId,
    /// Encrypted.
    pub seed: Vec<u8>,
    /// Since when it is asked for; `None` while no code has confirmed it.
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// A factor to be kept until a code confirms it.
#[derive(Clone, Copy)]
pub struct NewTotpFactor<'a> {
    /// Which.
    pub id: TotpFactorId,
    /// Encrypted.
    pub seed: &'a [u8],
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// What shows that a person has their factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorProof {
    /// The code of this step of time.
    Step(i64),
    /// The hash of a recovery code.
    RecoveryCode([u8; 32]),
}

/// What became of the wish to be asked for no factor any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotpRemoval {
    /// It is gone, with its recovery codes.
    Removed,
    /// Nothing has changed: another password has been set meanwhile.
    PasswordChanged,
    /// Nothing has changed: the code was used before, or is none of the factor's.
    Unproven,
}

impl PersonTx {
    /// The person's factor, whether it is confirmed or still waits for that.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn totp(&mut self, now: DateTime<Utc>) -> Result<Option<TotpFactor>, StoreError> {
        let row = sqlx::query!(
            "SELECT factor_id, seed, confirmed_at FROM control.totp_factors
             WHERE user_id = $1 AND (confirmed_at IS NOT NULL OR created_at > $2)",
            self.user_id.uuid(),
            now - TOTP_PENDING,
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        let user_id = self.user_id;
        Ok(row.map(|row| TotpFactor { id: row.factor_id, user_id, seed: row.seed, confirmed_at: row.confirmed_at }))
    }

    /// How many recovery codes a person has left who is asked for a factor; `None` for everybody else.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn recovery_codes_left(&mut self) -> Result<Option<u64>, StoreError> {
        let left = sqlx::query_scalar!(
            r#"SELECT (SELECT count(*) FROM control.recovery_codes c WHERE c.factor_id = f.factor_id) AS "left!"
               FROM control.totp_factors f WHERE f.user_id = $1 AND f.confirmed_at IS NOT NULL"#,
            self.user_id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        left.map(|left| u64::try_from(left).map_err(StoreError::corrupt)).transpose()
    }

    /// Keeps a factor that is to be confirmed, in place of another that waits for that. `false`, and nothing has
    /// changed, when the person has a confirmed one.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn add_totp(mut self, factor: &NewTotpFactor<'_>) -> Result<bool, StoreError> {
        self.hold().await?;
        sqlx::query!(
            "DELETE FROM control.totp_factors WHERE user_id = $1 AND confirmed_at IS NULL",
            self.user_id.uuid()
        )
        .execute(&mut *self.tx)
        .await?;
        let added = sqlx::query!(
            "INSERT INTO control.totp_factors (factor_id, user_id, seed, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id) DO NOTHING",
            factor.id,
            self.user_id.uuid(),
            factor.seed,
            factor.created_at,
        )
        .execute(&mut *self.tx)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        self.tx.commit().await?;
        Ok(true)
    }

    /// From now on the factor is asked for. Its first code was that of `step`, these are the hashes of its recovery
    /// codes; posts `notice`. `false`, and nothing has changed, when it is confirmed already, or is not there any more.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn confirm_totp(
        mut self,
        id: TotpFactorId,
        step: i64,
        codes: &[[u8; 32]],
        notice: &NewMail<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.hold().await?;
        let confirmed = sqlx::query!(
            "UPDATE control.totp_factors SET confirmed_at = $3, last_step = $4
             WHERE factor_id = $1 AND user_id = $2 AND confirmed_at IS NULL AND created_at > $5",
            id,
            self.user_id.uuid(),
            now,
            step,
            now - TOTP_PENDING,
        )
        .execute(&mut *self.tx)
        .await?;
        if confirmed.rows_affected() == 0 {
            return Ok(false);
        }
        self.add_recovery_codes(id, codes).await?;
        mail::post(&mut self.tx, notice).await?;
        self.tx.commit().await?;
        Ok(true)
    }

    /// Puts other recovery codes in the place of those there are, and posts `notice`. `false`, and nothing has changed,
    /// when `proof` is none of the factor's, or was used before.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn replace_recovery_codes(
        mut self,
        id: TotpFactorId,
        proof: FactorProof,
        codes: &[[u8; 32]],
        notice: &NewMail<'_>,
    ) -> Result<bool, StoreError> {
        self.hold().await?;
        if !self.use_factor(id, proof).await? {
            return Ok(false);
        }
        sqlx::query!("DELETE FROM control.recovery_codes WHERE factor_id = $1", id).execute(&mut *self.tx).await?;
        self.add_recovery_codes(id, codes).await?;
        mail::post(&mut self.tx, notice).await?;
        self.tx.commit().await?;
        Ok(true)
    }

    /// Takes the factor away, if `proven` is the hash of the person's password and `proof` is the factor's, and posts
    /// `notice`. Log-ins that wait for the factor end.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn remove_totp(
        mut self,
        proven: &str,
        id: TotpFactorId,
        proof: FactorProof,
        notice: &NewMail<'_>,
    ) -> Result<TotpRemoval, StoreError> {
        let held = sqlx::query_scalar!(
            "SELECT user_id FROM control.users
             WHERE user_id = $1 AND password_hash = $2 AND deleted_at IS NULL FOR NO KEY UPDATE",
            self.user_id.uuid(),
            proven,
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        if held.is_none() {
            return Ok(TotpRemoval::PasswordChanged);
        }
        if !self.use_factor(id, proof).await? {
            return Ok(TotpRemoval::Unproven);
        }
        sqlx::query!("DELETE FROM control.totp_factors WHERE factor_id = $1", id).execute(&mut *self.tx).await?;
        self.remove_challenges().await?;
        mail::post(&mut self.tx, notice).await?;
        self.tx.commit().await?;
        Ok(TotpRemoval::Removed)
    }

    /// Uses up what shows that the person has their factor. `false` when it is none of a confirmed factor's, or was used
    /// before. Call when the person is [held](Self::hold).
    pub(crate) async fn use_factor(&mut self, id: TotpFactorId, proof: FactorProof) -> Result<bool, StoreError> {
        let used = match proof {
            FactorProof::Step(step) => {
                sqlx::query!(
                    "UPDATE control.totp_factors SET last_step = $3
                     WHERE factor_id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL AND last_step < $3",
                    id,
                    self.user_id.uuid(),
                    step,
                )
                .execute(&mut *self.tx)
                .await?
            }
            FactorProof::RecoveryCode(sha256) => {
                sqlx::query!(
                    "DELETE FROM control.recovery_codes c USING control.totp_factors f
                     WHERE c.factor_id = $1 AND c.code_sha256 = $3
                       AND f.factor_id = c.factor_id AND f.user_id = $2 AND f.confirmed_at IS NOT NULL",
                    id,
                    self.user_id.uuid(),
                    &sha256[..],
                )
                .execute(&mut *self.tx)
                .await?
            }
        };
        Ok(used.rows_affected() > 0)
    }

    async fn add_recovery_codes(&mut self, id: TotpFactorId, codes: &[[u8; 32]]) -> Result<(), StoreError> {
        let codes: Vec<Vec<u8>> = codes.iter().map(|code| code.to_vec()).collect();
        sqlx::query!(
            "INSERT INTO control.recovery_codes (factor_id, code_sha256) SELECT $1, unnest($2::bytea[])",
            id,
            &codes[..],
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
