//! The log of a namespace: one object a commit, created once and never changed, but emptied by an erase.

mod entry;
mod file;
mod recent;

pub(crate) use entry::{Answer, Body, Entry, EraseOp, LoggedWrite, Op};
pub(crate) use file::{Follower, Log, LogError, Settled};
