//! Where the metadata live.

use agentdb_control_plane_store::RolePasswords;
use serde::{Deserialize, Serialize};

use super::Secret;

/// PostgreSQL 15 or newer. Without a URL `agentdb up` runs a private one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Database {
    /// `postgres://user:password@host/database`. `migrate` and `up` log in as this user, who must be allowed to create
    /// roles; serving uses the roles below at the same address. Also read from `DATABASE_URL`.
    pub url: Option<Secret>,
    /// Passwords of the roles that serve. Without one, the one kept in the data directory is used.
    pub app_password: Option<Secret>,
    pub jobs_password: Option<Secret>,
    pub key_lookup_password: Option<Secret>,
    /// Connections of the role `agentdb_app`; the others take a few more.
    pub max_connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, app_password: None, jobs_password: None, key_lookup_password: None, max_connections: 20 }
    }
}

impl Database {
    /// The passwords of all roles that serve, when all are configured.
    pub fn role_passwords(&self) -> Option<RolePasswords> {
        let text = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        Some(RolePasswords {
            app: text(&self.app_password)?,
            jobs: text(&self.jobs_password)?,
            key_lookup: text(&self.key_lookup_password)?,
        })
    }
}
