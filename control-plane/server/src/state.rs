//! What every operation has at hand.

use std::{ops::Deref, sync::Arc, time::Duration};

use agentdb_clock::{Clock, Entropy};
use agentdb_control_plane_store::{Jobs, People, Stores};
use chrono::{DateTime, SubsecRound as _, Utc};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Config, EditionBook, EncryptionKeys, audit::Refusals, key_minutes::KeyMinutes, passwords::Hasher,
    throttle::Throttle,
};

/// A node that was heard of within this time is there.
const NODE_ALIVE: Duration = Duration::from_secs(60);

/// Shared by all operations and reconcilers.
pub(crate) struct App {
    pub config: Config,
    pub stores: Stores,
    pub people: People,
    pub jobs: Jobs,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub editions: EditionBook,
    /// What stored secrets are encrypted under.
    pub encryption: EncryptionKeys,
    pub hasher: Hasher,
    pub throttles: Throttles,
    /// Those that the audit log is told of.
    pub refusals: Refusals,
    pub key_minutes: KeyMinutes,
    /// Rung when mail was posted.
    pub mail_posted: Notify,
    /// Changes whenever a feed or a namespace may have changed.
    pub changes: watch::Sender<u64>,
    /// Cancelled when the control plane stops.
    pub stopping: CancellationToken,
}

/// See [`crate::config::Auth`].
pub(crate) struct Throttles {
    pub by_address: Throttle,
    pub by_email: Throttle,
    pub mails: Throttle,
    pub invitations: Throttle,
    pub key_lookups: Throttle,
    pub by_person: Throttle,
}

/// The state of the routers.
#[derive(Clone)]
pub(crate) struct AppState(pub Arc<App>);

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl App {
    /// Now, as exactly as it is stored.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// Nodes heard of since then are there.
    pub fn alive_since(&self) -> DateTime<Utc> {
        self.now() - NODE_ALIVE
    }

    /// A secret that is shown once, and what is stored of it.
    pub fn new_token(&self) -> (String, [u8; 32]) {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes);
        let token = hex::encode(bytes);
        let stored = token_sha256(&token);
        (token, stored)
    }

    /// An identifier that sorts by time.
    pub fn new_uuid(&self) -> Uuid {
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// What is stored of a token. It has 256 random bits, so a slow hash would protect nothing.
pub(crate) fn token_sha256(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
