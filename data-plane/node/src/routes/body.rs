//! Reading a request's body.

use agentdb_problem::{Code, Json, Problem};
use axum::{
    body::{Body as AxumBody, Bytes},
    extract::{FromRequest, Request},
};
use http::StatusCode;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::idempotency::HEADER;

/// A strict JSON body, with the digest of its bytes when the request can be repeated under a key.
#[derive(Debug)]
pub(crate) struct Body<T> {
    pub value: T,
    pub digest: [u8; 32],
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(whole, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new(Code::PayloadTooLarge, "The body is larger than a data request may be (16 MiB).")
            } else {
                Problem::invalid("", "unreadable_body", "the body could not be read to its end")
            }
        })?;
        let repeatable = parts.headers.contains_key(HEADER);
        let digest = if repeatable { Sha256::digest(&bytes).into() } else { [0; 32] };
        let request = Request::from_parts(parts, AxumBody::from(bytes));
        let Json(value) = Json::from_request(request, state).await?;
        Ok(Self { value, digest })
    }
}
