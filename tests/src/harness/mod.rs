//! Starts what a test needs on free loopback ports with private directories, and ends it.
//!
//! [`Service`] is `agentdb up`; [`Roles`] is a control plane and a node apart, with a PostgreSQL of their own.
//! A test ends with `stop()`: a service that is dropped without it belongs to a test that failed, so its processes are
//! killed and its logs printed.

pub mod client;

mod binary;
mod cache;
mod leftovers;
mod operator;
mod place;
mod ports;
mod postgres;
mod process;
mod roles;
mod s3;
mod scratch;
mod service;
mod wait;

pub use binary::binary;
pub use cache::cache;
pub use client::{Account, Api, Collection, Key, Reply, Tally, Usage, micros};
pub use leftovers::processes_in;
pub use operator::Operator;
pub use place::Place;
pub use ports::free_port;
pub use postgres::Postgres;
pub use process::Program;
pub use roles::Roles;
pub use s3::S3Server;
pub use scratch::Scratch;
pub use service::Service;
pub use wait::{eventually, eventually_every};
