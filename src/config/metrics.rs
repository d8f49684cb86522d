//! Who may read the metrics.

use serde::{Deserialize, Serialize};

use super::scalar;

/// `/metrics` is always on the internal listener.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Also on the public one.
    #[serde(deserialize_with = "scalar::parse")]
    pub public: bool,
}
