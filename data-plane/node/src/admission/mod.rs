//! Who may do what, how fast and how much: decided for every request before work begins, in one order.
//!
//! address throttle, key checksum, grant, namespace, scope, the key's addresses, standing, feature, rates of key and
//! organisation, concurrency of both, month's included amounts. What comes out is an [`Admission`]: the only way to a namespace, and what the work is
//! counted on. Does not own the work, or what keys, editions and limits there are.

mod address;
mod admitted;
mod allowance;
mod charge;
mod middleware;
mod operation;
mod organisation;
mod pipeline;
mod rate;

pub(crate) use address::AddressThrottle;
pub(crate) use admitted::{Admission, CountRefusal};
use charge::Charge;
pub(crate) use middleware::admit;
pub(crate) use operation::Operation;
pub(crate) use organisation::{InWork, Organisation, Storing};
pub(crate) use pipeline::{Caller, Pipeline, no_lease};
pub(crate) use rate::Rates;
