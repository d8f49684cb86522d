//! Reading a request's body.

use std::{sync::Arc, time::Duration};

use agentdb_problem::{Code, Json, Problem};
use axum::{
    body::{Body as AxumBody, BodyDataStream, Bytes},
    extract::{FromRequest, Request},
};
use futures::{StreamExt as _, stream};
use http::StatusCode;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::idempotency::HEADER;

/// What is read, and thrown away, of a body that is too large, before it is refused: closing a connection on which the
/// caller still sends resets it, and the refusal may be lost on the way.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
const MAX_DISCARD_TIME: Duration = Duration::from_secs(10);

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
        // Shared, so that what is left of it can still be read when the extractor has given up.
        let arriving = Arc::new(Mutex::new(body.into_data_stream()));
        let source = Arc::clone(&arriving);
        let body = AxumBody::from_stream(stream::poll_fn(move |context| source.lock().poll_next_unpin(context)));
        let bytes = match Bytes::from_request(Request::from_parts(parts.clone(), body), state).await {
            Ok(bytes) => bytes,
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                discard(&arriving).await;
                let detail = "The body is larger than a data request may be (16 MiB).";
                return Err(Problem::new(Code::PayloadTooLarge, detail));
            }
            Err(_) => {
                let detail = "the body could not be read to its end";
                return Err(Problem::invalid("", "unreadable_body", detail));
            }
        };
        let repeatable = parts.headers.contains_key(HEADER);
        let digest = if repeatable { Sha256::digest(&bytes).into() } else { [0; 32] };
        let request = Request::from_parts(parts, AxumBody::from(bytes));
        let Json(value) = Json::from_request(request, state).await?;
        Ok(Self { value, digest })
    }
}

/// Reads on to the end, or to the bounds.
async fn discard(arriving: &Mutex<BodyDataStream>) {
    let to_the_end = async {
        let mut left = MAX_DISCARDED_BYTES;
        while let Some(Ok(chunk)) = std::future::poll_fn(|context| arriving.lock().poll_next_unpin(context)).await {
            let Some(less) = left.checked_sub(chunk.len()) else { return };
            left = less;
        }
    };
    // Refused either way.
    let _ = tokio::time::timeout(MAX_DISCARD_TIME, to_the_end).await;
}
