//! Organisations.

pub(super) mod get;
