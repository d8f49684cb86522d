//! How mail leaves.

use serde::{Deserialize, Serialize};

use super::{Secret, scalar};

/// An SMTP server. Without a host mails are captured: their links are printed and shown in the console.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Mail {
    pub smtp_host: Option<String>,
    #[serde(deserialize_with = "scalar::parse")]
    pub smtp_port: u16,
    pub smtp_username: Option<String>,
    pub smtp_password: Option<Secret>,
    pub tls: MailTls,
    /// The sender, `Name <address>` or an address.
    pub from: String,
}

/// How the connection to the SMTP server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// Plain at first, then TLS or nothing.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// None: only for a relay on this machine.
    None,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_host: None,
            smtp_port: 587,
            smtp_username: None,
            smtp_password: None,
            tls: MailTls::default(),
            from: "AgentDB Cloud <no-reply@localhost>".to_owned(),
        }
    }
}
