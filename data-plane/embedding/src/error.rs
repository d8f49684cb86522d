use std::path::PathBuf;

/// Why texts could not be turned into vectors.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingError {
    /// A file of the model is not where it should be.
    #[error("the embedding model's file {} is missing: run `make setup`, or name the directory that has it", path.display())]
    Missing { path: PathBuf },
    /// A file of the model could not be read.
    #[error("the embedding model's file {} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// A file is there but is not the one this program was built for.
    #[error(
        "the embedding model's file {} has SHA-256 {found}, expected {expected}: remove it and run `make setup`",
        path.display()
    )]
    Altered { path: PathBuf, expected: &'static str, found: String },
    /// The files are right but the runtime would not take them.
    #[error("the embedding model cannot be loaded: {0}")]
    Load(String),
    /// More texts in one call than [`MAX_TEXTS`](crate::MAX_TEXTS).
    #[error("{given} texts in one call, at most {most} are taken")]
    TooMany { given: usize, most: usize },
    /// As many texts as may wait are waiting already. Try again later.
    #[error("the embedding queue is full")]
    Busy,
    /// The runtime failed on these texts.
    #[error("the embedding model failed: {0}")]
    Inference(String),
    /// The worker is gone; nothing can be embedded until the process is started anew.
    #[error("the embedding worker has stopped")]
    Stopped,
}

/// Results of this crate.
pub type Result<T> = std::result::Result<T, EmbeddingError>;
