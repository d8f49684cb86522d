//! The address of the database in the form that PostgreSQL's own programs take: variables of their environment, since a
//! command line is there for every user of the machine to see.

use sqlx::postgres::PgSslMode;
use url::Url;

use super::{Access, DatabaseError};
use crate::config::Secret;

/// What of the address cannot be asked of the options it was parsed into.
pub(super) fn credentials(url: &Secret) -> Result<Vec<(&'static str, String)>, DatabaseError> {
    let url = Url::parse(url.expose()).map_err(|error| DatabaseError::Address(error.to_string()))?;
    let mut credentials = Vec::new();
    if let Some(password) = url.password() {
        credentials.push(("PGPASSWORD", decoded(password)));
    }
    for (name, value) in url.query_pairs() {
        let variable = match &*name {
            "password" => "PGPASSWORD",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            _ => continue,
        };
        credentials.push((variable, value.into_owned()));
    }
    Ok(credentials)
}

/// A part of an address without its percent signs.
fn decoded(text: &str) -> String {
    let pair = format!("_={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

impl Access {
    /// The environment in which `pg_dump` and its siblings find the database.
    pub fn client_environment(&self) -> Vec<(&'static str, String)> {
        let admin = &self.admin;
        let host = admin.get_socket().map_or_else(|| admin.get_host().to_owned(), |dir| dir.display().to_string());
        let mode = match admin.get_ssl_mode() {
            PgSslMode::Disable => "disable",
            PgSslMode::Allow => "allow",
            PgSslMode::Prefer => "prefer",
            PgSslMode::Require => "require",
            PgSslMode::VerifyCa => "verify-ca",
            PgSslMode::VerifyFull => "verify-full",
        };
        let mut environment = vec![
            ("PGHOST", host),
            ("PGPORT", admin.get_port().to_string()),
            ("PGUSER", admin.get_username().to_owned()),
            // As sqlx: without a name it is the user's.
            ("PGDATABASE", admin.get_database().unwrap_or(admin.get_username()).to_owned()),
            ("PGSSLMODE", mode.to_owned()),
        ];
        environment.extend(self.credentials.iter().cloned());
        environment
    }
}

#[cfg(test)]
mod tests {
    use super::super::no_passwords;
    use super::*;

    #[test]
    fn an_address_is_told_in_the_environment_of_a_program() {
        let environment = |url: &str| {
            let access = Access::configured(&Secret::new(url.to_owned()), no_passwords(), 1).unwrap();
            let mut text: Vec<_> =
                access.client_environment().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            text.sort_unstable();
            text.join(" ")
        };
        assert_eq!(
            environment(
                "postgres://ada:p%40ss+%2B&word@db.example.com:5433/metadata?sslmode=verify-full&sslrootcert=/ca"
            ),
            "PGDATABASE=metadata PGHOST=db.example.com PGPASSWORD=p@ss++&word PGPORT=5433 PGSSLMODE=verify-full \
             PGSSLROOTCERT=/ca PGUSER=ada"
        );
        let socket = environment("postgres:///metadata?host=/run/postgresql&user=ada&password=s");
        assert!(socket.contains("PGHOST=/run/postgresql ") && socket.contains("PGPASSWORD=s "), "{socket}");
    }
}
