use agentdb_ids::{OrgId, UserId};
use sqlx::{PgPool, Postgres, Transaction};

use crate::StoreError;

/// The store as its three roles.
#[derive(Debug, Clone)]
pub struct Stores {
    app: PgPool,
    jobs: PgPool,
    key_lookup: PgPool,
}

impl Stores {
    /// Pools that log in as `agentdb_app`, `agentdb_jobs` and `agentdb_key_lookup`.
    #[must_use]
    pub const fn new(app: PgPool, jobs: PgPool, key_lookup: PgPool) -> Self {
        Self { app, jobs, key_lookup }
    }

    /// People, sign-ups and sessions: what exists outside of organisations.
    #[must_use]
    pub fn people(&self) -> People {
        People { pool: self.app.clone() }
    }

    /// A transaction on what belongs to `org_id`, and on nothing else.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn org(&self, org_id: OrgId) -> Result<OrgTx, StoreError> {
        let mut tx = agentdb_transaction::begin(&self.app).await?;
        set_org(&mut tx, org_id).await?;
        Ok(OrgTx { tx, org_id })
    }

    /// A transaction on what a signed-in person may see of organisations: where they belong.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn person(&self, user_id: UserId) -> Result<PersonTx, StoreError> {
        let mut tx = agentdb_transaction::begin(&self.app).await?;
        sqlx::query!(r#"SELECT set_config('app.user_id', $1::text, true) AS "set!""#, user_id.uuid().to_string())
            .fetch_one(&mut *tx)
            .await?;
        Ok(PersonTx { tx, user_id })
    }

    /// Work behind the scenes, over all organisations.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs { pool: self.jobs.clone() }
    }

    pub(crate) const fn key_lookup_pool(&self) -> &PgPool {
        &self.key_lookup
    }
}

/// Narrows the transaction to one organisation; row-level security reads the setting.
pub(crate) async fn set_org(tx: &mut Transaction<'static, Postgres>, org_id: OrgId) -> Result<(), StoreError> {
    sqlx::query!(r#"SELECT set_config('app.org_id', $1::text, true) AS "set!""#, org_id.uuid().to_string())
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

/// A transaction of one organisation. Dropped without [`commit`](Self::commit), nothing has happened.
#[derive(Debug)]
pub struct OrgTx {
    pub(crate) tx: Transaction<'static, Postgres>,
    pub(crate) org_id: OrgId,
}

impl OrgTx {
    /// Makes everything done in the transaction true at once.
    ///
    /// # Errors
    /// When the store cannot be reached; whether it happened is then unknown.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }

    /// The organisation.
    #[must_use]
    pub const fn org_id(&self) -> OrgId {
        self.org_id
    }
}

/// A transaction of one person: where they belong, and what is theirs alone. Dropped before it is committed, nothing
/// has happened.
#[derive(Debug)]
pub struct PersonTx {
    pub(crate) tx: Transaction<'static, Postgres>,
    pub(crate) user_id: UserId,
}

impl PersonTx {
    /// Of those that change where this person belongs by the person's own will, one comes after the other from here to
    /// the end of the transaction. Call before the lock of an organisation.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn lock_person(&mut self) -> Result<(), StoreError> {
        sqlx::query!(
            r#"SELECT pg_advisory_xact_lock(hashtextextended('control person ' || $1::text, 0))::text AS "locked?""#,
            self.user_id.uuid().to_string(),
        )
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// The transaction goes on as one of the organisation. Whether the person may is for the caller to see to.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn enter(mut self, org_id: OrgId) -> Result<OrgTx, StoreError> {
        set_org(&mut self.tx, org_id).await?;
        Ok(OrgTx { tx: self.tx, org_id })
    }
}

/// See [`Stores::people`].
#[derive(Debug, Clone)]
pub struct People {
    pub(crate) pool: PgPool,
}

/// See [`Stores::jobs`].
#[derive(Debug, Clone)]
pub struct Jobs {
    pub(crate) pool: PgPool,
}
