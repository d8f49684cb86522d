//! PostgreSQL: the programs of a private one, or the server somebody runs; then roles and schemas.

use std::path::Path;

use super::Finding;
use crate::config::{Config, Secret};
use crate::database::{Access, Health};
use crate::postgres::{Account, Binaries, MIN_MAJOR, running_socket_dir};

const PROGRAMS: &str = "PostgreSQL";
const DATABASE: &str = "database";
/// The number of the oldest server's first release.
const OLDEST_SERVER: i32 = MIN_MAJOR as i32 * 10_000;

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
    let Health { server, server_version, applied, missing, unknown, unbound_roles } = health;
    if server_version < OLDEST_SERVER {
        return Finding::wrong(DATABASE, format!("PostgreSQL {server} is too old; {MIN_MAJOR} or newer is needed"));
    }
    if !unbound_roles.is_empty() {
        let roles = unbound_roles.join(", ");
        return Finding::wrong(
            DATABASE,
            format!("row-level security does not bind {roles}: ALTER ROLE ... NOBYPASSRLS NOSUPERUSER"),
        );
    }
    if unknown > 0 {
        return Finding::wrong(
            DATABASE,
            format!(
                "PostgreSQL {server} was migrated by a newer program (migrations that this one does not know: {unknown}); \
                 use that one"
            ),
        );
    }
    if missing > 0 {
        return Finding::wrong(
            DATABASE,
            format!(
                "PostgreSQL {server} is reached, but {missing} of {} migrations are missing; run `agentdb migrate`, or \
                 start `agentdb up`",
                applied + missing
            ),
        );
    }
    Finding::ok(
        DATABASE,
        format!("PostgreSQL {server}, all {applied} migrations, row-level security binds every role of ours"),
    )
}

#[cfg(test)]
mod tests {
    use crate::command::doctor::Verdict;

    use super::*;

    fn verdict(change: impl FnOnce(&mut Health)) -> (bool, String) {
        let mut health = Health {
            server: "15.8".to_owned(),
            server_version: 150_008,
            applied: 7,
            missing: 0,
            unknown: 0,
            unbound_roles: Vec::new(),
        };
        change(&mut health);
        let Finding { verdict, detail, .. } = judge(Ok(health));
        (verdict == Verdict::Ok, detail)
    }

    #[test]
    fn only_a_database_of_this_version_is_well() {
        assert!(verdict(|_| {}).0);
        type Change = fn(&mut Health);
        let cases: [(Change, &str); 4] = [
            (|health| health.missing = 2, "2 of 9 migrations are missing"),
            (|health| health.unknown = 1, "does not know: 1"),
            (|health| health.server_version = 140_012, "too old"),
            (|health| health.unbound_roles = vec!["agentdb_app".to_owned()], "agentdb_app"),
        ];
        for (change, said) in cases {
            let (well, detail) = verdict(change);
            assert!(!well && detail.contains(said), "{detail}");
        }
    }
}
