//! What can be configured, one struct a concern.

mod auth;
mod mail;
mod sessions;

use url::Url;

pub use auth::{Argon2Params, Auth, Rate};
pub use mail::{Mail, Smtp, SmtpPassword, Tls};
pub use sessions::Sessions;

/// Everything the control plane's server needs to be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// What people type to reach the service: links in mails point there, and cookies are `Secure` when it is https.
    pub public_url: Url,
    /// How many proxies in front of the service add to `X-Forwarded-For`; 0 when none does and the header is not
    /// believed.
    pub trusted_proxies: u8,
    /// Passwords and throttles.
    pub auth: Auth,
    /// How long people stay signed in.
    pub sessions: Sessions,
    /// How mail leaves.
    pub mail: Mail,
}

impl Config {
    /// The defaults for a service at `public_url`.
    #[must_use]
    pub fn at(public_url: Url) -> Self {
        Self {
            public_url,
            trusted_proxies: 0,
            auth: Auth::default(),
            sessions: Sessions::default(),
            mail: Mail::default(),
        }
    }
}
