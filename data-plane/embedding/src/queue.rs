//! The order in which waiting texts reach the model.
//!
//! Callers take turns text by text, so that one question does not wait behind a thousand records of an
//! ingest, and every batch mixes the texts of all who wait.

use std::collections::{HashMap, VecDeque};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::embedder::Embeddings;
use crate::error::Result;
use crate::tokens::{TokenCounter, Tokens};

/// Tokens of one batch. Larger batches multiply matrices hardly faster, and a question waits for the batch
/// before its own.
const BATCH_TOKENS: usize = 1024;

/// One call, its texts in the caller's order.
pub(crate) struct Call {
    pub(crate) texts: Vec<String>,
    pub(crate) reply: oneshot::Sender<Result<Embeddings>>,
    /// The call's share of the queue; given back when the call is answered or forgotten.
    pub(crate) room: Room,
}

/// A call's places in the queue.
pub(crate) struct Room {
    pub(crate) _room: OwnedSemaphorePermit,
    /// Of those that calls of several texts share.
    pub(crate) _batch: Option<OwnedSemaphorePermit>,
}

/// A text of a batch: whose it is and what the model reads.
pub(crate) struct Item {
    call: u64,
    text: usize,
    pub(crate) tokens: Tokens,
}

struct Waiting {
    call: Call,
    next: usize,
    /// Already cut into tokens when the last batch had no room for it.
    peeked: Option<Tokens>,
    answered: usize,
    answer: Embeddings,
}

/// All calls that are not answered yet.
#[derive(Default)]
pub(crate) struct Queue {
    calls: HashMap<u64, Waiting>,
    /// Calls with texts that are not in a batch yet, next turn first.
    turns: VecDeque<u64>,
    last: u64,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(crate) fn push(&mut self, call: Call) {
        let count = call.texts.len();
        let answer = Embeddings { vectors: vec![Vec::new(); count], tokens: vec![0; count], truncated: Vec::new() };
        self.last += 1;
        self.calls.insert(self.last, Waiting { call, next: 0, peeked: None, answered: 0, answer });
        self.turns.push_back(self.last);
    }

    /// The texts of the next batch. Calls nobody waits for any more are dropped, and a call whose text the
    /// tokenizer refuses is answered with that.
    pub(crate) fn batch(&mut self, tokenizer: &TokenCounter) -> Vec<Item> {
        self.calls.retain(|_, waiting| !waiting.call.reply.is_closed());
        let mut batch: Vec<Item> = Vec::new();
        let mut size = 0;
        while let Some(id) = self.turns.pop_front() {
            let Some(waiting) = self.calls.get_mut(&id) else {
                continue;
            };
            let tokens = match waiting.peeked.take() {
                Some(tokens) => tokens,
                None => match tokenizer.tokens(&waiting.call.texts[waiting.next]) {
                    Ok(tokens) => tokens,
                    Err(error) => {
                        if let Some(waiting) = self.calls.remove(&id) {
                            let _ = waiting.call.reply.send(Err(error));
                        }
                        continue;
                    }
                },
            };
            if !batch.is_empty() && size + tokens.ids.len() > BATCH_TOKENS {
                waiting.peeked = Some(tokens);
                self.turns.push_front(id);
                break;
            }
            size += tokens.ids.len();
            batch.push(Item { call: id, text: waiting.next, tokens });
            waiting.next += 1;
            if waiting.next < waiting.call.texts.len() {
                self.turns.push_back(id);
            }
        }
        batch
    }

    /// Hands the vectors of a batch to their calls, and answers those that are complete.
    pub(crate) fn complete(&mut self, batch: Vec<Item>, vectors: Vec<Vec<f32>>) {
        for (item, vector) in batch.into_iter().zip(vectors) {
            let Some(waiting) = self.calls.get_mut(&item.call) else {
                continue;
            };
            waiting.answer.vectors[item.text] = vector;
            waiting.answer.tokens[item.text] = item.tokens.ids.len() as u32;
            if item.tokens.truncated {
                waiting.answer.truncated.push(item.text);
            }
            waiting.answered += 1;
            if waiting.answered < waiting.call.texts.len() {
                continue;
            }
            if let Some(Waiting { call, answer, .. }) = self.calls.remove(&item.call) {
                // The room is free before the caller can ask again.
                drop(call.room);
                let _ = call.reply.send(Ok(answer));
            }
        }
    }

    /// Answers every call that has a text in the batch with an error.
    pub(crate) fn fail(&mut self, batch: &[Item], error: impl Fn() -> crate::EmbeddingError) {
        for item in batch {
            if let Some(Waiting { call, .. }) = self.calls.remove(&item.call) {
                drop(call.room);
                let _ = call.reply.send(Err(error()));
            }
        }
    }
}
