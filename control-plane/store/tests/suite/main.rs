//! The store against a real PostgreSQL.

mod account;
mod audit;
mod feed;
mod invitations;
mod key_rules;
mod key_uses;
mod keys;
mod mail;
mod members;
mod migrations;
mod namespaces;
mod people;
mod postgres;
mod row_level_security;
mod signups;
mod totp;
mod transactions;
