//! Short-lived keys with which the console reads and writes data.

pub(super) mod create;
