//! The settings that have a flag of their own, and `--set` for all others.

use std::path::PathBuf;

use super::ConfigError;

/// Flags shared by every subcommand. Values are checked where all sources are.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "AGENTDB_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Address and port of the public server [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub listen: Option<String>,
    /// What people type to reach the service
    #[arg(long, value_name = "URL", global = true)]
    pub public_url: Option<String>,
    /// Where this process keeps its data
    #[arg(long, value_name = "DIRECTORY", global = true)]
    pub data_dir: Option<String>,
    /// PostgreSQL to use instead of a private one
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
    /// file:///directory or s3://bucket/prefix
    #[arg(long, value_name = "URL", global = true)]
    pub object_store_url: Option<String>,
    /// text or json
    #[arg(long, value_name = "FORMAT", global = true)]
    pub log_format: Option<String>,
    /// A level or tracing directives
    #[arg(long, value_name = "LEVEL", global = true)]
    pub log_level: Option<String>,
    /// Any other setting, for example --set object_store.region=eu-west-1 (may be repeated)
    #[arg(long, value_name = "SETTING=VALUE", global = true)]
    pub set: Vec<String>,
}

impl Flags {
    /// Setting, value and the flag as it was typed.
    pub fn settings(&self) -> Result<Vec<(String, String, String)>, ConfigError> {
        let own = [
            ("listen", &self.listen, "--listen"),
            ("public_url", &self.public_url, "--public-url"),
            ("data_dir", &self.data_dir, "--data-dir"),
            ("database.url", &self.database_url, "--database-url"),
            ("object_store.url", &self.object_store_url, "--object-store-url"),
            ("log.format", &self.log_format, "--log-format"),
            ("log.level", &self.log_level, "--log-level"),
        ];
        let own = own
            .into_iter()
            .filter_map(|(setting, value, flag)| Some((setting.to_owned(), value.clone()?, flag.to_owned())));
        let set = self.set.iter().enumerate().map(|(i, pair)| {
            // What was typed is not shown: it may be a secret that lost its name.
            let (setting, value) = pair.split_once('=').ok_or_else(|| ConfigError::Value {
                place: format!("--set (number {} of them)", i + 1),
                why: "it has no `=`; give it as SETTING=VALUE".to_owned(),
            })?;
            Ok((setting.trim().to_owned(), value.to_owned(), format!("--set {setting}")))
        });
        own.map(Ok).chain(set).collect()
    }
}
