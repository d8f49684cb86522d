//! Failures of the store as callers see them, and the refusals that operations have in common, for the description.

use std::{collections::BTreeMap, net::IpAddr};

use agentdb_control_plane_store::StoreError;
use agentdb_problem::{Code, Problem};
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
    /// Of reading the captured mailbox.
    MailboxRefusals = [InvalidRequest, NotFound, RateLimited, Internal, Unavailable];
    /// Of operations on an organisation that read no body.
    OrgRefusals = [InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, NotFound, RateLimited, Internal, Unavailable];
    /// Of operations on an organisation that read a body.
    OrgBodyRefusals = [
        InvalidRequest, Unauthenticated, Forbidden, CsrfFailed, LimitExceeded, NotFound, Conflict, PayloadTooLarge,
        UnsupportedMediaType, RateLimited, Internal, Unavailable
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
