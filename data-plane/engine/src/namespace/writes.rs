//! The callers' side of writes: check, queue, wait.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot};

use super::Namespace;
use super::draft::{self, Pending, PendingOp};
use super::errors::{ReadError, WriteError};
use super::types::{Committed, WriteMeta};
use super::writer::IN_DOUBT;
use crate::catalog::TableId;
use crate::memtable::{MemRow, Row};
use crate::schema::{Record, Schema, check_id, check_record, limits, valid_collection_name};

/// Bytes of a stored answer.
const MAX_ANSWER: usize = 16 << 10;
/// Usage deltas of one write.
const MAX_DELTAS: usize = 16;
/// What a write takes in an entry beside its rows.
const OVERHEAD: usize = 256;
/// The queue holds at most so many entries' worth of bytes.
const QUEUED_ENTRIES: usize = 4;
/// Batches larger than this are analysed off the async threads.
const INLINE_BYTES: usize = 64 << 10;

impl Namespace {
    /// Creates a collection. With the same schema again it is a success that changes nothing
    /// (`created == false`).
    ///
    /// # Errors
    /// [`WriteError::SchemaConflict`] when it exists with another schema.
    pub async fn create_collection(
        &self,
        name: &str,
        schema: Schema,
        meta: WriteMeta,
    ) -> Result<Committed, WriteError> {
        if !valid_collection_name(name) {
            let why = "must be 1 to 128 letters, digits, _, - or ., beginning with a letter or digit".to_owned();
            return Err(WriteError::BadRequest { field: "collection", why });
        }
        schema.validate()?;
        let bytes = OVERHEAD + name.len() + schema.attributes.keys().map(|k| k.len() + 8).sum::<usize>();
        self.submit(PendingOp::Create { name: name.to_owned(), schema }, meta, bytes).await
    }

    /// Drops a collection and all its records.
    ///
    /// # Errors
    /// [`WriteError::NoSuchCollection`] when there is none.
    pub async fn drop_collection(&self, name: &str, meta: WriteMeta) -> Result<Committed, WriteError> {
        self.submit(PendingOp::Drop { name: name.to_owned() }, meta, OVERHEAD + name.len()).await
    }

    /// Writes whole records; each replaces the record of its id. All or nothing.
    ///
    /// # Errors
    /// The first record that does not fit, before anything is written; see [`WriteError`] for the rest.
    pub async fn upsert(
        &self,
        collection: &str,
        records: Vec<Record>,
        meta: WriteMeta,
    ) -> Result<Committed, WriteError> {
        check_batch("records", records.len())?;
        let (table, schema) = self.target(collection).await?;
        let mut seen = std::collections::HashSet::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            check_record(&schema, index, record)?;
            if !seen.insert(record.id.as_str()) {
                return Err(WriteError::SchemaMismatch(crate::schema::SchemaMismatch {
                    record: index,
                    field: "id".to_owned(),
                    why: "is there twice".to_owned(),
                }));
            }
        }
        drop(seen);
        let rows = analyze(records, schema).await?;
        let bytes = rows.iter().map(|row| row.bytes as usize + 64).sum::<usize>();
        self.submit(PendingOp::Upsert { table, rows }, meta, bytes).await
    }

    /// Deletes records by id; ids that are not there are no error. [`Committed::deleted`] counts those that were.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn delete(&self, collection: &str, ids: Vec<String>, meta: WriteMeta) -> Result<Committed, WriteError> {
        check_batch("ids", ids.len())?;
        for id in &ids {
            check_id(id).map_err(|(_, why)| WriteError::BadRequest { field: "ids", why })?;
        }
        let (table, _) = self.target(collection).await?;
        let bytes = ids.iter().map(|id| id.len() + 8).sum::<usize>();
        let ids = ids.into_iter().map(Into::into).collect();
        self.submit(PendingOp::Delete { table, ids }, meta, bytes).await
    }

    /// The answer that a request under an idempotency key was given before, so that what comes before its
    /// write need not be done again. `None` says nothing: the write itself decides.
    ///
    /// # Errors
    /// [`WriteError::IdempotencyConflict`] when the key was used for another request.
    pub fn answered(&self, scope_key: &[u8; 32], request_hash: &[u8; 32]) -> Result<Option<Committed>, WriteError> {
        let oldest = draft::oldest_answer(&self.shared.config, self.shared.now_ms());
        let answer = draft::answered(&self.shared.state.read(), oldest, (scope_key, request_hash)).transpose();
        self.refuse_without_lease()?;
        answer
    }

    /// The collection's table, with its folded rows in memory.
    async fn target(&self, name: &str) -> Result<(TableId, Arc<Schema>), WriteError> {
        self.refuse_if_stalled()?;
        self.shared.ensure_image(name).await.map_err(|error| match error {
            ReadError::Fenced => WriteError::Fenced,
            ReadError::Closed => WriteError::Closed,
            ReadError::NoSuchCollection => WriteError::NoSuchCollection,
            ReadError::NoLease => WriteError::NoLease,
            other => WriteError::Unavailable(format!("nothing was written: {other}")),
        })?;
        let state = self.shared.state.read();
        let collection = state.collections.get(name).ok_or(WriteError::NoSuchCollection)?;
        Ok((collection.table, Arc::clone(&collection.schema)))
    }

    fn refuse_if_stalled(&self) -> Result<(), WriteError> {
        if self.shared.stalled.load(Ordering::Acquire) {
            return Err(WriteError::Backpressure(IN_DOUBT));
        }
        Ok(())
    }

    /// Before a write is begun, so that nothing was done.
    fn refuse_without_lease(&self) -> Result<(), WriteError> {
        if self.shared.environment.lease.is_valid() { Ok(()) } else { Err(WriteError::NoLease) }
    }

    /// The acknowledgement, if the process may still give it: what is in its log may be behind the log of a
    /// successor.
    fn acknowledge(&self, committed: Committed) -> Result<Committed, WriteError> {
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is(crate::planted::Bug::AcknowledgeAfterLease) {
            return Ok(committed);
        }
        if self.shared.environment.lease.is_valid() {
            return Ok(committed);
        }
        Err(WriteError::Unavailable("the lease ran out before the reply".to_owned()))
    }

    async fn submit(&self, op: PendingOp, meta: WriteMeta, bytes: usize) -> Result<Committed, WriteError> {
        let config = &self.shared.config;
        self.refuse_without_lease()?;
        self.refuse_if_stalled()?;
        if meta.usage.len() > MAX_DELTAS {
            return Err(WriteError::BadRequest { field: "usage", why: format!("more than {MAX_DELTAS} deltas") });
        }
        let answer = meta.idempotency.as_ref().map_or(0, |i| i.answer.len());
        if answer > MAX_ANSWER {
            return Err(WriteError::TooLarge { bytes: answer, limit: MAX_ANSWER });
        }
        let bytes = bytes + answer + OVERHEAD;
        if bytes > config.max_entry_bytes {
            return Err(WriteError::TooLarge { bytes, limit: config.max_entry_bytes });
        }
        if self.shared.unfolded.bytes.load(Ordering::Acquire) > config.max_memtable_bytes {
            return Err(WriteError::Backpressure("too much is not folded yet"));
        }
        let queued = self.shared.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        let (reply, answered) = oneshot::channel();
        let sent = if queued + bytes > config.max_entry_bytes * QUEUED_ENTRIES {
            Err(WriteError::Backpressure("the queue is full"))
        } else {
            self.queue.try_send(Pending { op, meta, bytes, reply }).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => WriteError::Backpressure("the queue is full"),
                mpsc::error::TrySendError::Closed(_) => self.gone(),
            })
        };
        if let Err(error) = sent {
            self.shared.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
            return Err(error);
        }
        let committed = answered.await.unwrap_or_else(|_| Err(self.gone()))?;
        self.acknowledge(committed)
    }

    /// Why the task that writes is not there.
    fn gone(&self) -> WriteError {
        if self.is_fenced() { WriteError::Fenced } else { WriteError::Closed }
    }
}

fn check_batch(field: &'static str, items: usize) -> Result<(), WriteError> {
    if items == 0 || items > limits::MAX_BATCH {
        return Err(WriteError::BadRequest {
            field,
            why: format!("must hold 1 to {}, not {items}", limits::MAX_BATCH),
        });
    }
    Ok(())
}

async fn analyze(records: Vec<Record>, schema: Arc<Schema>) -> Result<Vec<Arc<MemRow>>, WriteError> {
    let bytes: usize = records.iter().map(|r| r.text.as_ref().map_or(0, String::len)).sum();
    let work = move || {
        let rows = records.into_iter().map(|record| Row::from_record(record, &schema));
        rows.map(|row| Arc::new(MemRow::new(row, &schema))).collect::<Vec<_>>()
    };
    if bytes <= INLINE_BYTES {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|e| WriteError::Unavailable(format!("nothing was written: {e}")))
}
