//! Doing a thing once however often it is asked for.

use agentdb_control_plane_contract::{OrgScope, Principal};
use agentdb_control_plane_store::{KeptAnswer, OrgTx, PersonTx};
use agentdb_ids::UserId;
use agentdb_problem::{Code, Problem, idempotency_key};
use chrono::{DateTime, Duration, Utc};
use http::HeaderMap;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::refusal::store_failed;

/// How long an answer is kept at least.
const REPEATABLE: Duration = Duration::hours(24);

/// A request that its caller may send again: the key holds for the organisation, the caller and the operation; the body
/// must be the same.
pub(super) struct Repeatable {
    scope_sha256: [u8; 32],
    request_sha256: [u8; 32],
}

impl Repeatable {
    /// `None` when the request carries no key.
    pub fn of(scope: &OrgScope, operation: &str, headers: &HeaderMap, body: &[u8]) -> Result<Option<Self>, Problem> {
        let caller = match scope.principal {
            Principal::User(id) => id.to_string(),
            Principal::ApiKey(id) => id.to_string(),
        };
        Self::by(&caller, operation, headers, body)
    }

    /// One of a person that has no organisation yet: it lets the person belong to one, whose transaction keeps the
    /// answer. `None` when the request carries no key.
    pub fn of_person(
        user_id: UserId,
        operation: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<Self>, Problem> {
        Self::by(&user_id.to_string(), operation, headers, body)
    }

    fn by(caller: &str, operation: &str, headers: &HeaderMap, body: &[u8]) -> Result<Option<Self>, Problem> {
        let Some(key) = idempotency_key(headers)? else { return Ok(None) };
        let scope_sha256 = Sha256::digest([caller, operation, key].join("\0")).into();
        Ok(Some(Self { scope_sha256, request_sha256: Sha256::digest(body).into() }))
    }

    /// What the request was answered before; a refusal when another one was. Holds the organisation's lock from then on.
    pub async fn answered(&self, org: &mut OrgTx) -> Result<Option<Value>, Problem> {
        org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
        self.same(org.kept_answer(self.scope_sha256).await.map_err(store_failed)?)
    }

    /// As [`answered`](Self::answered), for a request of [`of_person`](Self::of_person). Ask under the person's lock.
    pub async fn answered_to(&self, person: &mut PersonTx, now: DateTime<Utc>) -> Result<Option<Value>, Problem> {
        self.same(person.kept_answer(self.scope_sha256, now - REPEATABLE).await.map_err(store_failed)?)
    }

    fn same(&self, kept: Option<KeptAnswer>) -> Result<Option<Value>, Problem> {
        match kept {
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
