//! What the engine promises, shown against real stores. One program, so that it is linked once.

mod by_filter;
mod cleanup;
mod conditions;
mod durability;
mod feed;
mod filters;
mod fold_steps;
mod index;
mod index_kinds;
mod index_speed;
mod io;
mod limits;
mod ownership;
mod patches;
mod python;
mod queries;
mod ranking;
mod read_limits;
mod requests;
mod same_answer;
mod set_aside;
mod simulation;
mod stores;
mod support;
mod transfer;
mod vector_columns;
