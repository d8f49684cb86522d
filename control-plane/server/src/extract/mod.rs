//! From a request to who is calling.

mod browser;
mod client_address;
mod cookie;
mod org_access;
mod session;

pub(crate) use browser::Browser;
pub(crate) use client_address::ClientAddress;
pub(crate) use cookie::Cookie;
pub(crate) use org_access::{Reach, org_access};
pub(crate) use session::{Session, csrf_token};
