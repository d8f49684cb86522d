//! Refusals of a configuration.

use std::path::PathBuf;

/// What is wrong, where, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{place} is not a setting. {help}")]
    Unknown { place: String, help: String },
    #[error("{place}: {why}")]
    Value { place: String, why: String },
    #[error("the setting {setting} is needed: {why} (flag --set {setting}=..., or {env}, or the configuration file)", env = super::sources::variable(setting))]
    Missing { setting: &'static str, why: &'static str },
    #[error("cannot read the configuration file {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the configuration file {path} is not TOML: {why}")]
    Toml { path: PathBuf, why: String },
}
