//! The control plane's server: identity and intent.
//!
//! Owns: sign-up, sessions, organisations and their members, API keys, namespaces, editions and limits, what nodes are
//! told, and the access layer that every operation of an organisation stands behind. Does not own: bytes of tenants,
//! prices, the SQL (the store crate). Invariants: a caller who does not belong to an organisation gets the same 404 as
//! for one that does not exist; an organisation always has an owner; secrets are stored hashed, or encrypted where they
//! have to be read again, and shown once; nothing a node must know is answered before it is published. Fails with `application/problem+json`; while PostgreSQL is
//! away every operation answers 503.

mod audit;
pub mod config;
mod control_plane;
mod editions;
mod encryption;
mod extract;
mod key_minutes;
mod mailer;
mod openapi;
mod passwords;
mod reconcilers;
mod refusal;
mod routes;
mod second_factor;
mod state;
mod throttle;

pub use config::Config;
pub use control_plane::{ControlPlane, StartError};
pub use encryption::{EncryptionKeys, EncryptionKeysError};
pub use openapi::openapi;

use editions::EditionBook;
