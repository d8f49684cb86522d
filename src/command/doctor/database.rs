//! PostgreSQL: the programs of a private one, or the server somebody runs; then roles and schemas.

use std::path::Path;

use super::Finding;
use crate::config::{Config, Secret};
use crate::database::{Access, Health};
use crate::postgres::{Account, Binaries, running_socket_dir};

const PROGRAMS: &str = "PostgreSQL";
const DATABASE: &str = "database";

/// Everything about the metadata store.
pub async fn look(config: &Config, data_dir: &Path) -> Vec<Finding> {
    if let Some(url) = &config.database.url {
        return match Access::to_look_at(url) {
            Ok(access) => vec![judge(access.health().await)],
            Err(error) => vec![Finding::wrong(DATABASE, error.to_string())],
        };
    }
    let base = data_dir.join("postgres");
    let mut findings = vec![programs(&base)];
    let password = std::fs::read_to_string(data_dir.join("secrets/postgres"));
    findings.push(match (running_socket_dir(&base), password) {
        (Some(socket_dir), Ok(password)) => {
            let access = Access::private_to_look_at(&socket_dir, &Secret::new(password.trim().to_owned()));
            judge(access.health().await)
        }
        (Some(_), Err(error)) => Finding::wrong(DATABASE, format!("its password cannot be read: {error}")),
        (None, _) => Finding::later(
            DATABASE,
            "the private PostgreSQL is not running; it is started and migrated by `agentdb up`",
        ),
    });
    findings
}

fn programs(base: &Path) -> Finding {
    let account = match Account::choose() {
        Ok(account) => account,
        Err(error) => return Finding::wrong(PROGRAMS, error.to_string()),
    };
    if let Some(blocked) = base.parent().filter(|dir| dir.exists()).and_then(|dir| account.blocked_at(dir)) {
        let name = &account.name;
        return Finding::wrong(
            PROGRAMS,
            format!("user `{name}`, who would run it, may not enter {}", blocked.display()),
        );
    }
    match Binaries::for_cluster(base) {
        Ok(found) => Finding::ok(
            PROGRAMS,
            format!("{} (major version {}), run by {}", found.postgres.display(), found.major, account.name),
        ),
        Err(error) => Finding::wrong(PROGRAMS, error.to_string()),
    }
}

fn judge(health: Result<Health, crate::database::DatabaseError>) -> Finding {
    let health = match health {
        Ok(health) => health,
        Err(error) => return Finding::wrong(DATABASE, error.to_string()),
    };
    let Health { server, migrations, unbound_roles } = health;
    if !unbound_roles.is_empty() {
        let roles = unbound_roles.join(", ");
        return Finding::wrong(
            DATABASE,
            format!("row-level security does not bind {roles}: ALTER ROLE ... NOBYPASSRLS NOSUPERUSER"),
        );
    }
    match migrations {
        0 => {
            Finding::wrong(DATABASE, format!("PostgreSQL {server} is reached, but not migrated; run `agentdb migrate`"))
        }
        applied => Finding::ok(
            DATABASE,
            format!("PostgreSQL {server}, {applied} migrations, row-level security binds every role"),
        ),
    }
}
