//! The server's operations against a real PostgreSQL, without a network for people and with one for nodes.

mod access;
mod api_keys;
mod audit_events;
mod audited;
mod auth;
mod authenticator;
mod console_tokens;
mod internal;
mod invitations;
mod key_addresses;
mod key_changes;
mod key_limits;
mod key_rotation;
mod key_uses;
mod leaving;
mod lockout;
mod mail;
mod members;
mod namespace_life;
mod namespaces;
mod new_email;
mod new_password;
mod organizations;
#[path = "../../../store/tests/suite/postgres.rs"]
mod postgres;
mod second_factor;
mod second_factor_log_in;
mod service;
mod sessions;
mod stored_secrets;
