//! A data-plane node.

use std::path::PathBuf;

use agentdb_control_plane_contract::{InternalClient, NodeCredential};
use agentdb_data_plane_embedding::Embedder;
use agentdb_data_plane_engine::{Store, keep_scratch_in};
use agentdb_data_plane_node::Node;
use agentdb_ids::NodeId;
use anyhow::Context;
use axum::Router;
use tokio::task::JoinHandle;
use url::Url;

use super::Environment;
use crate::config::{Config, ConfigError};
use crate::data_dir::{DataDir, DataDirError};

/// A started node.
pub struct NodeRole {
    node: Node,
}

/// The embedding model on its way into memory: it takes a moment, and other parts start meanwhile.
pub struct LoadingModel(JoinHandle<anyhow::Result<Embedder>>);

impl LoadingModel {
    /// Begins to load it.
    pub fn begin(config: &Config) -> Result<Self, ConfigError> {
        let dir = model_dir(config)?;
        Ok(Self(tokio::task::spawn_blocking(move || {
            Embedder::load(&dir)
                .with_context(|| format!("the embedding model in {} cannot be used; run `make setup`", dir.display()))
        })))
    }
}

impl NodeRole {
    /// Removes what a killed process left of its index builds, probes the object store and starts the node.
    pub async fn start(
        config: &Config,
        data_dir: &DataDir,
        credential: NodeCredential,
        control_plane: Url,
        model: LoadingModel,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let scratch = data_dir.folder("scratch")?;
        keep_scratch_in(&scratch).with_context(|| format!("{} cannot be used", scratch.display()))?;
        let objects = objects_folder(config, data_dir)?;
        let store_config = config.object_store.config(&objects, config.node.engine.max_resident_bytes)?;
        let store = Store::open(&store_config).await.context("the object store cannot be used")?;
        let embedder = model.0.await??;
        let settings = config.node.config(credential.node_id(), data_dir.folder("node")?, config.trusted_proxies);
        let Environment { clock, entropy } = environment.clone();
        let authorities = config.internal.authorities()?;
        let client = InternalClient::believing(
            authorities.as_deref(),
            control_plane,
            credential,
            clock.clone(),
            entropy.clone(),
        )?;
        let node = Node::start(settings, store, Some(embedder), client, clock, entropy)
            .await
            .context("the data-plane node did not start")?;
        Ok(Self { node })
    }

    /// The public routes.
    pub fn router(&self) -> Router {
        self.node.router()
    }

    /// Whether the node would serve a request now.
    pub fn ready(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let node = self.node.clone();
        move || node.ready()
    }

    /// Refuses new work, finishes what is in flight, reports usage, folds, gives the lease back.
    pub async fn drain(&self) {
        self.node.drain().await;
    }
}

/// Where the data live when nothing else is configured; closed to other users like the other folders.
fn objects_folder(config: &Config, data_dir: &DataDir) -> Result<PathBuf, DataDirError> {
    const NAME: &str = "objects";
    if config.object_store.is_own_directory() { data_dir.folder(NAME) } else { Ok(data_dir.path().join(NAME)) }
}

/// The configured id, or the one kept in the data directory.
pub fn node_id(config: &Config, data_dir: &DataDir, environment: &Environment) -> anyhow::Result<NodeId> {
    if let Some(id) = config.node.id()? {
        return Ok(id);
    }
    let make = || NodeId::generate(&*environment.clock, &*environment.entropy).to_string();
    let kept = data_dir.remembered("node-id", make)?;
    kept.parse().map_err(|_| {
        let path = data_dir.path().join("secrets/node-id");
        anyhow::Error::from(DataDirError::Damaged { path, what: "the id of a node" })
    })
}

/// Where the model's files are: as configured, or where `make setup` puts them.
pub fn model_dir(config: &Config) -> Result<PathBuf, ConfigError> {
    if let Some(dir) = &config.embeddings.model_dir {
        return Ok(dir.clone());
    }
    let var = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    var("AGENTDB_CACHE")
        .or_else(|| var("HOME").map(|home| home.join(".cache/agentdb")))
        .map(|cache| cache.join("models/all-MiniLM-L6-v2"))
        .ok_or(ConfigError::Missing { setting: "embeddings.model_dir", why: "HOME is not set, so there is no default" })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Under root, whose data directory others pass through, tenants' data were open to every user.
    #[test]
    fn tenants_data_are_closed_to_other_users() {
        let root = tempfile::tempdir().unwrap();
        let data_dir = DataDir::lock(root.path()).unwrap();
        let objects = objects_folder(&Config::default(), &data_dir).unwrap();
        assert_eq!(std::fs::metadata(objects).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
