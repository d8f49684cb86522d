//! The cache and its rules.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{ApiKeyToken, Grant};
use agentdb_ids::ApiKeyId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{
    flight::{Answer, Flights},
    saved,
};
use crate::{config::GrantsConfig, line::Line};

/// How long a stale grant is used without asking again after the control plane did not answer.
const QUIET_MS: i64 = 2_000;
/// How long a change of a key is remembered: longer than any answer can be in flight, or a grant usable.
const CHANGE_KEPT_MS: i64 = 20 * 60 * 1_000;

/// What a secret is compared with when there is no key: no digest.
const NOBODY: &str = "----------------------------------------------------------------";

/// Why a key does not open anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrantError {
    #[error("no such key, or it is expired or revoked")]
    Refused,
    #[error("too many look-ups of unknown keys from this address")]
    Throttled { retry_after_s: u64 },
    #[error("the control plane does not answer and the key is not known here")]
    Unavailable,
}

#[derive(Debug, Clone)]
pub(super) enum Entry {
    Known {
        grant: Arc<Grant>,
        /// Milliseconds of monotonic time when the control plane said so; negative: before this process.
        confirmed: i64,
        /// Not to be asked about again before this, since the control plane was away.
        quiet_until: i64,
        /// A wrong secret is refused without asking until then.
        wrong_until: i64,
    },
    Absent {
        until: i64,
    },
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) entries: HashMap<ApiKeyId, Entry>,
    /// The version that now holds of keys that changed, and when that was heard.
    pub(super) changes: HashMap<ApiKeyId, (u64, i64)>,
}

/// The node's grants.
#[derive(Debug)]
pub(crate) struct GrantCache {
    path: PathBuf,
    config: GrantsConfig,
    clock: Arc<dyn Clock>,
    inner: Arc<Mutex<Inner>>,
    flights: Flights,
    changed: Notify,
    /// Held over copy and write: of two savers the later one has the later content.
    saving: Mutex<()>,
    /// Secrets that were compared.
    #[cfg(test)]
    compared: std::sync::atomic::AtomicUsize,
}

/// What the cache alone can say of a key.
enum Local {
    Use(Arc<Grant>),
    Refuse,
    /// Ask; in need the grant can be used without an answer.
    Ask(Option<Arc<Grant>>),
}

impl GrantCache {
    /// The cache as the last process saved it at `path`.
    pub(crate) fn load(path: PathBuf, config: GrantsConfig, clock: Arc<dyn Clock>, line: Arc<dyn Line>) -> Self {
        let now = millis(clock.monotonic());
        let inner = Arc::new(Mutex::new(saved::load(&path, clock.now(), now)));
        Self {
            path,
            config,
            clock,
            inner,
            flights: Flights::new(line),
            changed: Notify::new(),
            saving: Mutex::new(()),
            #[cfg(test)]
            compared: std::sync::atomic::AtomicUsize::default(),
        }
    }

    /// The grant of the key, if it is a key that may be used now. `may_look_up` is asked before an unknown
    /// key costs a look-up; it answers with the seconds to wait if that is too often.
    pub(crate) async fn authenticate(
        self: &Arc<Self>,
        token: &ApiKeyToken,
        may_look_up: impl FnOnce() -> Result<(), u64>,
    ) -> Result<Arc<Grant>, GrantError> {
        let key_id = token.key_id();
        let local = self.local(key_id);
        let known = match &local {
            Local::Use(grant) | Local::Ask(Some(grant)) => Some(grant),
            Local::Refuse | Local::Ask(None) => None,
        };
        if self.is_secret_of(token, known) {
            let grant = match local {
                Local::Use(grant) => grant,
                Local::Ask(usable) => self.ask(key_id, usable).await?,
                Local::Refuse => return Err(GrantError::Refused),
            };
            return self.opens(token, grant);
        }
        // A wrong secret of a key that is known here goes the way of a key that is not: asked about as often, throttled
        // alike, compared as often. So whether the key is there shows neither in the answer nor in the time it takes.
        let lately = self.asked_lately(key_id);
        if matches!(local, Local::Refuse) || (known.is_some() && lately) {
            return Err(GrantError::Refused);
        }
        may_look_up().map_err(|retry_after_s| GrantError::Throttled { retry_after_s })?;
        let grant = self.ask(key_id, None).await;
        if let Err(error) = grant {
            self.is_secret_of(token, None);
            return Err(error);
        }
        let opened = self.opens(token, grant?);
        if opened.is_err() {
            self.note_asked(key_id);
        }
        opened
    }

    /// The grant, if the secret is its key's and it has not expired. Compared even then, so that time tells nothing of an
    /// expired key's secret.
    fn opens(&self, token: &ApiKeyToken, grant: Arc<Grant>) -> Result<Arc<Grant>, GrantError> {
        let expired = grant.expires_at.is_some_and(|at| at <= self.clock.now());
        if !self.is_secret_of(token, Some(&grant)) || expired {
            return Err(GrantError::Refused);
        }
        Ok(grant)
    }

    /// Compares the secret with that of the grant; with nothing, in the same time, when there is none.
    fn is_secret_of(&self, token: &ApiKeyToken, grant: Option<&Arc<Grant>>) -> bool {
        #[cfg(test)]
        self.compared.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        token.matches(grant.map_or(NOBODY, |grant| &grant.token_sha256))
    }

    /// Whether a wrong secret of the key was asked about a moment ago.
    fn asked_lately(&self, key_id: ApiKeyId) -> bool {
        let now = self.now();
        let inner = self.inner.lock();
        matches!(inner.entries.get(&key_id), Some(Entry::Known { wrong_until, .. }) if now < *wrong_until)
    }

    /// A wrong secret of the key was asked about just now.
    fn note_asked(&self, key_id: ApiKeyId) {
        let until = self.now() + self.negative_ms();
        if let Some(Entry::Known { wrong_until, .. }) = self.inner.lock().entries.get_mut(&key_id) {
            *wrong_until = until;
        }
    }

    /// How long "no such key" is believed.
    fn negative_ms(&self) -> i64 {
        i64::try_from(self.config.negative_s).unwrap_or(0).saturating_mul(1_000)
    }

    /// A key changed: grants below `version` are dropped, those in flight too.
    pub(crate) fn key_changed(&self, key_id: ApiKeyId, version: u64) {
        let now = self.now();
        let mut inner = self.inner.lock();
        let known = inner.changes.get(&key_id).map_or(0, |(version, _)| *version);
        inner.changes.insert(key_id, (known.max(version), now));
        let stays = matches!(inner.entries.get(&key_id), Some(Entry::Known { grant, .. }) if grant.version >= version);
        if !stays {
            inner.entries.remove(&key_id);
        }
        inner.changes.retain(|_, (_, heard)| now - *heard < CHANGE_KEPT_MS);
        self.changed.notify_one();
    }

    /// Every grant must be confirmed before it is used, as far as the control plane answers.
    pub(crate) fn doubt_all(&self) {
        let fresh = i64::try_from(self.config.fresh_s).unwrap_or(i64::MAX).saturating_mul(1_000);
        let doubtful = self.now().saturating_sub(fresh);
        for entry in self.inner.lock().entries.values_mut() {
            match entry {
                Entry::Known { confirmed, quiet_until, .. } => {
                    *confirmed = (*confirmed).min(doubtful);
                    *quiet_until = 0;
                }
                Entry::Absent { until } => *until = 0,
            }
        }
    }

    /// Keys that were not known may be now.
    pub(crate) fn forget_absent(&self) {
        self.inner.lock().entries.retain(|_, entry| matches!(entry, Entry::Known { .. }));
    }

    /// Waits until there is something new to save.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Saves the cache. Hashes of keys are in it, so the file is this user's alone.
    pub(crate) fn save(&self) {
        let _alone = self.saving.lock();
        let saved = saved::of(&self.inner.lock(), self.clock.now(), self.now());
        if let Err(error) = saved.write(&self.path) {
            tracing::warn!(%error, "grants were not saved; a restart will ask for them");
        }
    }

    fn now(&self) -> i64 {
        millis(self.clock.monotonic())
    }

    fn local(&self, key_id: ApiKeyId) -> Local {
        let now = self.now();
        match self.inner.lock().entries.get(&key_id) {
            None => Local::Ask(None),
            Some(Entry::Absent { until }) if now < *until => Local::Refuse,
            Some(Entry::Absent { .. }) => Local::Ask(None),
            Some(Entry::Known { grant, confirmed, quiet_until, .. }) => {
                let age = u64::try_from(now - confirmed).unwrap_or(0);
                if age < self.config.fresh_s * 1_000 {
                    Local::Use(Arc::clone(grant))
                } else if age < self.config.usable_s * 1_000 {
                    let grant = Arc::clone(grant);
                    if now < *quiet_until { Local::Use(grant) } else { Local::Ask(Some(grant)) }
                } else {
                    Local::Ask(None)
                }
            }
        }
    }

    async fn ask(self: &Arc<Self>, key_id: ApiKeyId, usable: Option<Arc<Grant>>) -> Result<Arc<Grant>, GrantError> {
        let Some(usable) = usable else {
            return match self.look_up(key_id).await {
                Answer::Grant(grant) => Ok(grant),
                Answer::Absent | Answer::Outdated => Err(GrantError::Refused),
                Answer::Away => Err(GrantError::Unavailable),
            };
        };
        // The look-up goes on when it is not waited for; its answer serves the next request.
        let wait = Duration::from_millis(self.config.refresh_wait_ms);
        match tokio::time::timeout(wait, self.look_up(key_id)).await {
            Ok(Answer::Grant(grant)) => Ok(grant),
            Ok(Answer::Absent | Answer::Outdated) => Err(GrantError::Refused),
            Ok(Answer::Away) | Err(_) => {
                let quiet = self.now() + QUIET_MS;
                if let Some(Entry::Known { quiet_until, .. }) = self.inner.lock().entries.get_mut(&key_id) {
                    *quiet_until = quiet;
                    return Ok(usable);
                }
                // Dropped meanwhile by a change of the key.
                Err(GrantError::Refused)
            }
        }
    }

    /// Asks, and once more when the key changed while the answer was on its way: it may be good, only another one.
    async fn look_up(self: &Arc<Self>, key_id: ApiKeyId) -> Answer {
        let ask = || {
            let cache = Arc::clone(self);
            self.flights.join(key_id, move |answer| cache.take(key_id, answer))
        };
        match ask().await {
            Answer::Outdated => ask().await,
            answer => answer,
        }
    }

    /// Takes over an answer of the control plane, unless a change was heard of that it does not know.
    /// Returns what to tell the callers.
    fn take(&self, key_id: ApiKeyId, answer: Answer) -> Answer {
        let now = self.now();
        let mut inner = self.inner.lock();
        let least = inner.changes.get(&key_id).map_or(0, |(version, _)| *version);
        let answer = match answer {
            Answer::Grant(grant) if grant.version < least => Answer::Outdated,
            other => other,
        };
        let entry = match &answer {
            Answer::Away | Answer::Outdated => return answer,
            Answer::Grant(grant) => {
                let wrong_until = match inner.entries.get(&key_id) {
                    Some(Entry::Known { wrong_until, .. }) => *wrong_until,
                    _ => 0,
                };
                Entry::Known { grant: Arc::clone(grant), confirmed: now, quiet_until: 0, wrong_until }
            }
            Answer::Absent => Entry::Absent { until: now + self.negative_ms() },
        };
        let known = matches!(entry, Entry::Known { .. });
        let before = inner.entries.insert(key_id, entry);
        if inner.entries.len() > self.config.capacity {
            inner.shrink(self.config.capacity, now);
        }
        // Absent keys are not saved, so one more of them is nothing new.
        if known || matches!(before, Some(Entry::Known { .. })) {
            self.changed.notify_one();
        }
        answer
    }
}

impl Inner {
    /// Makes room: first what says "no such key", then the grants that were confirmed longest ago.
    fn shrink(&mut self, capacity: usize, now: i64) {
        self.entries.retain(|_, entry| !matches!(entry, Entry::Absent { until } if *until <= now));
        let target = capacity - capacity / 10;
        if self.entries.len() <= target {
            return;
        }
        let age = |entry: &Entry| match entry {
            Entry::Absent { .. } => i64::MIN,
            Entry::Known { confirmed, .. } => *confirmed,
        };
        let mut order: Vec<_> = self.entries.iter().map(|(id, entry)| (age(entry), *id)).collect();
        order.sort_unstable();
        for (_, id) in order.iter().take(self.entries.len() - target) {
            self.entries.remove(id);
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
