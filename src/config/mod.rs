//! What can be configured: one small struct a concern, read from flags, the environment, a file and defaults, in that
//! order of strength.
//!
//! A name that is not a setting and a value that is not right are refused with the place they came from, what would be
//! right and, for a name, the settings there are. Secrets never appear in a message.

mod address;
mod cors;
mod database;
mod embeddings;
mod encryption;
mod error;
mod flags;
mod internal;
mod log;
mod mail;
mod metrics;
mod node;
mod object_store;
mod secret;
mod sources;
mod tls;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use agentdb_control_plane_server::config::{Auth, Sessions};
use serde::{Deserialize, Serialize};
use url::Url;

pub use address::Address;
pub use cors::Cors;
pub use database::Database;
pub use embeddings::Embeddings;
pub use encryption::Encryption;
pub use error::ConfigError;
pub use flags::Flags;
pub use internal::Internal;
pub use log::{Log, LogFormat};
pub use mail::Mail;
pub use metrics::Metrics;
pub use node::Node;
pub use object_store::ObjectStore;
pub use secret::Secret;
pub use tls::Tls;

/// Everything, as one configuration file holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Address and port of the public server: API and console.
    pub listen: SocketAddr,
    /// What people type to reach it; cookies are `Secure` when it is https. Default: `http://<listen>`, or `https`.
    pub public_url: Option<Address>,
    /// The public server's certificate.
    pub tls: Tls,
    /// That the public server may speak without TLS on an address that others reach.
    pub plain_http: bool,
    /// Connections at once, of each listener; more wait. Each is an open file of the process.
    pub max_connections: NonZeroU32,
    /// Those of one address on the public listener; more are closed. 0 for no such limit. Proxies that are trusted have
    /// none: all people come from their addresses.
    pub max_connections_per_address: u32,
    pub cors: Cors,
    /// Where this process keeps its lock, secrets, spool and, with nothing else configured, all data.
    pub data_dir: Option<PathBuf>,
    /// Proxies in front of the service that add to `X-Forwarded-For`; with 0 the header is not believed.
    pub trusted_proxies: u8,
    pub auth: Auth,
    pub sessions: Sessions,
    pub database: Database,
    pub object_store: ObjectStore,
    pub encryption: Encryption,
    pub internal: Internal,
    pub mail: Mail,
    pub node: Node,
    pub embeddings: Embeddings,
    pub metrics: Metrics,
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            tls: Tls::default(),
            plain_http: false,
            max_connections_per_address: 500,
            cors: Cors::default(),
            max_connections: const { NonZeroU32::new(2_000).expect("it is not zero") },
            data_dir: None,
            trusted_proxies: 0,
            auth: Auth::default(),
            sessions: Sessions::default(),
            database: Database::default(),
            object_store: ObjectStore::default(),
            encryption: Encryption::default(),
            internal: Internal::default(),
            mail: Mail::default(),
            node: Node::default(),
            embeddings: Embeddings::default(),
            metrics: Metrics::default(),
            log: Log::default(),
        }
    }
}

impl Config {
    /// Reads all sources. `flags` come from the command line.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        Self::load_from(flags, std::env::vars_os())
    }

    /// The same with an environment that is given.
    pub fn load_from(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        sources::load(flags, environment)
    }

    /// The data directory, also when none is configured: `/var/lib/agentdb` for root, otherwise the user's own data
    /// folder.
    pub fn data_dir(&self) -> Result<PathBuf, ConfigError> {
        if let Some(dir) = &self.data_dir {
            return std::path::absolute(dir)
                .map_err(|error| ConfigError::Value { place: "data_dir".to_owned(), why: error.to_string() });
        }
        if rustix::process::geteuid().is_root() {
            return Ok(PathBuf::from("/var/lib/agentdb"));
        }
        let var = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        var("XDG_DATA_HOME")
            .or_else(|| var("HOME").map(|home| home.join(".local/share")))
            .map(|base| base.join("agentdb"))
            .ok_or(ConfigError::Missing { setting: "data_dir", why: "HOME is not set, so there is no default" })
    }

    /// The address people use, for links in mails and for cookies. `listening` is where the server really listens.
    pub fn public_url(&self, listening: SocketAddr) -> Url {
        match &self.public_url {
            Some(address) => address.url().clone(),
            None => {
                let scheme = if self.tls.certificate.is_some() { "https" } else { "http" };
                Url::parse(&format!("{scheme}://{listening}")).expect("an address makes a URL")
            }
        }
    }
}
