//! The thread that runs the model, apart from the threads that serve requests.

use std::sync::mpsc::Receiver;

use agentdb_clock::{Clock, SystemClock};
use metrics::{counter, histogram};

use crate::EmbeddingError;
use crate::encoder::Encoder;
use crate::queue::{Call, Queue};
use crate::tokens::TokenCounter;

/// Runs until the last [`Embedder`](crate::Embedder) is gone and every call is answered.
pub(crate) fn run(encoder: &Encoder, tokenizer: &TokenCounter, calls: &Receiver<Call>) {
    let clock = SystemClock::new();
    let mut queue = Queue::default();
    loop {
        if queue.is_empty() {
            match calls.recv() {
                Ok(call) => queue.push(call),
                Err(_) => return,
            }
        }
        // Whoever asked while the last batch ran takes part in the next.
        while let Ok(call) = calls.try_recv() {
            queue.push(call);
        }
        let batch = queue.batch(tokenizer);
        if batch.is_empty() {
            continue;
        }
        let started = clock.monotonic();
        let ids: Vec<&[u32]> = batch.iter().map(|item| item.tokens.ids.as_slice()).collect();
        match encoder.encode(&ids) {
            Ok(vectors) => {
                counter!("agentdb_embedding_texts_total").increment(batch.len() as u64);
                counter!("agentdb_embedding_tokens_total")
                    .increment(batch.iter().map(|item| item.tokens.ids.len() as u64).sum());
                histogram!("agentdb_embedding_batch_texts").record(batch.len() as f64);
                histogram!("agentdb_embedding_batch_seconds")
                    .record(clock.monotonic().saturating_sub(started).as_secs_f64());
                queue.complete(batch, vectors);
            }
            Err(error) => {
                tracing::error!(texts = batch.len(), %error, "the embedding model failed on a batch");
                counter!("agentdb_embedding_failed_batches_total").increment(1);
                queue.fail(&batch, || EmbeddingError::Inference(error.to_string()));
            }
        }
    }
}
