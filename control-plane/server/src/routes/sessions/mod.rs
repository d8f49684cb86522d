//! The browsers in which a person is signed in.

pub(super) mod end;
pub(super) mod end_others;
pub(super) mod list;
