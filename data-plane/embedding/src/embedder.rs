use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use metrics::{counter, gauge};
use tokio::sync::{Semaphore, oneshot};

use crate::encoder::Encoder;
use crate::error::{EmbeddingError, Result};
use crate::model::{MODEL, Model};
use crate::queue::{Call, Room};
use crate::tokens::TokenCounter;
use crate::{files, worker};

/// Texts one call may have.
pub const MAX_TEXTS: usize = 1000;
/// Texts that may wait or be in work at once, of all callers together.
pub const MAX_QUEUED_TEXTS: usize = 4096;
/// Of these, how many are kept for calls of one text: a question finds room though ingests fill the queue.
pub const KEPT_FOR_SINGLE_TEXTS: usize = 512;

/// Vectors of the texts of one call, in the caller's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// One vector of length 1 for each text.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens the model read of each text, its start and end marks included. What is billed.
    pub tokens: Vec<u32>,
    /// Ascending indices of the texts that went on beyond what the model can read; their vectors are those
    /// of their beginnings.
    pub truncated: Vec<usize>,
}

/// A loaded model and the queue before it. Clones share both.
#[derive(Debug, Clone)]
pub struct Embedder {
    calls: SyncSender<Call>,
    room: Arc<Semaphore>,
    /// What calls of more than one text may take of the room.
    batch_room: Arc<Semaphore>,
}

impl Embedder {
    /// Loads the model from a directory with `model.safetensors` and `tokenizer.json`. Reads and hashes
    /// 91 MB: call it from a thread that may block.
    ///
    /// # Errors
    /// A file is missing, unreadable or not the expected one, or the runtime refuses it.
    pub fn load(dir: &Path) -> Result<Self> {
        let files = files::read(dir)?;
        let tokenizer = TokenCounter::from_bytes(&files.tokenizer)?;
        let load = |error: candle_core::Error| EmbeddingError::Load(error.to_string());
        let encoder = Encoder::from_safetensors(&files.weights).map_err(load)?;
        // A call has at least one text, so the semaphore refuses before this channel is full.
        let (calls, waiting) = sync_channel(MAX_QUEUED_TEXTS);
        thread::Builder::new()
            .name("embedding".to_owned())
            .spawn(move || worker::run(&encoder, &tokenizer, &waiting))
            .map_err(|error| EmbeddingError::Load(error.to_string()))?;
        let batch_room = Arc::new(Semaphore::new(MAX_QUEUED_TEXTS - KEPT_FOR_SINGLE_TEXTS));
        Ok(Self { calls, room: Arc::new(Semaphore::new(MAX_QUEUED_TEXTS)), batch_room })
    }

    /// Turns texts into vectors. Cancel-safe: texts of a dropped call that are not in work yet are forgotten.
    ///
    /// # Errors
    /// [`TooMany`](EmbeddingError::TooMany) beyond [`MAX_TEXTS`], [`Busy`](EmbeddingError::Busy) when the
    /// queue has no room for all of them (for several texts, beside what is kept for single ones), and what the
    /// model itself says.
    pub async fn embed(&self, texts: Vec<String>) -> Result<Embeddings> {
        let count = texts.len();
        if count == 0 {
            return Ok(Embeddings { vectors: Vec::new(), tokens: Vec::new(), truncated: Vec::new() });
        }
        if count > MAX_TEXTS {
            return Err(EmbeddingError::TooMany { given: count, most: MAX_TEXTS });
        }
        let room = self.room(count as u32).inspect_err(|_| counter!("agentdb_embedding_busy_total").increment(1))?;
        gauge!("agentdb_embedding_queued_texts").set(self.queued() as f64);
        let (reply, answer) = oneshot::channel();
        self.calls.try_send(Call { texts, reply, room }).map_err(|_| EmbeddingError::Stopped)?;
        let mut embeddings = answer.await.map_err(|_| EmbeddingError::Stopped)??;
        gauge!("agentdb_embedding_queued_texts").set(self.queued() as f64);
        embeddings.truncated.sort_unstable();
        Ok(embeddings)
    }

    fn room(&self, texts: u32) -> Result<Room> {
        let take = |room: &Arc<Semaphore>| Arc::clone(room).try_acquire_many_owned(texts);
        let batch = (texts > 1).then(|| take(&self.batch_room)).transpose().map_err(|_| EmbeddingError::Busy)?;
        let room = take(&self.room).map_err(|_| EmbeddingError::Busy)?;
        Ok(Room { _room: room, _batch: batch })
    }

    /// The model's name and limits.
    #[must_use]
    pub fn model(&self) -> Model {
        MODEL
    }

    /// Texts that wait or are in work.
    #[must_use]
    pub fn queued(&self) -> usize {
        MAX_QUEUED_TEXTS - self.room.available_permits()
    }
}
