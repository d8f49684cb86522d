//! Doing a mutation once however often it is sent.
//!
//! The promise itself is kept by the namespace's log; here the scope of a key and the stored answer are made.

use agentdb_data_plane_engine::{Committed, Idempotency, Namespace, WriteError};
use agentdb_problem::{Code, Problem, idempotency_key};
use bytes::Bytes;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::admission::Admission;

/// What is stored with the write, to be given again: all that is known before the commit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub status: u16,
    pub result: serde_json::Value,
}

/// A request that its caller may send again: the key holds for the organisation, the API key and the operation; what
/// the request is about and its body must be the same.
#[derive(Debug)]
pub(crate) struct Repeatable {
    scope_key: [u8; 32],
    request_hash: [u8; 32],
}

impl Repeatable {
    /// `None` when the request carries no key.
    pub(crate) fn of(
        admission: &Admission,
        headers: &HeaderMap,
        subject: &str,
        body: &[u8; 32],
    ) -> Result<Option<Self>, Problem> {
        let Some(key) = idempotency_key(headers)? else { return Ok(None) };
        let scope = Sha256::new()
            .chain_update(admission.org_id().uuid().as_bytes())
            .chain_update(admission.key_id().uuid().as_bytes())
            .chain_update(admission.operation().id)
            .chain_update([0])
            .chain_update(key);
        let request = Sha256::new().chain_update(subject).chain_update([0]).chain_update(body);
        Ok(Some(Self { scope_key: scope.finalize().into(), request_hash: request.finalize().into() }))
    }

    /// What the request was answered before.
    pub(crate) fn answered(&self, namespace: &Namespace) -> Result<Option<Committed>, WriteError> {
        namespace.answered(&self.scope_key, &self.request_hash)
    }

    /// What the log is to keep beside the write.
    pub(crate) fn promise(&self, answer: &Stored) -> Result<Idempotency, Problem> {
        let answer = serde_json::to_vec(answer).map_err(Problem::internal)?;
        Ok(Idempotency { scope_key: self.scope_key, request_hash: self.request_hash, answer: Bytes::from(answer) })
    }
}

/// The answer given the first time. An erase leaves none of those before it.
pub(crate) fn stored(committed: &Committed) -> Result<Stored, Problem> {
    let answer = committed.replayed.as_ref().ok_or_else(|| Problem::internal("no answer is stored"))?;
    if answer.is_empty() {
        let detail = format!("The request was done at commit {}; its answer was erased since.", committed.commit);
        return Err(Problem::new(Code::IdempotencyConflict, detail));
    }
    serde_json::from_slice(answer).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_erased_is_refused_by_name() {
        let done = |answer| Committed { commit: 7, replayed: Some(answer), ..Committed::default() };
        let kept = stored(&done(Bytes::from_static(b"{\"status\":200,\"result\":{}}"))).expect("an answer");
        assert_eq!(kept.status, 200);
        let erased = stored(&done(Bytes::new())).expect_err("erased");
        assert_eq!(erased.code(), Code::IdempotencyConflict);
        assert!(erased.detail().contains("commit 7"), "{}", erased.detail());
    }
}
