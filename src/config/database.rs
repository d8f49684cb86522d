//! Where the metadata live.

use agentdb_control_plane_store::RolePasswords;
use serde::{Deserialize, Serialize};

use super::{ConfigError, Secret};

/// PostgreSQL 15 or newer. Without a URL `agentdb up` runs a private one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Database {
    /// `postgres://user:password@host/database`. `migrate` and `up` log in as this user, who must be allowed to create
    /// roles; serving uses the roles below at the same address. Also read from `DATABASE_URL`.
    pub url: Option<Secret>,
    /// Passwords of the roles that serve. `up` makes those that are not set and keeps them in its data directory; `migrate`
    /// and `control-plane` need all three, the same in every process.
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
    /// The passwords of all roles that serve, for processes apart: one that made up its own would lock the others out.
    pub fn role_passwords(&self) -> Result<RolePasswords, ConfigError> {
        let why = "`agentdb migrate` gives it to the role, and every control plane logs in with it";
        let needed = |secret: &Option<Secret>, setting| match secret {
            Some(secret) if !secret.expose().is_empty() => Ok(secret.expose().to_owned()),
            _ => Err(ConfigError::Missing { setting, why }),
        };
        Ok(RolePasswords {
            app: needed(&self.app_password, "database.app_password")?,
            jobs: needed(&self.jobs_password, "database.jobs_password")?,
            key_lookup: needed(&self.key_lookup_password, "database.key_lookup_password")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_not_set_is_asked_for_by_name() {
        let secret = |text: &str| Some(Secret::new(text.to_owned()));
        let mut settings = Database { app_password: secret("a"), jobs_password: secret("b"), ..Database::default() };
        for empty in [None, secret("")] {
            settings.key_lookup_password = empty;
            let said = settings.role_passwords().err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.contains("AGENTDB_DATABASE_KEY_LOOKUP_PASSWORD"), "{said}");
        }
        settings.key_lookup_password = secret("c");
        let passwords = settings.role_passwords().ok().unwrap();
        assert_eq!([passwords.app, passwords.jobs, passwords.key_lookup], ["a", "b", "c"]);
    }
}
