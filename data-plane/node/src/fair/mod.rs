//! Fair share of a busy node: nobody's storm keeps others waiting.
//!
//! What is scarce is used in places: for work in the engine ([`FairShare`] of the requests), and for calls of the object
//! store ([`FairStore`]). While there are free places nobody waits. When there are none, everybody waits in a queue of
//! their own, and a place goes to whoever has used least so far, by time and by what their edition counts for: so one
//! request of a quiet organisation is next, however many of another one wait. Who holds nothing may have one of a few
//! places that are kept for that, so long work of others does not have to end first. Background work of an organisation
//! counts for it, and comes after what somebody waits for.
//!
//! Does not own how much may come in the first place (admission), or what the engine does with threads of its own.

mod owners;
mod place;
mod share;
mod store;

pub(crate) use owners::Owners;
pub(crate) use place::{Lent, Place};
pub(crate) use share::{Bounds, Class, FairShare, Full};
pub(crate) use store::FairStore;
