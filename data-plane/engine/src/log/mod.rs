//! The log of a namespace: one object a commit, created once and never changed.

mod entry;
mod file;
mod recent;

pub(crate) use entry::{Answer, Body, Entry, LoggedWrite, Op};
pub(crate) use file::{Follower, Log, LogError, Settled};
