//! A module for each resource of the public API: what its operations promise and refuse.

mod api_keys;
mod auth;
mod collections;
mod members;
mod namespaces;
mod records;
