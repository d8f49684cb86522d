//! What an organisation subscribed to.

pub(super) mod get;
