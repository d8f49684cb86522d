//! The callers' side of writes: check, queue, wait.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot};

use super::Namespace;
use super::draft::{self, Pending, PendingOp, Refused, Request};
use super::errors::WriteError;
use super::operation::Operation;
use super::prepare;
use super::types::{Committed, WriteMeta};
use super::writer::{IN_DOUBT, NOT_FOLDED};
use crate::schema::{Record, Schema, valid_collection_name};
use crate::store::IoScope;

/// Bytes of a stored answer.
const MAX_ANSWER: usize = 16 << 10;
/// Usage deltas of one write.
const MAX_DELTAS: usize = 16;
/// What a write takes in an entry beside its rows.
const OVERHEAD: usize = 256;
/// The queue holds at most so many entries' worth of bytes, and of rows that were read for what is in it.
pub(super) const QUEUED_ENTRIES: usize = 4;
/// How often a request is read for anew because its records changed meanwhile.
const MAX_ATTEMPTS: usize = 16;

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
        let submitted = self.submit(PendingOp::Create { name: name.to_owned(), schema }, meta, bytes).await;
        submitted.map_err(Refused::into_error)
    }

    /// Drops a collection and all its records.
    ///
    /// # Errors
    /// [`WriteError::NoSuchCollection`] when there is none.
    pub async fn drop_collection(&self, name: &str, meta: WriteMeta) -> Result<Committed, WriteError> {
        let submitted = self.submit(PendingOp::Drop { name: name.to_owned() }, meta, OVERHEAD + name.len()).await;
        submitted.map_err(Refused::into_error)
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
        self.write_one(Operation::upsert(collection, records), meta).await
    }

    /// Deletes records by id; ids that are not there are no error. [`Committed::deleted`] counts those that were.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn delete(&self, collection: &str, ids: Vec<String>, meta: WriteMeta) -> Result<Committed, WriteError> {
        self.write_one(Operation::delete(collection, ids), meta).await
    }

    /// Does one operation; its errors are not numbered.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn write_one(&self, operation: Operation, meta: WriteMeta) -> Result<Committed, WriteError> {
        self.write(vec![operation], meta).await.map_err(|error| match error {
            WriteError::InOperation { error, .. } => *error,
            other => other,
        })
    }

    /// Does all operations at one commit, or none of them. Each sees what the ones before it did. At most 1,000
    /// records, ids and patches in all, of them at most 8 operations by filter.
    ///
    /// # Errors
    /// [`WriteError::InOperation`] for what is wrong with one operation; see [`WriteError`] for the rest.
    pub async fn write(&self, operations: Vec<Operation>, meta: WriteMeta) -> Result<Committed, WriteError> {
        prepare::check_amounts(&operations)?;
        self.refuse_if_stalled()?;
        let scope = Arc::new(IoScope::default());
        let mut steps = Vec::with_capacity(operations.len());
        for (index, operation) in operations.into_iter().enumerate() {
            // Boxed, as it holds all of a load: the futures around it stay small.
            let step = Box::pin(self.prepare(operation, &scope)).await.map_err(|error| error.in_operation(index))?;
            steps.push(step);
        }
        let mut request = Request { steps, meta };
        for _ in 0..MAX_ATTEMPTS {
            let bytes = Box::pin(self.read_for(&mut request.steps, &scope)).await?;
            match self.submit(PendingOp::Change(request.steps), request.meta, bytes).await {
                Ok(committed) => return Ok(Committed { io: scope.io(), ..committed }),
                Err(Refused::Error(error)) => return Err(error),
                Err(Refused::Reread(again)) => request = *again,
            }
        }
        Err(WriteError::Backpressure("the records keep changing between being read and being written"))
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

    /// As [`Namespace::answered`], for a request that carries such a key.
    pub(super) fn done_before(&self, meta: &WriteMeta) -> Result<Option<Committed>, WriteError> {
        let Some(idempotency) = &meta.idempotency else { return Ok(None) };
        self.answered(&idempotency.scope_key, &idempotency.request_hash)
    }

    pub(super) fn refuse_if_stalled(&self) -> Result<(), WriteError> {
        if self.shared.stalled.load(Ordering::Acquire) {
            return Err(WriteError::Backpressure(IN_DOUBT));
        }
        Ok(())
    }

    /// Before a write is begun, so that nothing was done.
    pub(super) fn refuse_without_lease(&self) -> Result<(), WriteError> {
        if self.shared.environment.lease.is_valid() { Ok(()) } else { Err(WriteError::NoLease) }
    }

    /// The acknowledgement, if the process may still give it: what is in its log may be behind the log of a
    /// successor.
    pub(super) fn acknowledge(&self, committed: Committed) -> Result<Committed, WriteError> {
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is(crate::planted::Bug::AcknowledgeAfterLease) {
            return Ok(committed);
        }
        if self.shared.environment.lease.is_valid() {
            return Ok(committed);
        }
        Err(WriteError::Unavailable("the lease ran out before the reply".to_owned()))
    }

    /// A refusal tells what is in the namespace, which a successor may have changed.
    fn refused(&self, refused: Refused) -> Refused {
        match refused {
            Refused::Error(
                WriteError::Fenced | WriteError::Closed | WriteError::Unavailable(_) | WriteError::Backpressure(_),
            )
            | Refused::Reread(_) => refused,
            Refused::Error(error) => Refused::Error(self.refuse_without_lease().err().unwrap_or(error)),
        }
    }

    pub(super) async fn submit(&self, op: PendingOp, meta: WriteMeta, bytes: usize) -> Result<Committed, Refused> {
        let config = &self.shared.config;
        self.refuse_without_lease()?;
        self.refuse_if_stalled()?;
        if meta.usage.len() > MAX_DELTAS {
            let why = format!("more than {MAX_DELTAS} deltas");
            return Err(WriteError::BadRequest { field: "usage", why }.into());
        }
        let answer = meta.idempotency.as_ref().map_or(0, |i| i.answer.len());
        if answer > MAX_ANSWER {
            return Err(WriteError::TooLarge { bytes: answer, limit: MAX_ANSWER }.into());
        }
        let bytes = bytes + answer + OVERHEAD;
        if bytes > config.max_entry_bytes {
            return Err(WriteError::TooLarge { bytes, limit: config.max_entry_bytes }.into());
        }
        let unfolded = &self.shared.unfolded;
        let (waiting, aside) = (unfolded.bytes.load(Ordering::Acquire), unfolded.aside.load(Ordering::Acquire));
        // What is set aside leaves room for the rest, but not without end.
        let limit = config.max_memtable_bytes;
        if waiting > limit || waiting + aside > 2 * limit || self.shared.tail_is_full() {
            return Err(WriteError::Backpressure(NOT_FOLDED).into());
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
            return Err(error.into());
        }
        let answered = answered.await.unwrap_or_else(|_| Err(self.gone().into()));
        let committed = answered.map_err(|refused| self.refused(refused))?;
        Ok(self.acknowledge(committed)?)
    }

    /// Why the task that writes is not there.
    fn gone(&self) -> WriteError {
        if self.is_fenced() { WriteError::Fenced } else { WriteError::Closed }
    }
}
