//! What whoever runs the service relies on.

mod description;
mod metrics;
mod replies;
