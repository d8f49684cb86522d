//! Reading a request's body to its end.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    extract::{FromRequest, Request},
};
use futures::{StreamExt as _, stream};
use http::StatusCode;
use parking_lot::Mutex;

use crate::{Code, Problem};

/// What is read, and thrown away, of a body that is too large, before it is refused: closing a connection on which the
/// caller still sends resets it, and the refusal may be lost on the way.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
const MAX_DISCARD_TIME: Duration = Duration::from_secs(10);

/// The whole body, within the limit that the router sets.
pub(super) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    // Shared, so that what is left of it can still be read when the extractor has given up.
    let arriving = Arc::new(Mutex::new(body.into_data_stream()));
    let source = Arc::clone(&arriving);
    let body = Body::from_stream(stream::poll_fn(move |context| source.lock().poll_next_unpin(context)));
    match Bytes::from_request(Request::from_parts(parts, body), state).await {
        Ok(bytes) => Ok(bytes),
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            discard(&arriving).await;
            Err(Problem::new(
                Code::PayloadTooLarge,
                "The body is larger than this operation reads; send less at a time.",
            ))
        }
        Err(_) => Err(Problem::invalid("", "unreadable_body", "the body could not be read to its end")),
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
