//! What whoever runs the service relies on.

mod description;
mod doctor;
mod metrics;
mod replies;
