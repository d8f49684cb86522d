//! Who may read the metrics.

use serde::{Deserialize, Serialize};

/// `/metrics` is always on the internal listener.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Also on the public one.
    pub public: bool,
}
