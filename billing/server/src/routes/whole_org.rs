use agentdb_control_plane_contract::OrgScope;
use agentdb_problem::{Code, Problem};

/// Refuses a key that reaches only some of the organisation's namespaces: what is told about the organisation as a whole
/// would tell it of the others.
///
/// # Errors
/// 403 `forbidden`, which names the callers that are told.
pub(super) fn needs_whole_org(scope: OrgScope) -> Result<(), Problem> {
    if scope.whole_org {
        return Ok(());
    }
    Err(Problem::new(
        Code::Forbidden,
        "This tells about every namespace of the organisation, and the key reaches only those of its pattern. Use a key \
         with the namespace pattern `*` and the scope `admin`, or sign in.",
    ))
}
