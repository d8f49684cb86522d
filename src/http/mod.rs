//! The two listeners of a process and what all their replies have in common. Routes belong to the planes.

mod console;
mod health;
mod internal;
mod observe;
mod public;
mod serve;

pub use health::Readiness;
pub use internal::internal_app;
pub use public::{PublicParts, public_app};
pub use serve::{Listener, Serving};
