//! The store against a real PostgreSQL.

mod account;
mod feed;
mod key_rules;
mod key_uses;
mod keys;
mod mail;
mod migrations;
mod namespaces;
mod postgres;
mod row_level_security;
mod signups;
mod transactions;
