//! The store against a real PostgreSQL.

mod account;
mod feed;
mod keys;
mod mail;
mod migrations;
mod namespaces;
mod people;
mod postgres;
mod row_level_security;
mod signups;
mod transactions;
