//! The person who is signed in.

pub(super) mod get;
