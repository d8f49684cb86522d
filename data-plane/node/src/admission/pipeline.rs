//! The order in which a request is judged.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{
    ApiKeyToken, AssignmentState, Feature, Grant, Meter, OrgPolicy, Scope, Standing, Suspension,
    address_range::may_be_used_from,
};
use agentdb_problem::{Code, Problem};
use http::{HeaderMap, header};

use super::{AddressThrottle, Admission, Charge, Operation, Organisation, Rates, organisation::included};
use crate::{
    assignments::{Opener, Registry, Slot},
    config::AdmissionConfig,
    fair::FairShare,
    grants::{GrantCache, GrantError, KeyUseLog},
    metering::{Spool, month_of},
};

const HOUR_S: i64 = 3_600;

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// Where the request comes from, as far as the server and the proxies before it tell.
    pub address: Option<IpAddr>,
    pub headers: &'a HeaderMap,
    /// The namespace's name as the path gives it.
    pub namespace: &'a str,
}

/// A refusal, with the rates that bind the request once those were judged.
pub(crate) type Refusal = (Problem, Option<Arc<Rates>>);

/// Everything admission judges by. Closed to the routes, so that a namespace is reached through an
/// [`Admission`] alone.
#[derive(Debug)]
pub(crate) struct Pipeline {
    throttle: AddressThrottle,
    grants: Arc<GrantCache>,
    uses: Arc<KeyUseLog>,
    pub(super) registry: Arc<Registry>,
    pub(super) opener: Arc<Opener>,
    pub(super) work: Arc<FairShare>,
    pub(super) spool: Arc<Spool>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Pipeline {
    pub(crate) fn new(
        config: AdmissionConfig,
        (grants, uses): (Arc<GrantCache>, Arc<KeyUseLog>),
        registry: Arc<Registry>,
        (opener, work): (Arc<Opener>, Arc<FairShare>),
        spool: Arc<Spool>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let throttle = AddressThrottle::new(config, Arc::clone(&clock));
        Self { throttle, grants, uses, registry, opener, work, spool, clock }
    }

    #[cfg(test)]
    pub(crate) fn lease(&self) -> &crate::lease::Lease {
        &self.opener.lease
    }

    /// Judges a request. What comes out is its right to be worked on.
    pub(crate) async fn admit(&self, operation: &'static Operation, caller: Caller<'_>) -> Result<Admission, Refusal> {
        let before_rate = |problem| (problem, None);
        let grant = self.authenticate(caller).await.map_err(before_rate)?;
        let (organisation, slot) = self.resolve(&grant, caller.namespace).map_err(before_rate)?;
        let policy = organisation.policy();
        allowed(&grant, operation.scope).map_err(before_rate)?;
        allowed_from(&grant, caller.address).map_err(before_rate)?;
        self.uses.record(&grant, caller.address, self.clock.now());
        standing(&policy, operation).map_err(before_rate)?;
        if let AssignmentState::Suspend(by) = slot.assignment().state {
            return Err(before_rate(suspended(by)));
        }
        feature(&policy, Feature::Collections).map_err(before_rate)?;
        if !self.opener.lease.valid() {
            return Err((no_lease(), None));
        }
        let share = organisation.key_share(&grant, &policy.limits);
        let of_key = share.as_ref().map(|share| &share.rates);
        let rates = Arc::new(Rates::of(&organisation.rates, of_key, operation.meter));
        let refused = |problem| (problem, Some(Arc::clone(&rates)));
        rates.admit(self.clock.monotonic()).map_err(refused)?;
        let charge = Charge::new(Arc::clone(&rates), Arc::clone(&self.clock));
        let of_key = share.map(|share| (share, grant.limits.concurrent_requests.unwrap_or(u32::MAX)));
        let in_work = organisation.begin(policy.limits.concurrent_requests, of_key);
        let in_work = in_work.map_err(|(whose, most)| refused(rates.too_many(whose, most)))?;
        if let Some(meter) = operation.meter {
            self.within_month(&organisation, &policy, &rates, meter).map_err(refused)?;
        }
        Ok(Admission::new(self, operation, &grant, (organisation, policy), slot, charge, in_work))
    }

    async fn authenticate(&self, caller: Caller<'_>) -> Result<Arc<Grant>, Problem> {
        let token = bearer(caller.headers).and_then(ApiKeyToken::parse).ok_or_else(Problem::unauthenticated)?;
        // Callers whose addresses are not known are throttled together.
        let address = caller.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let may_look_up = || self.throttle.check(address);
        self.grants.authenticate(&token, may_look_up).await.map_err(|error| match error {
            GrantError::Refused => Problem::unauthenticated(),
            GrantError::Throttled { retry_after_s } => {
                Problem::new(Code::RateLimited, "Too many unknown keys were tried from this address.")
                    .with_retry_after(retry_after_s)
            }
            GrantError::Unavailable => Problem::unavailable("The key cannot be checked at this moment.", 2),
        })
    }

    /// The namespace, if the key may know of it.
    fn resolve(&self, grant: &Grant, name: &str) -> Result<(Arc<Organisation>, Arc<Slot>), Problem> {
        if !grant.namespaces.matches(name) {
            return Err(Problem::not_found());
        }
        let slot = self.registry.resolve(grant.org_id, name).ok_or_else(Problem::not_found)?;
        let organisation = self
            .registry
            .organisation(grant.org_id)
            .ok_or_else(|| Problem::unavailable("The organisation's limits are not known here yet.", 1))?;
        Ok((organisation, slot))
    }

    /// Refuses when the amount that the edition includes in a month is used.
    pub(crate) fn within_month(
        &self,
        organisation: &Organisation,
        policy: &OrgPolicy,
        rates: &Rates,
        meter: Meter,
    ) -> Result<(), Problem> {
        let Some(included) = included(policy, meter) else { return Ok(()) };
        let hour = self.clock.hour();
        let used = organisation.month.used(hour, meter);
        if used < included.amount {
            return Ok(());
        }
        let (start_hour, end_hour) = month_of(hour);
        let wait = end_hour.saturating_mul(HOUR_S) - self.clock.now().timestamp();
        let (wait, window) = (u64::try_from(wait).unwrap_or(1), (end_hour - start_hour).saturating_mul(HOUR_S));
        rates.month_used(meter, included.amount, window.unsigned_abs(), wait);
        let detail = format!(
            "The {} edition includes {} of the meter `{}` a month, and {used} are used.",
            policy.edition.as_str(),
            included.amount,
            included.meter.as_str(),
        );
        Err(Problem::new(Code::IncludedAmountUsed, detail)
            .with("meter", included.meter.as_str())
            .with("included", included.amount)
            .with("used", used)
            .with_retry_after(wait))
    }
}

/// The text after `Authorization: Bearer `.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn allowed(grant: &Grant, scope: Scope) -> Result<(), Problem> {
    if grant.scopes.contains(&scope) {
        return Ok(());
    }
    let detail = format!("The key has no scope `{}`.", scope.as_str());
    Err(Problem::new(Code::Forbidden, detail).with("scope", scope.as_str()))
}

/// What the key may be used from is not told to who may not use it.
fn allowed_from(grant: &Grant, address: Option<IpAddr>) -> Result<(), Problem> {
    if may_be_used_from(&grant.allowed_addresses, address) {
        return Ok(());
    }
    let from = address.map_or_else(|| "an unknown address".to_owned(), |address| address.to_canonical().to_string());
    Err(Problem::new(Code::Forbidden, format!("The key may not be used from {from}.")))
}

fn standing(policy: &OrgPolicy, operation: &Operation) -> Result<(), Problem> {
    match policy.standing {
        Standing::Good => Ok(()),
        Standing::ReadOnly if !operation.is_write() => Ok(()),
        Standing::ReadOnly => {
            Err(Problem::new(Code::StandingUnpaid, "The organisation is read-only until its open invoice is paid."))
        }
        Standing::Suspended => {
            Err(Problem::new(Code::StandingUnpaid, "The organisation is suspended until its open invoice is paid."))
        }
    }
}

/// The namespace answers nobody until whoever suspended it resumes it.
pub(crate) fn suspended(by: Suspension) -> Problem {
    let problem = match by {
        Suspension::Organization => {
            let detail = "The namespace is suspended; a member with the role developer, admin or owner can resume it.";
            Problem::new(Code::Forbidden, detail)
        }
        Suspension::Standing => {
            Problem::new(Code::StandingUnpaid, "The namespace is suspended until the open invoice is paid.")
        }
        Suspension::Operator => {
            Problem::new(Code::Forbidden, "The namespace is suspended by the operator of the service.")
        }
    };
    problem.with("suspended_by", by.as_str())
}

/// Refuses what the edition lacks.
pub(crate) fn feature(policy: &OrgPolicy, feature: Feature) -> Result<(), Problem> {
    if policy.features.contains(&feature) {
        return Ok(());
    }
    let name = match feature {
        Feature::Collections => "collections",
        Feature::Embedding => "embedding",
    };
    let detail = format!("The {} edition does not include the feature `{name}`.", policy.edition.as_str());
    let problem = Problem::new(Code::FeatureNotInEdition, detail);
    Err(problem.with("feature", name).with("edition", policy.edition.as_str()))
}

/// The node may not answer, since another may have taken its place.
pub(crate) fn no_lease() -> Problem {
    Problem::unavailable("The node that owns the namespace cannot prove that it still does.", 2)
}
