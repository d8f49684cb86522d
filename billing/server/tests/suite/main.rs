//! Billing against a real PostgreSQL of its own. Tests mirror routes.

mod catalogue;
mod routes;
mod support;
