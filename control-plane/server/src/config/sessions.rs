use serde::{Deserialize, Serialize};

/// How long people stay signed in.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// At the longest, in seconds.
    pub lifetime_s: u32,
    /// Without a request, in seconds.
    pub idle_s: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { lifetime_s: 14 * 24 * 3600, idle_s: 3 * 24 * 3600 }
    }
}
