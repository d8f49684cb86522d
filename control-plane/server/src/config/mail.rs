use serde::{Deserialize, Serialize};

/// How mail leaves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mail {
    /// It does not: it is kept, its links are logged, and anybody who reaches the service can read it.
    #[default]
    Captured,
    /// Through an SMTP server.
    Smtp(Smtp),
}

/// An SMTP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who logs in, if the server asks.
    #[serde(default)]
    pub username: Option<String>,
    /// With what.
    #[serde(default)]
    pub password: Option<SmtpPassword>,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: Tls,
    /// The sender, `Name <address>` or an address.
    pub from: String,
}

/// How the connection to the SMTP server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Plain at first, then TLS or nothing.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// None: only for a relay on this machine.
    None,
}

/// A password that no log shows.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct SmtpPassword(pub String);

impl std::fmt::Debug for SmtpPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for SmtpPassword {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}
