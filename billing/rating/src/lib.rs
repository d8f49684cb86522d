//! What usage costs.
//!
//! Owns exact money, the price book and the arithmetic from a period's usage to the lines of an invoice.
//! Does not own counting, storing or collecting, and reads no clock.
//!
//! Invariants: integers only; a line is rounded once, to the currency's minor unit, half to even, and the
//! remainder is not carried; the total is the sum of the lines; an edition that stops at its included
//! amounts owes nothing. Arithmetic that would overflow is an error, never a wrapped number.

mod book;
mod books;
mod invoice;
mod money;
#[cfg(test)]
mod naive;
mod period;
#[cfg(test)]
mod properties;
mod rate;
mod usage;

pub use book::{BeyondIncluded, BookError, CountedIn, EditionTerms, Multiplier, Per, Price, PriceBook};
pub use books::PriceBooks;
pub use invoice::{Invoice, Line};
pub use money::{Currency, Money, MoneyError};
pub use period::Period;
pub use rate::{RateError, rate};
pub use usage::UsageTotals;
