//! Failures of the store as callers see them, and the refusals that operations have in common, for the description.

use std::{collections::BTreeMap, net::IpAddr};

use agentdb_control_plane_contract::{OrgScope, Permission, Role};
use agentdb_control_plane_store::StoreError;
use agentdb_problem::{Code, Problem};
use chrono::TimeDelta;
use utoipa::{
    IntoResponses, PartialSchema as _, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

/// Logged here, once; the cause is not shown.
pub(crate) fn store_failed(error: StoreError) -> Problem {
    match error {
        StoreError::Unavailable(cause) => {
            tracing::warn!(%cause, "the metadata store is not available");
            Problem::unavailable("The metadata store is not available at this moment.", 2)
        }
        StoreError::Refused(_) | StoreError::Corrupt(_) => Problem::internal(error),
    }
}

/// Too many tries have failed; the next may be made after `wait`.
pub(crate) fn locked_out(why: &str, wait: TimeDelta) -> Problem {
    let seconds = u64::try_from(wait.num_milliseconds()).unwrap_or(0).div_ceil(1000);
    Problem::new(Code::RateLimited, why).with_retry_after(seconds)
}

/// A limit of the organisation, that of its edition or one of its own, is reached.
pub(crate) fn limit_reached(limit: &str, maximum: u32, edition: &str) -> Problem {
    Problem::new(
        Code::LimitExceeded,
        format!("The organisation may have {maximum} {} at once (edition `{edition}`).", limit.replace('_', " ")),
    )
    .with("limit", limit)
    .with("maximum", maximum)
    .with("edition", edition)
}

/// Refuses a role that may not do it and names those that may.
pub(crate) fn require(role: Role, permission: Permission) -> Result<(), Problem> {
    if role.may(permission) {
        return Ok(());
    }
    let may: Vec<&str> = permission.roles().iter().map(|role| role.as_str()).collect();
    Err(forbidden(&match may.split_last() {
        Some((last, others)) if !others.is_empty() => format!("the role {} or {last}", others.join(", ")),
        _ => format!("the role {}", may.concat()),
    }))
}

/// Refuses a key that reaches only some of the organisation's namespaces: what concerns all of it is not for that key.
pub(crate) fn require_whole_org(scope: &OrgScope) -> Result<(), Problem> {
    if scope.whole_org { Ok(()) } else { Err(forbidden("a key with the namespace pattern `*`, or a signed-in person")) }
}

/// Missing role or scope.
pub(crate) fn forbidden(needed: &str) -> Problem {
    Problem::new(Code::Forbidden, format!("This operation needs {needed}."))
}

/// A key may not be used from where the request comes from. What it may be used from is not told to who may not use it.
pub(crate) fn address_forbidden(address: Option<IpAddr>) -> Problem {
    let from = address.map_or_else(|| "an unknown address".to_owned(), |address| address.to_canonical().to_string());
    Problem::new(Code::Forbidden, format!("The key may not be used from {from}."))
}

fn described(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(code.as_str());
    }
    by_status
        .into_iter()
        .map(|(status, codes)| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
            let response = ResponseBuilder::new()
                .description(codes.join(" or "))
                .content("application/problem+json", content)
                .build();
            (status.to_string(), RefOr::T(response))
        })
        .collect()
}

macro_rules! refusal_sets {
    ($($(#[$doc:meta])* $name:ident = [$($code:ident),+];)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                described(&[$(Code::$code),+])
            }
        }
    )+};
}

refusal_sets! {
    /// Of operations without a credential that read a body.
    AuthRefusals = [InvalidRequest, PayloadTooLarge, UnsupportedMediaType, RateLimited, Internal, Unavailable];
    /// Of logging in.
    LogInRefusals = [
        InvalidRequest, LoginFailed, PayloadTooLarge, UnsupportedMediaType, RateLimited, Internal, Unavailable
    ];
    /// Of operations of a signed-in person.
    SessionRefusals = [Unauthenticated, CsrfFailed, RateLimited, Internal, Unavailable];
    /// Of ending one of one's own sessions.
    OwnSessionRefusals = [Unauthenticated, CsrfFailed, NotFound, RateLimited, Internal, Unavailable];
    /// Of operations of a signed-in person that read a body.
    PersonBodyRefusals = [
        InvalidRequest, Unauthenticated, CsrfFailed, PayloadTooLarge, UnsupportedMediaType, RateLimited, Internal,
        Unavailable
    ];
    /// Of leaving.
    DeleteMeRefusals = [
        InvalidRequest, Unauthenticated, CsrfFailed, Conflict, PayloadTooLarge, UnsupportedMediaType, RateLimited,
        Internal, Unavailable
    ];
    /// Of changing one's second factor.
    SecondFactorRefusals = [
        InvalidRequest, Unauthenticated, CsrfFailed, NotFound, Conflict, PayloadTooLarge, UnsupportedMediaType,
        RateLimited, Internal, Unavailable
    ];
    /// Of reading the captured mailbox.
    MailboxRefusals = [InvalidRequest, NotFound, RateLimited, Internal, Unavailable];
    /// Of operations on an organisation that read no body.
    OrgRefusals = [InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, NotFound, RateLimited, Internal, Unavailable];
    /// Of operations on an organisation that read a body.
    OrgBodyRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, LimitExceeded, NotFound, Conflict, PayloadTooLarge,
        UnsupportedMediaType, RateLimited, Internal, Unavailable
    ];
    /// Of suspending and resuming a namespace.
    MoveNamespaceRefusals = [
        InvalidRequest, Unauthenticated, StandingUnpaid, Forbidden, CsrfFailed, NotFound, Conflict, RateLimited,
        Internal, Unavailable
    ];
    /// Of deleting a namespace.
    DeleteNamespaceRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, NotFound, Conflict, PreconditionFailed, RateLimited,
        Internal, Unavailable
    ];
    /// Of changing a namespace.
    UpdateNamespaceRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, NotFound, Conflict, PreconditionFailed, PayloadTooLarge,
        UnsupportedMediaType, RateLimited, Internal, Unavailable
    ];
    /// Of operations of a signed-in person that let them belong to one more organisation.
    JoinRefusals = [
        InvalidRequest, Unauthenticated, CsrfFailed, LimitExceeded, Conflict, IdempotencyConflict, PayloadTooLarge,
        UnsupportedMediaType, RateLimited, Internal, Unavailable
    ];
    /// Of inviting somebody.
    InviteRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, LimitExceeded, NotFound, Conflict, IdempotencyConflict,
        PayloadTooLarge, UnsupportedMediaType, RateLimited, Internal, Unavailable
    ];
    /// Of removing a member.
    RemoveMemberRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, NotFound, Conflict, RateLimited, Internal, Unavailable
    ];
    /// Of making an API key.
    CreateKeyRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, LimitExceeded, NotFound, IdempotencyConflict,
        PayloadTooLarge, UnsupportedMediaType, RateLimited, Internal, Unavailable
    ];
    /// Of changing an API key.
    UpdateKeyRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, NotFound, Conflict, PreconditionFailed, PayloadTooLarge,
        UnsupportedMediaType, RateLimited, Internal, Unavailable
    ];
    /// Of rotating an API key.
    RotateKeyRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, NotFound, Conflict, IdempotencyConflict,
        PayloadTooLarge, UnsupportedMediaType, RateLimited, Internal, Unavailable
    ];
}

/// The schemas that the sets refer to.
pub(crate) fn schemas() -> Vec<(String, RefOr<utoipa::openapi::Schema>)> {
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    schemas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_may_not_learns_which_may() {
        let refused = |role, permission| require(role, permission).map_err(|problem| problem.detail().to_owned());
        assert_eq!(refused(Role::Developer, Permission::ManageNamespaces), Ok(()));
        for (permission, needed) in [
            (Permission::ManageNamespaces, "the role developer, admin or owner"),
            (Permission::ManageMembers, "the role admin or owner"),
            (Permission::ManageOwners, "the role owner"),
        ] {
            assert_eq!(refused(Role::Billing, permission), Err(format!("This operation needs {needed}.")));
        }
    }
}
