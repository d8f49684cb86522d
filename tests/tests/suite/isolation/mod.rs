//! No organisation learns of another's things. The operations tried are those of the service's own description, so a new
//! operation is tried, or fails the suite, without anybody thinking of it.

mod description;
mod requests;
mod rows;
mod strangers;
pub mod trace;
