//! The suites that need the whole service. One program, so that it is linked once.

mod faults;
mod guarantees;
mod journeys;
mod operating;
mod routes;
