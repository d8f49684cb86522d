use std::path::PathBuf;
use std::sync::OnceLock;

use agentdb_data_plane_embedding::Embedder;

pub fn model_dir() -> PathBuf {
    std::env::var_os("AGENTDB_EMBEDDINGS_MODEL_DIR").map_or_else(
        || {
            let home = std::env::var_os("HOME").expect("HOME is set");
            PathBuf::from(home).join(".cache/agentdb/models/all-MiniLM-L6-v2")
        },
        PathBuf::from,
    )
}

/// One model for all tests of the process.
pub fn embedder() -> Embedder {
    static LOADED: OnceLock<Embedder> = OnceLock::new();
    LOADED.get_or_init(|| Embedder::load(&model_dir()).expect("the model loads (`make setup` fetches it)")).clone()
}

pub fn similarity(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest difference of two components.
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
