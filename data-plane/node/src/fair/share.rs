//! Who gets the next place.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use agentdb_clock::Clock;
use agentdb_ids::OrgId;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{Lent, Place};

/// A place is used for so long at least, as far as shares are concerned: many short uses are not for nothing.
const LEAST_USE: Duration = Duration::from_micros(100);
/// Shares are as whole numbers; time is counted in so many parts of a nanosecond, so that it can be divided by them.
const PARTS: u128 = 1_000;
/// Organisations that are remembered before those are forgotten whose use makes no difference any more.
const SWEPT_ABOVE: usize = 256;
/// Of so many places that are given while both wait, one goes to background work.
const BACKGROUND_ONE_IN: u32 = 8;

/// How a request and a task of the background differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Somebody waits for it.
    Foreground,
    /// Nobody does.
    Background,
}

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Places that are used at once.
    pub places: usize,
    /// Places beside them for those who hold fewer than `each`.
    pub kept: usize,
    pub each: usize,
    /// Places of those that background work may use.
    pub background: usize,
    /// Places that do not count while their holder waits for something else, of one organisation.
    pub lent: usize,
    /// How many of one organisation may wait.
    pub queue: usize,
}

/// As many of the organisation wait as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many of the organisation's requests wait")]
pub(crate) struct Full;

/// Places that organisations share.
#[derive(Debug)]
pub(crate) struct FairShare {
    what: &'static str,
    bounds: Bounds,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    tenants: HashMap<OrgId, Tenant>,
    /// The least that one of those at work or waiting had used when it got its last place, as far as it ever was: who comes
    /// later begins there.
    reached: u128,
    /// Held, by all; and of these in the background.
    held: usize,
    background: usize,
    /// Of all, those that do not count.
    lent: usize,
    next_ticket: u64,
    /// Places given in the foreground since the last one in the background.
    since_background: u32,
}

#[derive(Debug, Default)]
struct Tenant {
    weight: u32,
    /// What was used and given back, in parts of time divided by the weight.
    used: u128,
    /// The same, with what was held, when it got its last place.
    began: u128,
    held: usize,
    /// When these were taken, added up, in nanoseconds.
    since: u128,
    /// Calls under way for which a place need not count, and for how many that is so.
    elsewhere: usize,
    lent: usize,
    front: VecDeque<Waiting>,
    back: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    place: oneshot::Sender<Place>,
}

/// A place in a queue; left when dropped.
struct Ticket<'a> {
    share: &'a Arc<FairShare>,
    tenant: OrgId,
    class: Class,
    number: u64,
}

impl FairShare {
    /// `what` is for the metrics.
    pub(crate) fn new(what: &'static str, bounds: Bounds, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { what, bounds, clock, inner: Mutex::default() })
    }

    /// Waits for a place. Who waits no more leaves the queue.
    pub(crate) async fn place(self: &Arc<Self>, tenant: OrgId, weight: u32, class: Class) -> Result<Place, Full> {
        let asked = self.clock.monotonic();
        let (mut coming, number) = {
            let mut inner = self.inner.lock();
            inner.enter(tenant, weight);
            if inner.may_begin(&self.bounds, tenant, class) {
                inner.take(&self.bounds, tenant, class, asked);
                return Ok(Place::new(Arc::clone(self), tenant, class, asked));
            }
            let number = inner.next_ticket;
            let queue = inner.queue(tenant, class);
            if queue.len() >= self.bounds.queue {
                metrics::counter!("agentdb_node_share_refusals_total", "of" => self.what).increment(1);
                inner.leave(tenant);
                return Err(Full);
            }
            let (place, coming) = oneshot::channel();
            queue.push_back(Waiting { ticket: number, place });
            inner.next_ticket += 1;
            (coming, number)
        };
        let _ticket = Ticket { share: self, tenant, class, number };
        // The sender is dropped with its queue alone, and that goes with the share.
        let place = (&mut coming).await.map_err(|_| Full)?;
        let waited = self.clock.monotonic().saturating_sub(asked);
        metrics::histogram!("agentdb_node_share_wait_seconds", "of" => self.what).record(waited.as_secs_f64());
        Ok(place)
    }

    /// Says that somebody of the organisation waits for something else: one of its places, if it holds any, does not
    /// count meanwhile.
    pub(crate) fn lend(self: &Arc<Self>, tenant: OrgId, weight: u32) -> Lent {
        self.change(|inner| {
            inner.enter(tenant, weight);
            inner.with(&self.bounds, tenant, |tenant| tenant.elsewhere += 1);
        });
        Lent::new(Arc::clone(self), tenant)
    }

    /// Ends what [`lend`](Self::lend) began.
    pub(super) fn back(self: &Arc<Self>, tenant: OrgId) {
        self.change(|inner| {
            inner.with(&self.bounds, tenant, |tenant| tenant.elsewhere -= 1);
            inner.leave(tenant);
        });
    }

    /// Gives a place back that was held since `since`.
    pub(super) fn release(self: &Arc<Self>, tenant: OrgId, class: Class, since: Duration) {
        let now = self.clock.monotonic();
        self.change(|inner| {
            inner.put(&self.bounds, tenant, class, (since, now));
            inner.leave(tenant);
        });
    }

    /// What is shared.
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// How many of one organisation may wait.
    pub(crate) fn queue(&self) -> usize {
        self.bounds.queue
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.inner.lock().tenants.values().map(|tenant| tenant.front.len() + tenant.back.len()).sum()
    }

    /// How many places are held.
    pub(crate) fn held(&self) -> usize {
        self.inner.lock().held
    }

    /// Changes something, and gives out the places that are free then.
    fn change(self: &Arc<Self>, change: impl FnOnce(&mut Inner)) {
        let mut given = Vec::new();
        {
            let mut inner = self.inner.lock();
            change(&mut inner);
            let now = self.clock.monotonic();
            while let Some((tenant, class, waiting)) = inner.next(&self.bounds, now) {
                given.push((waiting, Place::new(Arc::clone(self), tenant, class, now)));
            }
        }
        // Who has gone meanwhile gives it back, which takes the lock.
        for (waiting, place) in given {
            drop(waiting.place.send(place));
        }
    }

    fn forget(self: &Arc<Self>, tenant: OrgId, class: Class, number: u64) {
        let mut inner = self.inner.lock();
        let Some(queue) = inner.tenants.get_mut(&tenant).map(|tenant| tenant.queue(class)) else { return };
        if let Ok(at) = queue.binary_search_by_key(&number, |waiting| waiting.ticket) {
            queue.remove(at);
            inner.leave(tenant);
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.share.forget(self.tenant, self.class, self.number);
    }
}

impl Inner {
    /// Counts the organisation among those who want something. Who wanted nothing for a while has saved nothing.
    fn enter(&mut self, tenant: OrgId, weight: u32) {
        let wanting = self.tenants.values().filter(|tenant| !tenant.wants_nothing());
        self.reached = self.reached.max(wanting.map(|tenant| tenant.began).min().unwrap_or(0));
        let reached = self.reached;
        if self.tenants.len() >= SWEPT_ABOVE && !self.tenants.contains_key(&tenant) {
            self.tenants.retain(|_, tenant| !tenant.is_at_rest() || tenant.used > reached);
        }
        let tenant = self.tenants.entry(tenant).or_default();
        tenant.weight = weight.max(1);
        if tenant.wants_nothing() {
            tenant.used = tenant.used.max(reached);
            tenant.began = tenant.used;
        }
    }

    /// Forgets the organisation when it wants nothing, and has used no more than whoever comes new; all of them when
    /// nobody wants anything.
    fn leave(&mut self, id: OrgId) {
        if self.held == 0 && self.tenants.values().all(Tenant::is_at_rest) {
            self.tenants.clear();
            self.reached = 0;
        } else if self.tenants.get(&id).is_some_and(|tenant| tenant.is_at_rest() && tenant.used <= self.reached) {
            self.tenants.remove(&id);
        }
    }

    fn queue(&mut self, tenant: OrgId, class: Class) -> &mut VecDeque<Waiting> {
        self.tenants.get_mut(&tenant).expect("it has entered").queue(class)
    }

    /// Whether somebody who comes now need not wait. Nobody can be waiting for a place that is free for all.
    fn may_begin(&self, bounds: &Bounds, tenant: OrgId, class: Class) -> bool {
        let own = &self.tenants[&tenant];
        let queue = if class == Class::Foreground { &own.front } else { &own.back };
        queue.is_empty() && self.is_free(bounds, own, class)
    }

    fn is_free(&self, bounds: &Bounds, tenant: &Tenant, class: Class) -> bool {
        let counted = self.held.saturating_sub(self.lent);
        match class {
            Class::Foreground if tenant.held < bounds.each => counted < bounds.places + bounds.kept,
            Class::Foreground => counted < bounds.places,
            Class::Background => counted < bounds.places && self.background < bounds.background,
        }
    }

    fn take(&mut self, bounds: &Bounds, tenant: OrgId, class: Class, now: Duration) {
        self.held += 1;
        match class {
            Class::Foreground => self.since_background = self.since_background.saturating_add(1),
            Class::Background => {
                self.background += 1;
                self.since_background = 0;
            }
        }
        self.with(bounds, tenant, |tenant| {
            tenant.began = tenant.used_by(now);
            tenant.held += 1;
            tenant.since += now.as_nanos();
            tenant.used += tenant.parts(LEAST_USE.as_nanos());
        });
    }

    fn put(&mut self, bounds: &Bounds, tenant: OrgId, class: Class, (since, now): (Duration, Duration)) {
        self.held -= 1;
        if class == Class::Background {
            self.background -= 1;
        }
        self.with(bounds, tenant, |tenant| {
            tenant.held -= 1;
            tenant.since -= since.as_nanos();
            tenant.used += tenant.parts(now.saturating_sub(since).as_nanos());
        });
    }

    /// Changes what the organisation holds or does elsewhere, and with it how many of its places do not count.
    fn with(&mut self, bounds: &Bounds, tenant: OrgId, change: impl FnOnce(&mut Tenant)) {
        let tenant = self.tenants.get_mut(&tenant).expect("it stays while it holds or lends something");
        self.lent -= tenant.lent;
        change(tenant);
        tenant.lent = tenant.elsewhere.min(tenant.held).min(bounds.lent);
        self.lent += tenant.lent;
    }

    /// The next one to get a place, which is then theirs.
    fn next(&mut self, bounds: &Bounds, now: Duration) -> Option<(OrgId, Class, Waiting)> {
        let front = self.least(bounds, Class::Foreground, now).map(|tenant| (tenant, Class::Foreground));
        let back = self.least(bounds, Class::Background, now).map(|tenant| (tenant, Class::Background));
        let turn_of_background = self.since_background >= BACKGROUND_ONE_IN - 1;
        let (tenant, class) = if turn_of_background { back.or(front) } else { front.or(back) }?;
        let waiting = self.queue(tenant, class).pop_front()?;
        self.take(bounds, tenant, class, now);
        Some((tenant, class, waiting))
    }

    /// Of those who wait and could be given a place, the one that has used least; of several, who has waited longest.
    fn least(&self, bounds: &Bounds, class: Class, now: Duration) -> Option<OrgId> {
        let waiting = self.tenants.iter().filter_map(|(id, tenant)| {
            let first = if class == Class::Foreground { tenant.front.front() } else { tenant.back.front() }?;
            self.is_free(bounds, tenant, class).then(|| (tenant.used_by(now), first.ticket, *id))
        });
        waiting.min().map(|(_, _, id)| id)
    }
}

impl Tenant {
    fn queue(&mut self, class: Class) -> &mut VecDeque<Waiting> {
        match class {
            Class::Foreground => &mut self.front,
            Class::Background => &mut self.back,
        }
    }

    fn wants_nothing(&self) -> bool {
        self.held == 0 && self.front.is_empty() && self.back.is_empty()
    }

    fn is_at_rest(&self) -> bool {
        self.wants_nothing() && self.elsewhere == 0
    }

    /// What was used until `now`, with what is held.
    fn used_by(&self, now: Duration) -> u128 {
        let held = (now.as_nanos() * self.held as u128).saturating_sub(self.since);
        self.used.saturating_add(self.parts(held))
    }

    fn parts(&self, nanos: u128) -> u128 {
        nanos * PARTS / u128::from(self.weight.max(1))
    }
}

#[cfg(test)]
mod tests;
