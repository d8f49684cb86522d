//! The server's operations against a real PostgreSQL, without a network for people and with one for nodes.

mod access;
mod api_keys;
mod auth;
mod console_tokens;
mod internal;
mod leaving;
mod lockout;
mod mail;
mod namespaces;
mod new_email;
mod new_password;
#[path = "../../../store/tests/suite/postgres.rs"]
mod postgres;
mod service;
mod sessions;
