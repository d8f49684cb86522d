//! The two listeners of a process and what all their replies have in common. Routes belong to the planes.

mod body_deadline;
mod connection;
mod console;
mod health;
mod internal;
mod observe;
mod panic;
mod public;
mod serve;

pub use body_deadline::{BODY_DEADLINE, body_deadline};
pub use health::Readiness;
pub use internal::internal_app;
pub use public::{PublicParts, public_app};
pub use serve::{Listener, Serving};
