//! What stored secrets are encrypted under.

use std::path::{Path, PathBuf};

use agentdb_control_plane_server::EncryptionKeys;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The keys of the control plane.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Encryption {
    /// A file of one key a line, 64 hex digits each; the first encrypts, all decrypt. `up` makes one in the data directory;
    /// the control-plane role needs it, the same in every process.
    pub key_file: Option<PathBuf>,
}

impl Encryption {
    /// The keys in the configured file; `None` when none is configured.
    pub fn keys(&self) -> Result<Option<EncryptionKeys>, ConfigError> {
        let Some(path) = &self.key_file else { return Ok(None) };
        let wrong = |why: String| ConfigError::Value { place: "encryption.key_file".to_owned(), why };
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("{} cannot be read: {error}", path.display())))?;
        if open_to_all(path) {
            tracing::warn!(file = %path.display(), "every user of this machine can read the encryption keys");
        }
        EncryptionKeys::parse(&text).map(Some).map_err(|error| wrong(format!("{}: {error}", path.display())))
    }
}

fn open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o004 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_keys_is_refused_by_name_and_nothing_of_it_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let settings = Encryption { key_file: Some(path.clone()) };
        let said = || settings.keys().map(drop).unwrap_err().to_string();
        assert!(said().contains("encryption.key_file") && said().contains("keys cannot be read"), "{}", said());
        std::fs::write(&path, format!("{}\n{}", "ab".repeat(32), "cd".repeat(31))).unwrap();
        assert!(said().contains("line 2") && !said().contains("cdcd"), "{}", said());
        std::fs::write(&path, format!("# made in May\n{}\n", "ab".repeat(32))).unwrap();
        assert!(settings.keys().unwrap().is_some());
        assert!(Encryption::default().keys().unwrap().is_none());
    }
}
