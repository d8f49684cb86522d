use agentdb_control_plane_store::{AuditAction, AuditTarget};
use axum::{
    RequestPartsExt as _,
    extract::{MatchedPath, RawPathParams},
};
use http::request::Parts;

use super::operations::{Named, OPERATIONS};

/// What a request is about to do, as far as its method and path say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(super) action: AuditAction,
    pub(super) target: AuditTarget,
}

impl Attempt {
    /// `None` for operations that are not recorded.
    pub async fn of(parts: &mut Parts) -> Option<Self> {
        let matched = parts.extensions.get::<MatchedPath>()?.as_str();
        let method = parts.method.as_str();
        let found = OPERATIONS.iter().find(|(known, path, ..)| *known == method && *path == matched);
        let (_, _, action, named) = *found?;
        let params = parts.extract::<RawPathParams>().await.ok();
        let param = |wanted: &str| {
            let mut params = params.as_ref().into_iter().flatten();
            params.find(|(name, _)| *name == wanted).map(|(_, value)| value)
        };
        let target = match named {
            Named::Nothing => AuditTarget::default(),
            Named::Id(name) => AuditTarget::sought(param(name), None),
            Named::Name(name) => AuditTarget::sought(None, param(name)),
        };
        Some(Self { action, target })
    }
}
