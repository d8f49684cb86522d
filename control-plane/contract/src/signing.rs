//! Authentication of calls between planes, in both directions.
//!
//! The control plane holds a root secret; each node holds a key derived from it for its own id, so a node
//! can speak for itself alone. A request carries an HMAC-SHA256 over method, path, node, time, nonce and
//! body; the reply carries one over that nonce, the status and the body, so that a node does not believe
//! an impostor. All operations are safe to repeat, so a replay within the time window does no harm.

mod server;

use std::fmt;

use agentdb_clock::Entropy;
use agentdb_ids::NodeId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderName;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

pub use server::{InternalAuth, authenticate};

pub(crate) const NODE: HeaderName = HeaderName::from_static("x-agentdb-node");
pub(crate) const TIMESTAMP: HeaderName = HeaderName::from_static("x-agentdb-timestamp");
pub(crate) const NONCE: HeaderName = HeaderName::from_static("x-agentdb-nonce");
pub(crate) const SIGNATURE: HeaderName = HeaderName::from_static("x-agentdb-signature");

/// Requests whose time differs more than this from ours are refused, in seconds.
pub(crate) const MAX_SKEW_S: i64 = 300;

/// The largest body of an internal request or reply, in bytes.
pub(crate) const MAX_BODY: usize = 32 * 1024 * 1024;

/// The shortest root secret, in bytes.
pub const MIN_SECRET_BYTES: usize = 32;

/// The secret of the control plane from which nodes' keys are derived.
#[derive(Clone)]
pub struct RootSecret(Vec<u8>);

impl RootSecret {
    /// `None` when the secret has fewer than [`MIN_SECRET_BYTES`] bytes.
    #[must_use]
    pub fn new(secret: Vec<u8>) -> Option<Self> {
        (secret.len() >= MIN_SECRET_BYTES).then_some(Self(secret))
    }

    /// A random secret.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut secret = vec![0; MIN_SECRET_BYTES];
        entropy.fill(&mut secret);
        Self(secret)
    }

    /// Lower-case hex, for a file that only the service reads.
    #[must_use]
    pub fn expose_hex(&self) -> String {
        hex::encode(&self.0)
    }

    /// The credential of one node.
    #[must_use]
    pub fn credential(&self, node_id: NodeId) -> NodeCredential {
        let key = mac(&self.0, &[b"agentdb node key", node_id.to_string().as_bytes()]);
        NodeCredential { node_id, key }
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootSecret(***)")
    }
}

/// What a node proves itself with.
#[derive(Clone)]
pub struct NodeCredential {
    node_id: NodeId,
    key: [u8; 32],
}

impl NodeCredential {
    /// The credential whose key is given as 64 hex digits; `None` when it is not.
    #[must_use]
    pub fn from_hex(node_id: NodeId, key: &str) -> Option<Self> {
        let key = hex::decode(key).ok()?.try_into().ok()?;
        Some(Self { node_id, key })
    }

    /// The key as 64 hex digits, for the configuration of the node.
    #[must_use]
    pub fn expose_hex(&self) -> String {
        hex::encode(self.key)
    }

    /// The node.
    #[must_use]
    pub const fn node_id(&self) -> NodeId {
        self.node_id
    }

    pub(crate) fn sign_request(&self, request: &RequestParts<'_>) -> String {
        hex::encode(mac(
            &self.key,
            &[
                b"request",
                request.method.as_bytes(),
                request.path_and_query.as_bytes(),
                self.node_id.to_string().as_bytes(),
                request.timestamp.as_bytes(),
                request.nonce.as_bytes(),
                &Sha256::digest(request.body),
            ],
        ))
    }

    pub(crate) fn sign_response(&self, nonce: &str, status: u16, body: &[u8]) -> String {
        let parts: [&[u8]; 4] = [b"response", nonce.as_bytes(), &status.to_be_bytes(), &Sha256::digest(body)];
        hex::encode(mac(&self.key, &parts))
    }
}

impl fmt::Debug for NodeCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeCredential({}, ***)", self.node_id)
    }
}

pub(crate) struct RequestParts<'a> {
    pub method: &'a str,
    pub path_and_query: &'a str,
    pub timestamp: &'a str,
    pub nonce: &'a str,
    pub body: &'a [u8],
}

pub(crate) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// HMAC-SHA256 over the parts, each preceded by its length so that no two lists of parts look alike.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
