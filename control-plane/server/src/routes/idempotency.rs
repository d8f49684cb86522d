//! Doing a thing once however often it is asked for.

use agentdb_control_plane_contract::{OrgScope, Principal};
use agentdb_control_plane_store::{KeptAnswer, OrgTx};
use agentdb_problem::{Code, Problem, idempotency_key};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::refusal::store_failed;

/// A request that its caller may send again: the key holds for the organisation, the caller and the operation; the body
/// must be the same.
pub(super) struct Repeatable {
    scope_sha256: [u8; 32],
    request_sha256: [u8; 32],
}

impl Repeatable {
    /// `None` when the request carries no key.
    pub fn of(scope: &OrgScope, operation: &str, headers: &HeaderMap, body: &[u8]) -> Result<Option<Self>, Problem> {
        let Some(key) = idempotency_key(headers)? else { return Ok(None) };
        let caller = match scope.principal {
            Principal::User(id) => id.to_string(),
            Principal::ApiKey(id) => id.to_string(),
        };
        let scope_sha256 = Sha256::digest([&caller, operation, key].join("\0")).into();
        Ok(Some(Self { scope_sha256, request_sha256: Sha256::digest(body).into() }))
    }

    /// What the request was answered before; a refusal when another one was. Holds the organisation's lock from then on.
    pub async fn answered(&self, org: &mut OrgTx) -> Result<Option<Value>, Problem> {
        org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
        match org.kept_answer(self.scope_sha256).await.map_err(store_failed)? {
            Some(kept) if kept.request_sha256 == self.request_sha256 => Ok(Some(kept.answer)),
            Some(_) => {
                Err(Problem::new(Code::IdempotencyConflict, "The `Idempotency-Key` was used with another request."))
            }
            None => Ok(None),
        }
    }

    /// Keeps the answer, which must have no secret, in the transaction of what it tells of.
    pub async fn keep(&self, org: &mut OrgTx, answer: Value, now: DateTime<Utc>) -> Result<(), Problem> {
        let kept = KeptAnswer { request_sha256: self.request_sha256, answer };
        org.keep_answer(self.scope_sha256, &kept, now).await.map_err(store_failed)
    }
}
