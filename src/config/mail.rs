//! How mail leaves.

use agentdb_control_plane_server::config::{Mail as Delivery, Smtp, SmtpPassword, Tls};
use serde::{Deserialize, Serialize};

use super::Secret;

/// An SMTP server. Without a host mails are captured: their links are printed and shown in the console.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Mail {
    pub smtp_host: Option<String>,
    pub smtp_port: u16,
    pub smtp_username: Option<String>,
    pub smtp_password: Option<Secret>,
    pub tls: Tls,
    /// The sender, `Name <address>` or an address.
    pub from: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_host: None,
            smtp_port: 587,
            smtp_username: None,
            smtp_password: None,
            tls: Tls::default(),
            from: "AgentDB Cloud <no-reply@localhost>".to_owned(),
        }
    }
}

impl Mail {
    /// The settings as the control plane takes them.
    pub fn delivery(&self) -> Delivery {
        match &self.smtp_host {
            None => Delivery::Captured,
            Some(host) => Delivery::Smtp(Smtp {
                host: host.clone(),
                port: self.smtp_port,
                username: self.smtp_username.clone(),
                password: self.smtp_password.as_ref().map(|secret| SmtpPassword(secret.expose().to_owned())),
                tls: self.tls,
                from: self.from.clone(),
            }),
        }
    }
}
