//! A module for each resource of the public API: what its operations promise and refuse.

mod api_keys;
mod audit_events;
mod auth;
mod collections;
mod members;
mod namespaces;
mod records;
