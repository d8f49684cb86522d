//! What admission must know of an operation.

use agentdb_control_plane_contract::{Meter, Scope};
use http::Method;

/// An operation on a namespace.
#[derive(Debug)]
pub(crate) struct Operation {
    /// `verb_resource`, as in the API description.
    pub id: &'static str,
    pub method: Method,
    /// The route, with its parameters in braces.
    pub path: &'static str,
    /// What the key must be allowed.
    pub scope: Scope,
    /// Where its work is counted; `None` when it costs no units, so that no included amount stops it.
    pub meter: Option<Meter>,
}

impl Operation {
    pub(crate) const fn is_write(&self) -> bool {
        matches!(self.scope, Scope::Write)
    }
}
