//! Counting what is done, and reporting it.
//!
//! Reads are counted in memory and in a spool file before the reply; writes carry their usage in the
//! namespace's log. All counters are cumulative, so a report that is sent twice does no harm.

#[cfg(test)]
pub(crate) mod bench;
mod dirty;
mod months;
mod record;
mod reporter;
mod spool;
mod storage;
pub mod units;

pub(crate) use dirty::{DirtyMarks, WriteInFlight, WriteMark};
pub(crate) use months::{Included, MonthLedger, month_of};
pub(crate) use reporter::Reporter;
pub(crate) use spool::{CountError, CounterKey, Spool, left_behind};
pub(crate) use storage::{Sample, StorageLedger};
