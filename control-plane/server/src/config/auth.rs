use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Passwords, and how often they may be tried.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// The cost of a password's hash.
    pub argon2: Argon2Params,
    /// Hashes computed at once, each on a thread and with memory of its own.
    pub concurrent_hashes: u8,
    /// Requests that may wait for a hash, besides those whose hash is computed; more are refused.
    pub waiting_hashes: u16,
    /// How long the link in a mail that verifies an address is good, in seconds.
    pub verification_s: u32,
    /// Sign-ups, log-ins, requests for new passwords and links followed from one address.
    pub by_address: Rate,
    /// Log-ins with one e-mail address, passwords tried with one link or by one signed-in person, and codes tried for one
    /// person's second factor.
    pub by_email: Rate,
    /// Mails to one e-mail address, those for a new password apart from the others.
    pub mails: Rate,
    /// Invitations of one organisation.
    pub invitations: Rate,
    /// API keys looked up for one address.
    pub key_lookups: Rate,
    /// Requests of one signed-in person, over all their browsers.
    pub by_person: Rate,
}

/// Parameters of Argon2id.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Argon2Params {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// So many a minute, sustained, and so many at once before that binds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Sustained.
    pub per_minute: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

impl Rate {
    const fn new(per_minute: u32, burst: u32) -> Self {
        match (NonZeroU32::new(per_minute), NonZeroU32::new(burst)) {
            (Some(per_minute), Some(burst)) => Self { per_minute, burst },
            _ => panic!("a rate is never zero"),
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        const BY_ADDRESS: Rate = Rate::new(60, 120);
        const BY_EMAIL: Rate = Rate::new(3, 12);
        const MAILS: Rate = Rate::new(1, 6);
        const INVITATIONS: Rate = Rate::new(6, 60);
        const KEY_LOOKUPS: Rate = Rate::new(3_000, 600);
        const BY_PERSON: Rate = Rate::new(300, 120);
        Self {
            argon2: Argon2Params::default(),
            concurrent_hashes: 2,
            waiting_hashes: 64,
            verification_s: 24 * 3600,
            by_address: BY_ADDRESS,
            by_email: BY_EMAIL,
            mails: MAILS,
            invitations: INVITATIONS,
            key_lookups: KEY_LOOKUPS,
            by_person: BY_PERSON,
        }
    }
}

impl Default for Argon2Params {
    /// OWASP's first recommendation.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}
