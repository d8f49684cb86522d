use agentdb_control_plane_contract::{
    AddressRange, ApiKeyToken, Grant, KeyKind, KeyLimits, KeyUse, NamespacePattern, OrgScope, Principal, Role, Scope,
    address_range::may_be_used_from,
};
use agentdb_ids::{ApiKeyId, OrgId, SessionId};
use agentdb_problem::{Code, Problem};
use axum::{
    RequestPartsExt as _,
    extract::{RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use http::{HeaderValue, header, request::Parts};

use super::{ClientAddress, Session};
use crate::{
    audit::{Attempt, Audit},
    refusal::{address_forbidden, forbidden, store_failed},
    state::AppState,
};

/// How far the caller reaches, and so what a key may have that the caller makes: everything for people, that of the key
/// for keys. In the request's extensions beside [`OrgScope`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Where.
    pub namespaces: NamespacePattern,
    /// What the caller may do or pass on.
    pub scopes: Vec<Scope>,
    /// From where; from anywhere when there are none.
    pub allowed_addresses: Vec<AddressRange>,
    /// How fast, below what the organisation may.
    pub limits: KeyLimits,
    /// Until when; for ever when `None`.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A caller who may act in the organisation.
struct Admitted {
    scope: OrgScope,
    reach: Reach,
    /// That of a signed-in person.
    session: Option<SessionId>,
}

/// A caller who may not.
struct Denied {
    problem: Box<Problem>,
    /// In which organisation, and who, when they belong to it.
    member: Option<(OrgId, Principal)>,
}

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), member: None }
    }
}

/// Middleware around the operations of `/v1/orgs/{org}/…`: finds out who calls and puts their [`OrgScope`], their
/// [`Reach`], their [`Audit`] and, for people, their [`SessionId`] into the extensions. No good credential: 401. An
/// organisation the caller does not belong to: the one 404. What is refused to those who belong to it is recorded.
pub(crate) async fn org_access(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let attempt = Attempt::of(&mut parts).await;
    match admit(&app, &mut parts).await {
        Ok(Admitted { scope, reach, session }) => {
            let audit = Audit::of(&app, &parts, scope.principal);
            parts.extensions.insert(scope);
            parts.extensions.insert(reach);
            parts.extensions.insert(audit.clone());
            if let Some(session) = session {
                parts.extensions.insert(session);
            }
            let response = next.run(Request::from_parts(parts, body)).await;
            let refused = response.extensions().get::<Code>().copied();
            if let Some(code) = refused {
                audit.refused(app, scope.org_id, attempt, code).await;
            }
            response
        }
        Err(Denied { problem, member }) => {
            if let Some((org_id, principal)) = member {
                let audit = Audit::of(&app, &parts, principal);
                audit.refused(app, org_id, attempt, problem.code()).await;
            }
            problem.into_response()
        }
    }
}

async fn admit(app: &AppState, parts: &mut Parts) -> Result<Admitted, Denied> {
    let org_id = org_in_path(parts).await?;
    match parts.headers.get(header::AUTHORIZATION).cloned() {
        Some(header) => by_key(app, parts, &header, org_id).await,
        None => by_session(app, parts, org_id).await,
    }
}

/// `None` for what cannot be an organisation, such as bytes that are not UTF-8: it is not there, which only those who
/// have a credential learn.
async fn org_in_path(parts: &mut Parts) -> Result<Option<OrgId>, Problem> {
    let Ok(params) = parts.extract::<RawPathParams>().await else {
        return Ok(None);
    };
    let org = params.iter().find(|(name, _)| *name == "org").map(|(_, value)| value.parse().ok());
    org.ok_or_else(|| Problem::internal("an operation behind the access layer has no {org} in its path"))
}

async fn by_session(app: &AppState, parts: &Parts, org_id: Option<OrgId>) -> Result<Admitted, Denied> {
    let session = Session::of(parts, app).await?;
    let org_id = org_id.ok_or_else(Problem::not_found)?;
    let mut person = app.stores.person(session.user.id).await.map_err(store_failed)?;
    let membership = person.membership(org_id).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let scope = OrgScope {
        org_id,
        principal: Principal::User(session.user.id),
        role: membership.role,
        edition: membership.edition,
        whole_org: true,
    };
    let scopes = vec![Scope::Read, Scope::Write, Scope::Admin];
    let reach = Reach {
        namespaces: NamespacePattern::any(),
        scopes,
        allowed_addresses: Vec::new(),
        limits: KeyLimits::default(),
        expires_at: None,
    };
    Ok(Admitted { scope, reach, session: Some(session.id) })
}

async fn by_key(
    app: &AppState,
    parts: &Parts,
    header: &HeaderValue,
    org_id: Option<OrgId>,
) -> Result<Admitted, Denied> {
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| ApiKeyToken::parse(token.trim()))
        .ok_or_else(Problem::unauthenticated)?;
    let address = ClientAddress::of(&parts.headers, &parts.extensions, app.config.trusted_proxies);
    app.throttles.key_lookups.admit(address.throttle_key())?;
    let found = app
        .stores
        .find_key(token.key_id(), None)
        .await
        .map_err(store_failed)?
        .filter(|found| token.matches(&found.grant.token_sha256))
        .filter(|found| found.grant.expires_at.is_none_or(|end| end > app.now()))
        .ok_or_else(Problem::unauthenticated)?;
    if org_id != Some(found.grant.org_id) {
        return Err(Problem::not_found().into());
    }
    let member = Some((found.grant.org_id, Principal::ApiKey(found.grant.key_id)));
    if found.grant.kind != KeyKind::Api || !found.grant.scopes.contains(&Scope::Admin) {
        return Err(Denied { problem: Box::new(forbidden("a key with the scope `admin`")), member });
    }
    if !may_be_used_from(&found.grant.allowed_addresses, address.0) {
        return Err(Denied { problem: Box::new(address_forbidden(address.0)), member });
    }
    used(app, found.grant.key_id, address).await;
    let scope = OrgScope {
        org_id: found.grant.org_id,
        principal: Principal::ApiKey(found.grant.key_id),
        role: Role::Admin,
        edition: found.edition,
        whole_org: found.grant.namespaces == NamespacePattern::any(),
    };
    let Grant { namespaces, scopes, allowed_addresses, limits, expires_at, .. } = found.grant;
    Ok(Admitted { scope, reach: Reach { namespaces, scopes, allowed_addresses, limits, expires_at }, session: None })
}

/// Keeps when and from where the key was used, once a minute. A request does not fail for it.
async fn used(app: &AppState, key_id: ApiKeyId, address: ClientAddress) {
    let now = app.now();
    let Some(at) = app.key_minutes.first_use(key_id, now) else { return };
    let used = KeyUse { key_id, at, address: address.0.map(|address| address.to_canonical()) };
    if let Err(error) = app.jobs.keep_key_uses(None, &[used], now).await {
        tracing::warn!(%error, key = %key_id, "the use of a key was not kept");
    }
}
