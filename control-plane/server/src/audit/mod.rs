//! What the audit log is told. A change records itself, in its transaction, through the [`Audit`] of its request; what
//! is refused of the operations in [`OPERATIONS`](operations::OPERATIONS) the access layer records.

mod attempt;
mod operations;
mod refusals;

use std::time::Duration;

use agentdb_control_plane_contract::Principal;
use agentdb_control_plane_store::{
    AuditAction, AuditActor, AuditCaller, AuditDetails, AuditEvent, AuditOutcome, AuditTarget, OrgTx, StoreError,
};
use agentdb_ids::{AuditEventId, OrgId};
use agentdb_problem::{Code, Problem, current_request_id};
use http::{HeaderMap, HeaderValue, header, request::Parts};

use crate::{
    extract::ClientAddress,
    refusal::store_failed,
    state::{App, AppState},
};

pub(crate) use attempt::Attempt;
pub(crate) use refusals::Refusals;

/// The longest that recording a refusal may hold the refusal up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who calls, for the audit log: in the request's extensions beside the `OrgScope`. Whatever changes something of an
/// organisation [records](Self::record) it.
#[derive(Debug, Clone)]
pub(crate) struct Audit(AuditCaller);

impl Audit {
    /// Of the request that is being served.
    pub fn of(app: &App, parts: &Parts, principal: Principal) -> Self {
        let address = ClientAddress::of(&parts.headers, &parts.extensions, app.config.trusted_proxies);
        Self::by(principal, address, &parts.headers)
    }

    /// Of a request that is for no organisation, and changes something of one all the same.
    pub fn by(principal: Principal, address: ClientAddress, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes);
        Self(AuditCaller {
            actor: match principal {
                Principal::User(id) => AuditActor::Person(id),
                Principal::ApiKey(id) => AuditActor::ApiKey(id),
            },
            client_address: address.0,
            user_agent: user_agent.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            request_id: Some(current_request_id()),
        })
    }

    /// Of what the service does of its own accord.
    pub const fn of_the_service() -> Self {
        Self(AuditCaller { actor: AuditActor::Service, client_address: None, user_agent: None, request_id: None })
    }

    /// The event of what is done, for [`OrgTx::record`] where no caller is to be told of what goes wrong.
    pub fn done<'a>(
        &'a self,
        app: &App,
        action: AuditAction,
        target: &'a AuditTarget,
        details: &'a AuditDetails,
    ) -> AuditEvent<'a> {
        self.event(app, action, target, AuditOutcome::Done, details)
    }

    /// Puts what the caller does into the transaction that does it. Call once for each thing that changes, and not at
    /// all when nothing does.
    pub async fn record(
        &self,
        app: &App,
        org: &mut OrgTx,
        action: AuditAction,
        target: &AuditTarget,
        details: &AuditDetails,
    ) -> Result<(), Problem> {
        let event = self.done(app, action, target, details);
        org.record(&event).await.map_err(store_failed)
    }

    /// Records that an attempt was refused, if it is one that is recorded and there were not too many of them. Nothing
    /// that goes wrong here is told to the caller.
    pub async fn refused(self, app: AppState, org_id: OrgId, attempt: Option<Attempt>, code: Code) {
        let told = matches!(code, Code::Forbidden | Code::FeatureNotInEdition | Code::LimitExceeded);
        let Some(attempt) = attempt.filter(|_| told) else { return };
        let Some(left_out) = app.refusals.admit(org_id) else { return };
        // In a task of its own: the attempt of somebody who hangs up is recorded, too.
        let recording = tokio::spawn(async move {
            let outcome = AuditOutcome::Refused { code: code.as_str(), left_out };
            let failed = match tokio::time::timeout(PATIENCE, self.keep(&app, org_id, &attempt, outcome)).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it took too long".to_owned(),
            };
            app.refusals.leave_out(org_id, left_out.saturating_add(1));
            tracing::warn!(organization = %org_id, error = failed, "a refusal is not in the audit log");
        });
        if let Err(error) = recording.await {
            tracing::error!(organization = %org_id, %error, "recording a refusal broke off");
        }
    }

    async fn keep(&self, app: &App, org_id: OrgId, attempt: &Attempt, outcome: AuditOutcome) -> Result<(), StoreError> {
        let details = AuditDetails::default();
        let event = self.event(app, attempt.action, &attempt.target, outcome, &details);
        let mut org = app.stores.org(org_id).await?;
        org.record(&event).await?;
        org.commit().await
    }

    fn event<'a>(
        &'a self,
        app: &App,
        action: AuditAction,
        target: &'a AuditTarget,
        outcome: AuditOutcome,
        details: &'a AuditDetails,
    ) -> AuditEvent<'a> {
        let id = AuditEventId::generate(&*app.clock, &*app.entropy);
        AuditEvent { id, at: app.now(), caller: &self.0, action, target, outcome, details }
    }
}
