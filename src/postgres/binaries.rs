//! Finds the machine's own PostgreSQL programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::PostgresError;
use super::cluster::Cluster;

/// The oldest major version whose behaviour the migrations rely on.
pub const MIN_MAJOR: u32 = 15;

/// One installation that has both programs we start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The server.
    pub postgres: PathBuf,
    /// The program that makes a cluster.
    pub initdb: PathBuf,
    /// Major version, for example 15.
    pub major: u32,
}

impl Binaries {
    /// The installation to run a cluster with: the one of the cluster's own major version, or the newest for a new one.
    pub fn find(cluster_major: Option<u32>, cluster: &Path) -> Result<Self, PostgresError> {
        let mut installed = Self::installed();
        match cluster_major {
            None => installed.pop_last().map(|(_, newest)| newest).ok_or(PostgresError::NotFound),
            Some(_) if installed.is_empty() => Err(PostgresError::NotFound),
            Some(made) => installed.remove(&made).ok_or_else(|| PostgresError::OtherMajor {
                dir: cluster.to_path_buf(),
                made,
                found: installed.keys().map(u32::to_string).collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// The installation that would run the cluster under `base`, which need not exist.
    pub fn for_cluster(base: &Path) -> Result<Self, PostgresError> {
        let cluster = Cluster::look(base);
        Self::find(cluster.major, &cluster.dir)
    }

    /// All installations new enough, by major version.
    pub fn installed() -> BTreeMap<u32, Self> {
        candidates("postgres")
            .into_iter()
            .filter_map(|postgres| Self::at(&postgres))
            .filter(|found| found.major >= MIN_MAJOR)
            .map(|found| (found.major, found))
            .collect()
    }

    fn at(postgres: &Path) -> Option<Self> {
        // A distribution may put a link to the server on the PATH without the other programs beside it.
        let postgres = postgres.canonicalize().ok()?;
        let initdb = postgres.with_file_name("initdb");
        if !initdb.is_file() {
            return None;
        }
        let output = Command::new(&postgres).arg("--version").output().ok()?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { postgres, initdb, major })
    }
}

/// A program of PostgreSQL's clients, such as `pg_dump`, and its major version: of those that are no older than
/// `at_least`, the oldest.
pub fn client_program(name: &'static str, at_least: u32) -> Result<(u32, PathBuf), PostgresError> {
    let version = |program: &Path| {
        let output = Command::new(program).arg("--version").output().ok()?;
        parse_major(&String::from_utf8_lossy(&output.stdout))
    };
    let installed: Vec<_> =
        candidates(name).into_iter().filter_map(|program| Some((version(&program)?, program))).collect();
    // Of two of one version the first, which is the packaged one: on the PATH may be a script that chooses for itself.
    let fitting = installed.into_iter().filter(|(major, _)| *major >= at_least).min_by_key(|(major, _)| *major);
    fitting.ok_or(PostgresError::NoClient { name, at_least })
}

/// Where a program of PostgreSQL may be: first where packages put it.
fn candidates(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join(name));
    let packaged = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|version| version.path().join("bin").join(name));
    packaged.chain(on_path).filter(|program| program.is_file()).collect()
}

/// `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)` is 15; so are `15beta1` and `15devel`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_server_prints() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_major("something else"), None);
    }
}
