//! Reading a request's body.

use std::sync::Arc;

use agentdb_problem::{IDEMPOTENCY_KEY, JsonBytes, Problem};
use axum::extract::{FromRequest, Request};
use http::header;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{admission::Admission, config::AdmissionConfig, state::NodeState};

/// A strict JSON body, with the digest of its bytes when the request can be repeated under a key. Its bytes count
/// against the node's [`BodyRoom`] until the work of the request is over.
#[derive(Debug)]
pub(crate) struct Body<T> {
    pub value: T,
    pub digest: [u8; 32],
}

impl<T: DeserializeOwned> FromRequest<NodeState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, node: &NodeState) -> Result<Self, Problem> {
        let admission = request.extensions().get::<Admission>().cloned();
        let admission = admission.ok_or_else(|| Problem::internal("a data route without admission"))?;
        let repeatable = request.headers().contains_key(IDEMPOTENCY_KEY);
        let mut room = node.bodies.take(&request)?;
        let arriving = tokio::time::timeout(node.request_timeout, JsonBytes::from_request(request, node));
        let Ok(arrived) = arriving.await else {
            return Err(Problem::invalid("", "unreadable_body", "the body did not arrive in time"));
        };
        let JsonBytes { value, bytes } = arrived?;
        drop(room.split(room.num_permits().saturating_sub(bytes.len())));
        admission.hold(room);
        let digest = if repeatable { Sha256::digest(&bytes).into() } else { [0; 32] };
        Ok(Self { value, digest })
    }
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
