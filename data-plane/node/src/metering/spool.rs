//! Usage of reads in one life of the process: counters in memory, each change in a file before the reply.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Read},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use agentdb_ids::IncarnationId;
use parking_lot::Mutex;

pub(crate) use super::record::CounterKey;
use super::record::{self, LEN};

const EXTENSION: &str = "usage";

/// Why a request was not counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CountError {
    #[error("the usage spool cannot be written: {0}")]
    Io(#[from] io::Error),
    #[error("billing has not answered for so long that no more can be counted")]
    Full,
    /// The condition of the count did not hold; nothing was counted.
    #[error("the condition did not hold")]
    Refused,
}

#[derive(Debug, Clone, Copy, Default)]
struct Value {
    now: u64,
    acknowledged: u64,
}

#[derive(Debug)]
struct Inner {
    file: Arc<File>,
    /// Bytes of whole records; what is behind them is the rest of a write that failed.
    len: u64,
    counters: HashMap<CounterKey, Value>,
    synced_len: u64,
}

/// The spool of this life. Values in the file are cumulative: the last one of a counter holds.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    max_counters: usize,
    inner: Mutex<Inner>,
}

impl Spool {
    pub(crate) fn create(folder: &Path, incarnation: IncarnationId, max_counters: usize) -> io::Result<Self> {
        let path = folder.join(format!("{incarnation}.{EXTENSION}"));
        let file = Arc::new(new_file(&path)?);
        let inner = Inner { file, len: 0, counters: HashMap::new(), synced_len: 0 };
        Ok(Self { path, max_counters, inner: Mutex::new(inner) })
    }

    /// Adds the amounts to their counters, if `still` holds once they are in the file: the check that must
    /// come right before the reply, so that a request refused by it is not counted.
    pub(crate) fn count(&self, amounts: &[(CounterKey, u64)], still: impl FnOnce() -> bool) -> Result<(), CountError> {
        let mut inner = self.inner.lock();
        let mut bytes = Vec::with_capacity(amounts.len() * LEN);
        for (key, amount) in amounts.iter().filter(|(_, amount)| *amount > 0) {
            if !inner.counters.contains_key(key) && inner.counters.len() >= self.max_counters {
                return Err(CountError::Full);
            }
            let now = inner.counters.get(key).copied().unwrap_or_default().now;
            record::encode(key, now.saturating_add(*amount), &mut bytes);
        }
        inner.file.write_all_at(&bytes, inner.len)?;
        if !still() {
            inner.file.set_len(inner.len)?;
            return Err(CountError::Refused);
        }
        inner.len += bytes.len() as u64;
        for (key, amount) in amounts.iter().filter(|(_, amount)| *amount > 0) {
            let value = inner.counters.entry(*key).or_default();
            value.now = value.now.saturating_add(*amount);
        }
        Ok(())
    }

    /// Counters that have grown since they were acknowledged, at most `limit`.
    pub(crate) fn unacknowledged(&self, limit: usize) -> Vec<(CounterKey, u64)> {
        let inner = self.inner.lock();
        let grown = inner.counters.iter().filter(|(_, value)| value.now > value.acknowledged);
        grown.map(|(key, value)| (*key, value.now)).take(limit).collect()
    }

    /// How many counters wait for an acknowledgement.
    pub(crate) fn backlog(&self) -> usize {
        self.inner.lock().counters.values().filter(|value| value.now > value.acknowledged).count()
    }

    /// Billing has `value` of the counter.
    pub(crate) fn acknowledge(&self, key: &CounterKey, value: u64) {
        if let Some(counter) = self.inner.lock().counters.get_mut(key) {
            counter.acknowledged = counter.acknowledged.max(value);
        }
    }

    /// Makes what is counted safe against a crash of the machine. Blocks on the disk, not on counting.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let (file, len, synced) = {
            let inner = self.inner.lock();
            (Arc::clone(&inner.file), inner.len, inner.synced_len)
        };
        if len != synced {
            file.sync_data()?;
            self.inner.lock().synced_len = len;
        }
        Ok(())
    }

    /// Forgets counters of hours before `hour` that are acknowledged, and rewrites the file with the last value
    /// of each counter when it has grown beyond `bytes` and beyond twice what that takes. Blocks on the disk.
    pub(crate) fn compact(&self, hour: i64, bytes: u64) -> io::Result<()> {
        let mut inner = self.inner.lock();
        inner.counters.retain(|key, value| key.hour >= hour || value.now > value.acknowledged);
        let least = inner.counters.len() * LEN;
        if inner.len <= bytes.max(2 * least as u64) {
            return Ok(());
        }
        let mut content = Vec::with_capacity(least);
        for (key, value) in &inner.counters {
            record::encode(key, value.now, &mut content);
        }
        let temporary = self.path.with_extension("tmp");
        let file = new_file(&temporary)?;
        file.write_all_at(&content, 0)?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        inner.file = Arc::new(file);
        inner.len = content.len() as u64;
        inner.synced_len = inner.len;
        Ok(())
    }

    /// Removes the file when everything in it is acknowledged: the end of an orderly life.
    pub(crate) fn remove_if_acknowledged(&self) -> io::Result<bool> {
        if self.backlog() > 0 {
            return Ok(false);
        }
        fs::remove_file(&self.path)?;
        Ok(true)
    }
}

/// What an earlier life left behind.
#[derive(Debug)]
pub(crate) struct OldSpool {
    pub incarnation: IncarnationId,
    pub path: PathBuf,
    pub counters: HashMap<CounterKey, u64>,
}

/// The spools in `folder` of other lives than `current`.
pub(crate) fn left_behind(folder: &Path, current: IncarnationId) -> io::Result<Vec<OldSpool>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != EXTENSION) {
            continue;
        }
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Ok(incarnation) = name.parse::<IncarnationId>() else {
            tracing::warn!(path = %path.display(), "a file in the spool is not named after a life of the node");
            continue;
        };
        if incarnation == current {
            continue;
        }
        let counters = read(BufReader::new(File::open(&path)?))?;
        if counters.is_empty() {
            fs::remove_file(&path)?;
        } else {
            found.push(OldSpool { incarnation, path, counters });
        }
    }
    Ok(found)
}

/// The last value of each counter. Reading ends at the first record that is not whole: a process that was
/// killed leaves at most its last one so, and that request was not answered.
fn read(mut file: impl Read) -> io::Result<HashMap<CounterKey, u64>> {
    let mut counters = HashMap::new();
    let mut bytes = [0; LEN];
    loop {
        match file.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(counters),
            Err(error) => return Err(error),
        }
        let Some((key, value)) = record::decode(&bytes) else { return Ok(counters) };
        counters.insert(key, value);
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests;
