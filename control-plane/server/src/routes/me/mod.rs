//! The person who is signed in.

pub(super) mod change_email;
pub(super) mod change_password;
pub(super) mod delete;
pub(super) mod get;

mod current_password;
