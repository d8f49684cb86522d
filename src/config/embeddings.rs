//! The local embedding model.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where the weights are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Embeddings {
    /// Folder with `model.safetensors` and `tokenizer.json` of all-MiniLM-L6-v2. Default: where `make setup` puts them.
    pub model_dir: Option<PathBuf>,
}
