//! How every public operation says no, and how it reads what it is given.
//!
//! Owns the registry of error codes, the `application/problem+json` body (RFC 9457), the request id and
//! the strict extractors. Does not own any rule about who may do what.
//!
//! Invariants: a body carries a code of [`Code`] and the request id; internal text never leaves the
//! process; [`Problem::not_found`] is the same bytes whatever was asked for.

mod code;
pub mod extract;
mod idempotency_key;
mod pages;
mod problem;
mod request_id;

pub use code::Code;
pub use extract::{Json, JsonBytes, Path, Query};
pub use idempotency_key::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, idempotency_key};
pub use pages::pages;
pub use problem::{FieldError, Problem};
pub use request_id::{RequestIds, current_request_id, with_request_id};
