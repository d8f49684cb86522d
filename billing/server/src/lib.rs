//! Money's service: takes usage reports in, keeps usage by hour and month, and shows what the running month costs.
//!
//! Owns the schema `billing`, `POST /internal/v1/usage/checkpoints`, and the usage and billing routes of an
//! organisation. Does not own counting (nodes do), who may ask (the control plane's access layer says, by
//! [`OrgScope`](agentdb_control_plane_contract::OrgScope)), or what follows from a limit being reached.
//!
//! Invariants: a report is durable before it is answered; of a cumulative counter the largest value counts, so reports
//! may come twice, late and out of order; hours and months are the exact sums of counters, changed in one transaction
//! with them; a counter that goes back is kept, recorded and warned of. Fails by refusing with 503 while the database
//! is away: nodes report again.

mod billing;
mod openapi;
mod routes;
mod store;

pub use billing::{Billing, Config, Pools, StartError};
pub use openapi::openapi;
pub use store::{MigrateError, migrate};
