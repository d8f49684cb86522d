//! The console's keys: made for a session, ended with it or with belonging to the organisation.

use agentdb_ids::{ApiKeyId, OrgId, SessionId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    OrgTx, PersonTx, StoreError,
    policy::{self, Subject},
    stores::set_org,
};

impl OrgTx {
    /// How many of the console's keys that `user_id` made are good at `now`. Count under
    /// [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn count_console_keys(&mut self, user_id: UserId, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM control.api_keys
               WHERE org_id = $1 AND kind = 'console' AND created_by = $2 AND revoked_at IS NULL AND expires_at > $3"#,
            self.org_id.uuid(),
            user_id.uuid(),
            now,
        )
        .fetch_one(&mut *self.tx)
        .await?;
        u64::try_from(count).map_err(StoreError::corrupt)
    }

    /// Whether the session goes on. If so, then to the end of the transaction: [`PersonTx::log_out`] waits for it and
    /// revokes the keys made in it. Call before [`lock_organization`](Self::lock_organization).
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn hold_session(&mut self, id: SessionId) -> Result<bool, StoreError> {
        let held = sqlx::query_scalar!(
            "SELECT session_id FROM control.sessions WHERE session_id = $1 FOR KEY SHARE",
            id.uuid(),
        )
        .fetch_optional(&mut *self.tx)
        .await?;
        Ok(held.is_some())
    }

    /// Revokes the console's keys that `user_id` made in the organisation and that are good at `now`, and tells every
    /// node.
    pub(crate) async fn revoke_console_keys(&mut self, user_id: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let keys = revoke(&mut self.tx, self.org_id, user_id, now).await?;
        if keys.is_empty() {
            return Ok(());
        }
        policy::publish_widely(&mut self.tx, policy::Audience::Everybody, self.org_id, &keys, now).await
    }
}

impl PersonTx {
    /// Ends a session of the person, revokes the console's keys that they made in any organisation and that are good at
    /// `now`, and tells every node. All of it or nothing, so it can be tried again; a session that is over already is no
    /// matter. How many keys.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn log_out(mut self, id: SessionId, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.remove_session(id).await?;
        let revoked = self.revoke_console_keys(now).await?;
        self.tx.commit().await?;
        Ok(revoked)
    }

    /// Revokes the console's keys that the person made in any organisation and that are good at `now`, and tells every
    /// node. How many. Call when the sessions that are to end are removed, and so after all who hold one of them to
    /// make a key; whoever comes later does not find it.
    pub(crate) async fn revoke_console_keys(&mut self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut revoked = Vec::new();
        for membership in self.memberships().await? {
            set_org(&mut self.tx, membership.org_id).await?;
            revoked.push((membership.org_id, revoke(&mut self.tx, membership.org_id, self.user_id, now).await?));
        }
        // Nodes are locked when all keys are: in the order of all others.
        for (org_id, keys) in revoked.iter().filter(|(_, keys)| !keys.is_empty()) {
            set_org(&mut self.tx, *org_id).await?;
            policy::publish_widely(&mut self.tx, policy::Audience::Everybody, *org_id, keys, now).await?;
        }
        Ok(revoked.iter().map(|(_, keys)| keys.len()).sum())
    }
}

/// Revokes the console's keys of a person in the organisation that the transaction is narrowed to; nodes are for the
/// caller to tell.
async fn revoke(
    connection: &mut PgConnection,
    org_id: OrgId,
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<Subject>, StoreError> {
    let keys = sqlx::query_scalar!(
        "UPDATE control.api_keys SET revoked_at = $3, version = version + 1
         WHERE org_id = $1 AND kind = 'console' AND created_by = $2 AND revoked_at IS NULL AND expires_at > $3
         RETURNING key_id",
        org_id.uuid(),
        user_id.uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(keys.into_iter().map(|id| Subject::Key(ApiKeyId::from_uuid(id))).collect())
}
