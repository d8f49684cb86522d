//! The data directory, the addresses, the object store and the model.

use std::net::SocketAddr;
use std::path::Path;

use agentdb_data_plane_embedding::Embedder;
use agentdb_data_plane_engine::Store;
use rustix::fs::{Access, access};
use tokio::net::TcpListener;

use super::Finding;
use crate::config::{Config, Encryption};
use crate::data_dir::DataDir;
use crate::roles::{Edges, model_dir};

/// Whether a running process uses the directory, and what is to be said of it.
pub fn data_dir(path: &Path) -> (bool, Finding) {
    const PART: &str = "data directory";
    let shown = path.display();
    if !path.exists() {
        let parent = path.ancestors().skip(1).find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
        let finding = match access(parent, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(()) => Finding::later(PART, format!("{shown} is made at the first start")),
            Err(_) => Finding::wrong(
                PART,
                format!(
                    "{shown} does not exist and {} is not ours to write; choose another --data-dir",
                    parent.display()
                ),
            ),
        };
        return (false, finding);
    }
    if access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return (false, Finding::wrong(PART, format!("{shown} is not ours to write; choose another --data-dir")));
    }
    match DataDir::holder(path) {
        Ok(None) => (false, Finding::ok(PART, format!("{shown}, not in use"))),
        Ok(Some(holder)) => (true, Finding::ok(PART, format!("{shown}, in use by a running agentdb{holder}"))),
        Err(error) => (false, Finding::wrong(PART, error.to_string())),
    }
}

/// Whether the address can be listened on; `in_use` when a running process of ours may have it already.
pub async fn address(part: &'static str, address: SocketAddr, in_use: bool) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(part, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && in_use => {
            Finding::ok(part, format!("{address} is taken, probably by the running agentdb"))
        }
        Err(error) => Finding::wrong(part, format!("{address}: {error}; choose another one")),
    }
}

/// Whether both listeners may speak as they are configured to, certificates included.
pub fn transport(config: &Config) -> Finding {
    const PART: &str = "transport";
    match Edges::of(config) {
        Ok(edges) => Finding::ok(PART, edges.describe()),
        Err(error) => Finding::wrong(PART, error.to_string()),
    }
}

/// The keys that stored secrets are encrypted under.
pub fn encryption(config: &Config, data_dir: &Path) -> Finding {
    const PART: &str = "encryption keys";
    let made = data_dir.join("secrets/encryption-keys");
    let settings = match &config.encryption.key_file {
        Some(_) => config.encryption.clone(),
        None if made.exists() => Encryption { key_file: Some(made) },
        None => return Finding::later(PART, "a key is made in the data directory when `agentdb up` first starts"),
    };
    let shown = settings.key_file.as_deref().unwrap_or(Path::new("")).display().to_string();
    match settings.keys() {
        Ok(_) => Finding::ok(PART, shown),
        Err(error) => Finding::wrong(PART, error.to_string()),
    }
}

/// The probe that every start makes: reachable, writable, and exact about conditional writes.
pub async fn object_store(config: &Config, data_dir: &Path) -> Finding {
    const PART: &str = "object store";
    let objects = data_dir.join("objects");
    if let Some(directory) = config.object_store.directory(&objects).filter(|directory| !directory.exists()) {
        return Finding::later(PART, format!("the directory {} is made at the first start", directory.display()));
    }
    let settings = match config.object_store.config(&objects, config.node.engine.max_resident_bytes) {
        Ok(settings) => settings,
        Err(error) => return Finding::wrong(PART, error.to_string()),
    };
    match Store::open(&settings).await {
        Ok(_) => Finding::ok(PART, format!("{} keeps its promises about conditional writes", settings.url)),
        Err(error) => Finding::wrong(PART, format!("{}: {error}", settings.url)),
    }
}

/// The weights and the tokenizer, digests included.
pub async fn model(config: &Config) -> Finding {
    const PART: &str = "embedding model";
    let dir = match model_dir(config) {
        Ok(dir) => dir,
        Err(error) => return Finding::wrong(PART, error.to_string()),
    };
    let shown = dir.display().to_string();
    match tokio::task::spawn_blocking(move || Embedder::load(&dir)).await {
        Ok(Ok(_)) => Finding::ok(PART, format!("{shown} is whole")),
        Ok(Err(error)) => Finding::wrong(PART, format!("{shown}: {error}; run `make setup`")),
        Err(error) => Finding::wrong(PART, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use crate::config::Flags;

    /// Looking once made the directory it looked for.
    #[tokio::test]
    async fn looking_at_an_object_store_makes_no_directory() {
        let root = tempfile::tempdir().unwrap();
        let data_dir = root.path().join("data");
        let configured = format!("file://{}", root.path().join("objects").display());
        for url in [None, Some(configured)] {
            let flags = Flags { object_store_url: url, ..Flags::default() };
            let config = crate::config::Config::load_from(&flags, []).unwrap();
            assert!(object_store(&config, &data_dir).await.verdict == Verdict::Later);
            assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
        }
    }
}
