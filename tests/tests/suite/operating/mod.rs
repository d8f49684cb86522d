//! What whoever runs the service relies on.

mod backup;
mod description;
mod doctor;
mod metrics;
mod replies;
