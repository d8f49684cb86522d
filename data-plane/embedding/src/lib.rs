//! Vectors for text, computed on this machine with the real all-MiniLM-L6-v2.
//!
//! Owns the model's files (their digests are constants), the tokenizer, the network, and the queue before
//! it. Does not own what a vector is for, who asks, what it costs, or where the files come from
//! (`scripts/setup/model.sh`).
//!
//! Invariants: a text's vector depends on that text alone, whatever shares its batch; every text is
//! answered with the count of tokens that were read of it; a text longer than the model reads is named in
//! the answer; no more than [`MAX_QUEUED_TEXTS`] texts are held, and calls of one text find room though calls
//! of many fill the rest.
//!
//! Fails by saying [`EmbeddingError::Busy`] when the queue is full. The network runs on a thread of its own
//! (and on rayon's pool), never on the threads that serve requests; should that thread die, every call
//! answers [`EmbeddingError::Stopped`].

mod embedder;
mod encoder;
mod error;
mod files;
mod gelu;
mod model;
mod ops;
mod queue;
mod tokens;
mod worker;

pub use embedder::{Embedder, Embeddings, KEPT_FOR_SINGLE_TEXTS, MAX_QUEUED_TEXTS, MAX_TEXTS};
pub use error::{EmbeddingError, Result};
pub use model::{MODEL, Model};
pub use tokens::{TokenCounter, Tokens};
