//! How the planes reach and believe each other.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Address, Secret};

/// The listener for other planes and for metrics, and the secret they share.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Internal {
    /// Address and port of the internal server; port 0 takes a free one. Never open it to the public.
    pub listen: SocketAddr,
    /// The root secret, at least 64 hex digits. `up` makes one in the data directory; the control-plane role needs it.
    pub secret: Option<Secret>,
    /// For the data-plane role: where the control plane's internal listener is.
    pub control_plane_url: Option<Address>,
}

impl Default for Internal {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), secret: None, control_plane_url: None }
    }
}
