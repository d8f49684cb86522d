//! Reading a request's body.

use std::{sync::Arc, task::Poll};

use agentdb_problem::{IDEMPOTENCY_KEY, JsonBytes, Problem};
use axum::{
    body,
    extract::{FromRequest, Request},
};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::header;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::run::at_length;
use crate::{admission::Admission, config::AdmissionConfig, state::NodeState};

/// To make sense of a body of so many bytes keeps others waiting.
const LARGE_BODY: usize = 64 << 10;

/// A strict JSON body, with the digest of its bytes when the request can be repeated under a key. Its bytes count
/// against the node's [`BodyRoom`] until the work of the request is over.
#[derive(Debug)]
pub(crate) struct Body<T> {
    pub value: T,
    pub digest: [u8; 32],
}

impl<T: DeserializeOwned + Send> FromRequest<NodeState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, node: &NodeState) -> Result<Self, Problem> {
        let admission = request.extensions().get::<Admission>().cloned();
        let admission = admission.ok_or_else(|| Problem::internal("a data route without admission"))?;
        let repeatable = request.headers().contains_key(IDEMPOTENCY_KEY);
        let mut room = node.bodies.take(&request)?;
        let (request, arrived) = held_back(request);
        let mut reading = JsonBytes::<T>::from_request(request, node).boxed();
        let arriving = tokio::time::timeout(node.request_timeout, async {
            tokio::select! {
                biased;
                read = &mut reading => Ok(read),
                Ok(go_on) = arrived => Err(go_on),
            }
        });
        let read = match arriving.await {
            Ok(Ok(read)) => read,
            // All of it is there. To make sense of it takes a while, which is the organisation's own.
            Ok(Err(go_on)) => {
                let _place = admission.place().await?;
                // Nobody reads on when it was given up.
                let _ = go_on.send(());
                match at_length(|| (&mut reading).now_or_never()) {
                    Some(read) => read,
                    None => reading.await,
                }
            }
            Err(_) => return Err(Problem::invalid("", "unreadable_body", "the body did not arrive in time")),
        };
        let JsonBytes { value, bytes } = read?;
        drop(room.split(room.num_permits().saturating_sub(bytes.len())));
        admission.hold(room);
        let digest = if repeatable { Sha256::digest(&bytes).into() } else { [0; 32] };
        Ok(Self { value, digest })
    }
}

/// The request with a body that does not end, once all of a large one has arrived, before the caller says so: it is made
/// sense of with its end.
fn held_back(request: Request) -> (Request, oneshot::Receiver<oneshot::Sender<()>>) {
    let (arrived, told) = oneshot::channel();
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let (mut bytes, mut arrived, mut waiting) = (0, Some(arrived), None::<oneshot::Receiver<()>>);
    let held = stream::poll_fn(move |context| {
        if waiting.is_none() {
            let chunk = std::task::ready!(body.poll_next_unpin(context));
            if let Some(chunk) = chunk {
                bytes += chunk.as_ref().map_or(0, Bytes::len);
                return Poll::Ready(Some(chunk));
            }
            let Some(arrived) = arrived.take().filter(|_| bytes >= LARGE_BODY) else { return Poll::Ready(None) };
            let (go_on, wait) = oneshot::channel();
            if arrived.send(go_on).is_err() {
                return Poll::Ready(None);
            }
            waiting = Some(wait);
        }
        if let Some(wait) = &mut waiting {
            // An error is the end as well: who held it back is gone.
            let _ = std::task::ready!(wait.poll_unpin(context));
            waiting = None;
        }
        Poll::Ready(None)
    });
    (Request::from_parts(parts, body::Body::from_stream(held)), told)
}

/// Bytes of request bodies that the node has in work at once, of all callers together.
#[derive(Debug)]
pub(crate) struct BodyRoom {
    room: Arc<Semaphore>,
    largest: u32,
}

impl BodyRoom {
    pub(crate) fn new(config: AdmissionConfig) -> Self {
        let all = config.max_bodies_bytes.clamp(1, Semaphore::MAX_PERMITS);
        let largest = u32::try_from(config.max_body_bytes.min(all)).unwrap_or(u32::MAX);
        Self { room: Arc::new(Semaphore::new(all)), largest }
    }

    /// Room for the body that the request announces; for the largest that is read when it does not say.
    fn take(&self, request: &Request) -> Result<OwnedSemaphorePermit, Problem> {
        let said = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = said.unwrap_or(self.largest).min(self.largest);
        Arc::clone(&self.room).try_acquire_many_owned(bytes).map_err(|_| {
            metrics::counter!("agentdb_node_body_room_refusals_total").increment(1);
            Problem::unavailable("The node has as many bytes of request bodies in work as it takes at once.", 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(length: Option<&str>) -> Request {
        let mut request = Request::new(axum::body::Body::empty());
        if let Some(length) = length {
            request.headers_mut().insert(header::CONTENT_LENGTH, length.parse().expect("a header"));
        }
        request
    }

    #[tokio::test]
    async fn a_large_body_ends_when_it_may_and_a_small_one_at_once() {
        let of = |bytes: usize| {
            let chunks = stream::iter((0..bytes / 1_024).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![1; 1_024]))));
            held_back(Request::new(body::Body::from_stream(chunks)))
        };
        let (small, arrived) = of(LARGE_BODY - 1_024);
        let read = Bytes::from_request(small, &()).now_or_never().expect("at once").expect("read");
        assert_eq!(read.len(), LARGE_BODY - 1_024);
        assert!(arrived.await.is_err(), "nobody holds it back");
        let (large, arrived) = of(LARGE_BODY);
        let mut reading = Bytes::from_request(large, &()).boxed();
        assert!((&mut reading).now_or_never().is_none());
        let go_on = arrived.now_or_never().expect("it has arrived").expect("told");
        assert!((&mut reading).now_or_never().is_none());
        go_on.send(()).expect("it waits");
        assert_eq!(reading.now_or_never().expect("at once").expect("read").len(), LARGE_BODY);
        let (given_up, arrived) = of(LARGE_BODY);
        drop(arrived);
        assert!(Bytes::from_request(given_up, &()).now_or_never().is_some());
    }

    #[test]
    fn bodies_share_the_room_by_their_lengths() {
        let config = AdmissionConfig { max_body_bytes: 100, max_bodies_bytes: 250, ..AdmissionConfig::default() };
        let room = BodyRoom::new(config);
        let first = room.take(&request(Some("60"))).expect("an empty node");
        assert_eq!(first.num_permits(), 60);
        let unknown = room.take(&request(None)).expect("190 are left");
        assert_eq!(unknown.num_permits(), 100, "as much as it could be");
        let too_large = request(Some("99999999999999999999"));
        assert!(room.take(&too_large).is_err(), "90 are left, and no body needs more than 100");
        assert!(room.take(&request(Some("90"))).is_ok());
        drop(unknown);
        assert!(room.take(&too_large).is_ok());
    }

    #[test]
    fn a_node_with_less_room_than_the_largest_body_takes_it_when_it_is_alone() {
        let config = AdmissionConfig { max_body_bytes: 100, max_bodies_bytes: 50, ..AdmissionConfig::default() };
        let room = BodyRoom::new(config);
        let all = room.take(&request(Some("100"))).expect("alone");
        assert!(room.take(&request(Some("1"))).is_err());
        drop(all);
        assert!(room.take(&request(Some("1"))).is_ok());
    }
}
