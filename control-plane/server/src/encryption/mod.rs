//! Secrets that have to be read again, encrypted before they reach the store.
//!
//! What is only compared is stored as a hash; this is for the rest, such as the seed that an authenticator app has in
//! common with us. Each secret has a data key of its own, and that one is encrypted under a key of the configuration,
//! which only this server is given: neither the database nor a copy of it opens anything. A sealed secret is bound to
//! its place, so it opens in no other row. With several keys the first encrypts and all decrypt; a reconciler brings
//! what is under the others under the first.

mod keys;
mod sealed;

use uuid::Uuid;

pub use keys::{EncryptionKeys, EncryptionKeysError};

/// Where a secret is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub table: &'static str,
    pub column: &'static str,
    /// The row's identifier.
    pub row: Uuid,
}

impl Place {
    /// The place as what is authenticated along with a secret, which is of the kind `what`. No name has a zero byte.
    fn bound(&self, what: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        for name in [what, self.table, self.column] {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
        }
        bytes.extend_from_slice(self.row.as_bytes());
        bytes
    }
}
