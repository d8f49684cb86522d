//! The server's operations against a real PostgreSQL, without a network for people and with one for nodes.

mod access;
mod api_keys;
mod auth;
mod console_tokens;
mod internal;
mod key_addresses;
mod key_changes;
mod key_rotation;
mod key_uses;
mod mail;
mod namespaces;
#[path = "../../../store/tests/suite/postgres.rs"]
mod postgres;
mod service;
