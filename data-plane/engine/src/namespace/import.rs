//! Import: a file of any length as many writes, each of a bounded size.
//!
//! Each write carries an idempotency key made of the import's id, the collection and its own number, so an import that
//! was cut short is sent once more from its beginning: what was done is not done or counted again, and the rest follows.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use xxhash_rust::xxh3::Xxh3;

use super::Namespace;
use super::errors::WriteError;
use super::types::{Commit, Idempotency, UsageDelta, WriteMeta};
use crate::catalog::TableId;
use crate::schema::{Record, Schema};
use crate::transfer::{Decoder, Format, FormatError, write_line};

/// Records and their bytes in one write. Where a file is cut depends on its records alone.
const WRITE_RECORDS: usize = 500;
const WRITE_BYTES: u64 = 4 << 20;
/// How long an import waits for room before it gives up.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LAST_WAIT: Duration = Duration::from_secs(4);

/// An import of one file.
pub struct Import<'a> {
    /// The collection, which must be there.
    pub collection: &'a str,
    /// The format of the file.
    pub format: Format,
    /// A digest of who imports and of the import's name; the same one resumes it.
    pub id: [u8; 32],
    /// The usage that a write of these records causes.
    pub usage: &'a (dyn Fn(&[Record]) -> Vec<UsageDelta> + Sync),
}

/// What an import has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Records of the file that are in the namespace.
    pub records: u64,
    /// Those of them that an earlier attempt had written.
    pub replayed: u64,
    /// The commit of the last write; 0 for a file without records.
    pub commit: Commit,
}

/// Why an import ended early. What was done by then stays; the same import goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is not what it is said to be.
    #[error("{error}")]
    Format {
        /// What is wrong, and where.
        error: FormatError,
        /// What was done before.
        done: Imported,
    },
    /// A write was refused. Its records begin with number `done.records` of the file.
    #[error("the records from {} on: {error}", done.records)]
    Write {
        /// Why. A record's number in it counts from the beginning of the file.
        error: WriteError,
        /// What was done before.
        done: Imported,
    },
    /// The bytes of the file stopped coming.
    #[error("the file was cut off: {error}")]
    Source {
        /// What the source said.
        error: String,
        /// What was done before.
        done: Imported,
    },
}

/// Records that wait to be written.
#[derive(Default)]
struct Chunk {
    records: Vec<Record>,
    bytes: u64,
}

impl Namespace {
    /// Writes all records of a file, in its order. Not one atomic write: each record is visible from its own commit on.
    ///
    /// # Errors
    /// [`ImportError`], with what was done by then.
    pub async fn import<E: std::fmt::Display>(
        &self,
        import: Import<'_>,
        file: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Imported, ImportError> {
        let mut done = Imported::default();
        let Some((schema, id)) = self.resumed_as(&import) else {
            return Err(ImportError::Write { error: WriteError::NoSuchCollection, done });
        };
        let import = Import { id, ..import };
        let mut decoder = Decoder::new(import.format, schema);
        let mut chunk = Chunk::default();
        let (mut number, mut ended) = (0, false);
        let mut file = std::pin::pin!(file);
        while !ended {
            let bytes = match file.next().await.transpose() {
                Ok(bytes) => bytes,
                Err(error) => return Err(ImportError::Source { error: error.to_string(), done }),
            };
            ended = bytes.is_none();
            let mut fed = Some(bytes);
            loop {
                let (decoded, back, gathered) = decode(decoder, fed.take(), chunk).await;
                (decoder, chunk) = (back, gathered);
                if !decoded.map_err(|error| ImportError::Format { error, done })? {
                    break;
                }
                self.write_chunk(&import, number, std::mem::take(&mut chunk), &mut done).await?;
                number += 1;
            }
        }
        if !chunk.records.is_empty() {
            self.write_chunk(&import, number, chunk, &mut done).await?;
        }
        Ok(done)
    }

    /// The schema of the collection, and the id under which the writes of the import are known there. The same import
    /// is another one in another collection, also of the same name, and after a rewind: its rows are not there.
    fn resumed_as(&self, import: &Import<'_>) -> Option<(Arc<Schema>, [u8; 32])> {
        let state = self.shared.state.read();
        let collection = state.collections.get(import.collection)?;
        // A collection that was folded does not know of the rewind that brought it back.
        let rewound = state.marks.rewinds.last().copied().unwrap_or_default();
        let id = of_collection(import.id, collection.table, collection.since.max(rewound));
        Some((Arc::clone(&collection.schema), id))
    }

    async fn write_chunk(
        &self,
        import: &Import<'_>,
        number: u64,
        chunk: Chunk,
        done: &mut Imported,
    ) -> Result<(), ImportError> {
        let request_hash = digest(&chunk.records).map_err(|error| ImportError::Format {
            error: FormatError { record: done.records, why: error.to_string() },
            done: *done,
        })?;
        let idempotency = Idempotency { scope_key: numbered(import.id, number), request_hash, answer: Bytes::new() };
        let usage = (import.usage)(&chunk.records);
        let count = chunk.records.len() as u64;
        let mut wait = FIRST_WAIT;
        loop {
            let meta =
                WriteMeta { usage: usage.clone(), idempotency: Some(idempotency.clone()), ..WriteMeta::default() };
            match self.upsert(import.collection, chunk.records.clone(), meta).await {
                Ok(committed) => {
                    done.records += count;
                    done.replayed += if committed.replayed.is_some() { count } else { 0 };
                    done.commit = committed.commit;
                    return Ok(());
                }
                Err(WriteError::Backpressure(_)) if wait <= LAST_WAIT => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                Err(mut error) => {
                    if let WriteError::SchemaMismatch(mismatch) = &mut error {
                        mismatch.record += usize::try_from(done.records).unwrap_or(usize::MAX);
                    }
                    return Err(ImportError::Write { error, done: *done });
                }
            }
        }
    }
}

/// Feeds bytes (`Some(None)` is the end of the file) and gathers records until a chunk is full (`true`) or more bytes are
/// needed. Off the async threads; a decoder that panics over odd bytes is an error of the file.
async fn decode(
    mut decoder: Decoder,
    fed: Option<Option<Bytes>>,
    mut chunk: Chunk,
) -> (Result<bool, FormatError>, Decoder, Chunk) {
    let work = tokio::task::spawn_blocking(move || {
        let outcome = gather(&mut decoder, fed, &mut chunk);
        (outcome, decoder, chunk)
    });
    match work.await {
        Ok(done) => done,
        Err(_) => {
            let error = FormatError { record: 0, why: "the file is damaged: it cannot be decoded".to_owned() };
            (Err(error), Decoder::new(Format::Jsonl, Arc::default()), Chunk::default())
        }
    }
}

fn gather(decoder: &mut Decoder, fed: Option<Option<Bytes>>, chunk: &mut Chunk) -> Result<bool, FormatError> {
    match fed {
        Some(Some(bytes)) => decoder.feed(&bytes)?,
        Some(None) => decoder.end()?,
        None => {}
    }
    while let Some(record) = decoder.next()? {
        chunk.bytes += record.logical_bytes();
        chunk.records.push(record);
        if chunk.records.len() >= WRITE_RECORDS || chunk.bytes >= WRITE_BYTES {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The id of an import into a collection that is what it is since a commit.
fn of_collection(mut id: [u8; 32], table: TableId, since: Commit) -> [u8; 32] {
    let mut hash = Xxh3::new();
    hash.update(table.0.as_bytes());
    hash.update(&since.to_le_bytes());
    for (byte, more) in id.iter_mut().zip(hash.digest128().to_le_bytes()) {
        *byte ^= more;
    }
    id
}

/// The key of one write of an import.
fn numbered(mut id: [u8; 32], number: u64) -> [u8; 32] {
    for (byte, more) in id[24..].iter_mut().zip(number.to_le_bytes()) {
        *byte ^= more;
    }
    id
}

/// Tells whether a file that is sent again holds the same records.
fn digest(records: &[Record]) -> Result<[u8; 32], serde_json::Error> {
    let (mut hash, mut line) = (Xxh3::new(), Vec::new());
    for record in records {
        line.clear();
        write_line(record, &mut line)?;
        hash.update(&line);
    }
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(&hash.digest128().to_le_bytes());
    Ok(digest)
}
