use agentdb_control_plane_contract::{
    ApiKeyToken, KeyKind, KeyLimits, NamespacePattern, OrgScope, Permission, Principal, Scope,
};
use agentdb_control_plane_store::NewApiKey;
use agentdb_ids::{ApiKeyId, SessionId};
use agentdb_problem::{Code, Json, Problem};
use axum::{Extension, extract::State};
use chrono::{DateTime, Duration, Utc};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    refusal::{OrgRefusals, forbidden, store_failed},
    state::AppState,
};

/// How long a token is good.
const LIFETIME: Duration = Duration::minutes(15);

/// Tokens that one person has in one organisation at once.
const MAX_LIVE: u64 = 50;

/// A key for the data operations that the console uses and nobody sees.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsoleToken {
    /// For `Authorization: Bearer`.
    token: String,
    expires_at: DateTime<Utc>,
}

/// Create a console token
///
/// For signed-in people: a key of this organisation that is good for 15 minutes and reads, and for those who may also
/// writes, in every namespace. It is not listed, does not count against the limit of keys, and ends with logging out,
/// with another role, and with belonging to the organisation.
#[utoipa::path(
    post,
    path = "/v1/orgs/{org}/console-tokens",
    operation_id = "create_console_token",
    tag = "console_tokens",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation")),
    responses((status = 201, description = "The token", body = ConsoleToken), OrgRefusals),
    security(("session" = [])),
)]
pub(crate) async fn create_console_token(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    session: Option<Extension<SessionId>>,
) -> Result<(StatusCode, Json<ConsoleToken>), Problem> {
    let (Principal::User(user_id), Some(Extension(session_id))) = (scope.principal, session) else {
        return Err(forbidden("a signed-in person, not a key"));
    };
    let now = app.now();
    let expires_at = now + LIFETIME;
    let id = ApiKeyId::generate(&*app.clock, &*app.entropy);
    let token = ApiKeyToken::generate(id, &*app.entropy);

    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    // Logging out ends all tokens: one that is asked for at the same moment is made before, or not at all.
    if !org.hold_session(session_id).await.map_err(store_failed)? {
        return Err(Problem::unauthenticated());
    }
    org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    // So does being removed or getting another role: what counts is what the person is under the lock.
    let role = org.member(user_id).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?.role;
    let scopes: &[Scope] = if role.may(Permission::WriteData) { &[Scope::Read, Scope::Write] } else { &[Scope::Read] };
    if org.count_console_keys(user_id, now).await.map_err(store_failed)? >= MAX_LIVE {
        return Err(Problem::new(Code::RateLimited, "Too many console tokens are in use.").with_retry_after(60));
    }
    org.add_api_key(&NewApiKey {
        id,
        kind: KeyKind::Console,
        name: "console",
        token_sha256: &token.sha256(),
        scopes,
        namespaces: &NamespacePattern::any(),
        allowed_addresses: &[],
        limits: KeyLimits::default(),
        created_by: Some(user_id),
        created_at: now,
        expires_at: Some(expires_at),
        replaces: None,
    })
    .await
    .map_err(store_failed)?;
    org.commit().await.map_err(store_failed)?;
    Ok((StatusCode::CREATED, Json(ConsoleToken { token: token.expose().to_owned(), expires_at })))
}
