//! The certificate of a listener.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::http::TlsFiles;

/// Both files, or neither: then the listener speaks without TLS.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// PEM: the certificate, and those between it and an authority that the callers know.
    pub certificate: Option<PathBuf>,
    /// PEM: its private key.
    pub key: Option<PathBuf>,
}

impl Tls {
    /// The files, if TLS is configured. `section` is this one's name, such as `tls`.
    pub fn files(&self, section: &str) -> Result<Option<TlsFiles>, ConfigError> {
        let half = |missing: &str, given: &str| {
            let why = format!("{section}.{given} is useless without it; give both, or neither");
            Err(ConfigError::Value { place: format!("{section}.{missing}"), why })
        };
        match (&self.certificate, &self.key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate: certificate.clone(), key: key.clone() })),
            (Some(_), None) => half("key", "certificate"),
            (None, Some(_)) => half("certificate", "key"),
        }
    }
}
