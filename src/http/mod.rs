//! The two listeners of a process and what all their replies have in common. Routes belong to the planes.

mod body_deadline;
mod connection;
mod console;
mod cors;
mod edge;
mod hardening;
mod health;
mod internal;
mod observe;
mod pace;
mod panic;
mod public;
mod serve;
mod tls;

pub use body_deadline::{BODY_DEADLINE, body_deadline};
pub use cors::Cors;
pub use edge::{Edge, Limits};
pub use hardening::Hardening;
pub use health::Readiness;
pub use internal::internal_app;
pub use public::{PublicParts, public_app};
pub use serve::{Listener, Serving};
pub use tls::{Tls, TlsError, TlsFiles};
