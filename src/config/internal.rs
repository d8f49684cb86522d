//! How the planes reach and believe each other.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Address, ConfigError, Secret, Tls};

/// The listener for other planes and for metrics, and the secret they share.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Internal {
    /// Address and port of the internal server; port 0 takes a free one. Never open it to the public.
    pub listen: SocketAddr,
    /// The internal server's certificate.
    pub tls: Tls,
    /// That the internal server may speak without TLS on an address that others reach.
    pub plain_http: bool,
    /// PEM: the authorities that a node believes about the control plane's certificate, instead of the machine's own.
    pub authorities: Option<PathBuf>,
    /// The root secret, at least 64 hex digits. `up` makes one in the data directory; the control-plane role needs it.
    pub secret: Option<Secret>,
    /// For the data-plane role: where the control plane's internal listener is. For `up` with `internal.tls`: the same,
    /// by a name in its certificate.
    pub control_plane_url: Option<Address>,
}

impl Default for Internal {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: Tls::default(),
            plain_http: false,
            authorities: None,
            secret: None,
            control_plane_url: None,
        }
    }
}

impl Internal {
    /// What `authorities` holds, if it is set.
    pub fn authorities(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| ConfigError::Value {
                place: "internal.authorities".to_owned(),
                why: format!("cannot read {}: {error}", path.display()),
            })
        };
        self.authorities.as_ref().map(read).transpose()
    }
}
