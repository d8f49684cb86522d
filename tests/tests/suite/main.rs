//! The suites that need the whole service. One program, so that it is linked once.

mod bad_input;
mod faults;
mod guarantees;
mod isolation;
mod journeys;
mod operating;
mod routes;
