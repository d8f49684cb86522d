//! The rates that bind a request: those of its organisation and of its key, in requests and in units of its work.

use std::{sync::Arc, time::Duration};

use agentdb_control_plane_contract::Meter;
use agentdb_problem::{Code, Problem};
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;

use super::allowance::{Allowance, Quota, Short};
use crate::metering::units;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    Requests,
    Query,
    Write,
}

impl Counts {
    /// What the work of a meter is limited in; nothing limits the others.
    const fn of(meter: Meter) -> Option<Self> {
        match meter {
            Meter::Query => Some(Self::Query),
            Meter::Write => Some(Self::Write),
            Meter::EmbeddingTokens | Meter::EgressBytes | Meter::StorageByteHours => None,
        }
    }

    /// What every request takes, before it is known what it costs: as much as a query of a small collection, and a write
    /// of a small record.
    pub(crate) const fn least(self) -> u64 {
        match self {
            Self::Requests => 1,
            Self::Query => units::query(0),
            Self::Write => units::WRITE_LEAST,
        }
    }

    /// The limit's name.
    const fn limit(self) -> &'static str {
        match self {
            Self::Requests => "requests_per_second",
            Self::Query => "query_milli_units_per_second",
            Self::Write => "write_milli_units_per_second",
        }
    }
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Organisation,
    Key,
}

impl Whose {
    const fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Key => "api_key",
        }
    }

    const fn the(self) -> &'static str {
        match self {
            Self::Organisation => "The organisation",
            Self::Key => "The key",
        }
    }
}

/// The allowances of one organisation or one key.
#[derive(Debug)]
pub(crate) struct Allowances {
    pub requests: Arc<Allowance>,
    pub query: Arc<Allowance>,
    pub write: Arc<Allowance>,
}

/// The quotas of one organisation or one key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quotas {
    pub requests: Quota,
    pub query: Quota,
    pub write: Quota,
}

impl Allowances {
    pub(crate) fn new(quotas: Quotas, now: Duration) -> Self {
        let full = |quota| Arc::new(Allowance::new(quota, now));
        Self { requests: full(quotas.requests), query: full(quotas.query), write: full(quotas.write) }
    }

    pub(crate) fn set(&self, quotas: Quotas, now: Duration) {
        self.requests.set(quotas.requests, now);
        self.query.set(quotas.query, now);
        self.write.set(quotas.write, now);
    }

    pub(crate) fn are_full(&self, now: Duration) -> bool {
        [&self.requests, &self.query, &self.write].iter().all(|allowance| allowance.is_full(now))
    }

    fn get(&self, counts: Counts) -> &Arc<Allowance> {
        match counts {
            Counts::Requests => &self.requests,
            Counts::Query => &self.query,
            Counts::Write => &self.write,
        }
    }
}

/// One rate that a request is bound by.
#[derive(Debug, Clone)]
struct Bound {
    whose: Whose,
    counts: Counts,
    allowance: Arc<Allowance>,
}

/// How a limit stands; what the fields of a reply tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    name: &'static str,
    quota: u64,
    window_s: u64,
    remaining: u64,
    /// Seconds until one more request may come.
    retry_after_s: u64,
    /// Requests of the least cost for which there is enough.
    requests: u64,
}

/// The rates that bind one request, and what it has taken of them.
#[derive(Debug)]
pub(crate) struct Rates {
    bounds: Vec<Bound>,
    /// Units taken before it was known what the work costs, as long as that is not known.
    reserved: Mutex<u64>,
    /// The limit for which the request was refused.
    bitten: Mutex<Option<Told>>,
}

impl Rates {
    /// The rates of a request whose work is counted on `meter`: those of the key first, so that what the key may not do
    /// takes nothing from the organisation.
    pub(crate) fn of(organisation: &Allowances, key: Option<&Allowances>, meter: Option<Meter>) -> Self {
        let counted = [Some(Counts::Requests), meter.and_then(Counts::of)];
        let both = [(Whose::Key, key), (Whose::Organisation, Some(organisation))];
        let mut bounds = Vec::with_capacity(4);
        for (whose, allowances) in both {
            let Some(allowances) = allowances else { continue };
            let each = counted.into_iter().flatten();
            bounds.extend(each.map(|counts| Bound { whose, counts, allowance: Arc::clone(allowances.get(counts)) }));
        }
        Self { bounds, reserved: Mutex::new(0), bitten: Mutex::new(None) }
    }

    /// Takes one request and the least that it costs: of all rates or of none.
    pub(crate) fn admit(&self, now: Duration) -> Result<(), Problem> {
        for (at, bound) in self.bounds.iter().enumerate() {
            let Err(short) = bound.allowance.take(bound.counts.least(), now) else { continue };
            self.bounds[..at].iter().for_each(|taken| taken.allowance.give_back(taken.counts.least(), now));
            return Err(self.refuse(bound, bound.counts.least(), short, now));
        }
        *self.reserved.lock() = self.unit_bounds().map(|bound| bound.counts.least()).next().unwrap_or(0);
        Ok(())
    }

    /// Takes what the work is known to cost before it is done, of all rates or of none.
    pub(crate) fn afford(&self, units: u64, now: Duration) -> Result<(), Problem> {
        let mut reserved = self.reserved.lock();
        // Too large is told as such, also when there is little left.
        for bound in self.unit_bounds() {
            let burst = bound.allowance.left(now).quota.burst;
            if units > burst {
                return Err(self.refuse(bound, units, Short::TooLarge { burst }, now));
            }
        }
        let more = units.saturating_sub(*reserved);
        for (at, bound) in self.unit_bounds().enumerate() {
            let Err(short) = bound.allowance.take(more, now) else { continue };
            self.unit_bounds().take(at).for_each(|taken| taken.allowance.give_back(more, now));
            return Err(self.refuse(bound, more, short, now));
        }
        *reserved += more;
        Ok(())
    }

    /// The work is done and cost `units` on `meter`: what is more than was taken is debt, what is less is given back.
    pub(crate) fn settle(&self, meter: Meter, units: u64, now: Duration) {
        let Some(counts) = Counts::of(meter) else { return };
        if self.unit_bounds().all(|bound| bound.counts != counts) {
            return;
        }
        let reserved = std::mem::take(&mut *self.reserved.lock());
        for bound in self.unit_bounds() {
            match units.checked_sub(reserved) {
                Some(more) => bound.allowance.charge(more, now),
                None => bound.allowance.give_back(reserved - units, now),
            }
        }
    }

    /// The work was not done: what was taken for it is given back.
    pub(crate) fn forgo(&self, now: Duration) {
        let reserved = std::mem::take(&mut *self.reserved.lock());
        if reserved > 0 {
            self.unit_bounds().for_each(|bound| bound.allowance.give_back(reserved, now));
        }
    }

    /// Remembers that the request was refused for a limit on what is in work at once.
    pub(crate) fn too_many(&self, whose: Whose, most: u32) -> Problem {
        let name = match whose {
            Whose::Organisation => "concurrent_requests",
            Whose::Key => "key_concurrent_requests",
        };
        let told = Told { name, quota: most.into(), window_s: 1, remaining: 0, retry_after_s: 1, requests: 0 };
        *self.bitten.lock() = Some(told);
        let detail = format!("{} has {most} requests in work, which is as many as it may have.", whose.the());
        let problem = Problem::new(Code::RateLimited, detail).with_retry_after(1);
        problem.with("limit", "concurrent_requests").with("limit_of", whose.name()).with("maximum", most)
    }

    /// Remembers that the request was refused since as many of its organisation wait for the node as may.
    pub(crate) fn too_many_wait(&self, most: usize) -> Problem {
        let told = Told {
            name: "waiting_requests",
            quota: most as u64,
            window_s: 1,
            remaining: 0,
            retry_after_s: 1,
            requests: 0,
        };
        *self.bitten.lock() = Some(told);
        let detail = format!("{most} requests of the organisation wait for their turn, which is as many as may.");
        let problem = Problem::new(Code::RateLimited, detail).with_retry_after(1);
        problem.with("limit", "waiting_requests").with("maximum", most)
    }

    /// Remembers that the request was refused since the amount of a month is used.
    pub(crate) fn month_used(&self, meter: Meter, included: u64, window_s: u64, retry_after_s: u64) {
        let name = match meter {
            Meter::Query => "query_milli_units_in_month",
            Meter::Write => "write_milli_units_in_month",
            Meter::EmbeddingTokens | Meter::StorageByteHours | Meter::EgressBytes => "embedding_tokens_in_month",
        };
        let told = Told { name, quota: included, window_s, remaining: 0, retry_after_s, requests: 0 };
        *self.bitten.lock() = Some(told);
    }

    /// Adds the `RateLimit` and `RateLimit-Policy` fields: all limits that are rates, and how the one stands for which
    /// the request was refused, or the next one to bind.
    pub(crate) fn describe(&self, headers: &mut HeaderMap, now: Duration) {
        let told: Vec<Told> = self.bounds.iter().rev().filter_map(|bound| bound.told(now)).collect();
        let bitten = *self.bitten.lock();
        let nearest = bitten.or_else(|| told.iter().min_by_key(|told| told.requests).copied());
        let others = told.iter().filter(|told| bitten.is_none_or(|bitten| bitten.name != told.name));
        let policies: Vec<String> = others.chain(&bitten).map(Told::policy).collect();
        let Some(nearest) = nearest else { return };
        for (name, text) in [(POLICY, policies.join(", ")), (STATE, nearest.state())] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }

    fn unit_bounds(&self) -> impl Iterator<Item = &Bound> {
        self.bounds.iter().filter(|bound| bound.counts != Counts::Requests)
    }

    fn refuse(&self, bound: &Bound, units: u64, short: Short, now: Duration) -> Problem {
        let (the, what) = (bound.whose.the(), bound.counts.limit());
        let refused = |problem: Problem| problem.with("limit", what).with("limit_of", bound.whose.name());
        match short {
            Short::TooLarge { burst } => {
                let detail = format!(
                    "The request costs {units} milli-units and at most {burst} may come at once; ask for less."
                );
                refused(Problem::new(Code::LimitExceeded, detail)).with("cost", units).with("maximum", burst)
            }
            Short::Wait(wait) => {
                let retry_after_s = seconds(wait).max(1);
                let told = bound.told(now);
                *self.bitten.lock() = told.map(|told| Told { remaining: 0, retry_after_s, ..told });
                let detail = match bound.counts {
                    Counts::Requests => format!("{the} sends requests faster than it may."),
                    Counts::Query => {
                        format!("{the} queries faster than it may: its requests cost more than it has left.")
                    }
                    Counts::Write => {
                        format!("{the} writes faster than it may: its requests cost more than it has left.")
                    }
                };
                refused(Problem::new(Code::RateLimited, detail)).with_retry_after(retry_after_s)
            }
        }
    }
}

impl Bound {
    /// `None` when it binds nothing.
    fn told(&self, now: Duration) -> Option<Told> {
        let left = self.allowance.left(now);
        if left.quota.is_unlimited() {
            return None;
        }
        let name = match (self.whose, self.counts) {
            (Whose::Organisation, Counts::Requests) => "requests",
            (Whose::Organisation, Counts::Query) => "query_milli_units",
            (Whose::Organisation, Counts::Write) => "write_milli_units",
            (Whose::Key, Counts::Requests) => "key_requests",
            (Whose::Key, Counts::Query) => "key_query_milli_units",
            (Whose::Key, Counts::Write) => "key_write_milli_units",
        };
        let least = self.counts.least();
        Some(Told {
            name,
            quota: left.quota.burst,
            window_s: left.quota.burst.div_ceil(left.quota.per_second).max(1),
            remaining: left.units,
            retry_after_s: seconds(left.until(least)),
            requests: left.units / least,
        })
    }
}

impl Told {
    fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.quota, self.window_s)
    }

    fn state(&self) -> String {
        format!("\"{}\";r={};t={}", self.name, self.remaining, self.retry_after_s)
    }
}

/// Whole seconds, no fewer than `time`.
fn seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests;
