//! What all contenders read: vectors, queries and exact answers, in files of one directory.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use agentdb_data_plane_engine::Config;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::share::Share;
use super::truth;
use crate::bench::data::{Clustered, DIMENSION};

/// Hits of a query.
pub const TOP_K: usize = 10;
/// The first queries decide on the effort; the others are measured.
const TUNING: usize = 100;
/// Centres of the vectors. With fewer, and so more rows around each, a graph has to look further: a fifth of what
/// `make bench` has.
pub const CLUSTERS: usize = 200;
/// Memory for folded rows that the engine is given beside its default, a row: others keep all of theirs in memory, too.
const MEMORY_PER_ROW: usize = 6 << 10;
/// Clients that ask at once.
pub const CLIENTS: [usize; 3] = [1, 2, 8];

/// The ids of the nearest rows of each query, for each share.
pub type Truth = [Vec<[u32; TOP_K]>; 3];

/// The data as a contender sees them.
pub struct Data {
    /// Where the files are, and where a contender may store.
    pub dir: PathBuf,
    /// How many vectors there are; their ids are 0, 1, 2, and so on.
    pub count: usize,
    /// All queries, of length 1 like the vectors.
    pub queries: Vec<Vec<f32>>,
    /// In the order of [`Share::EACH`].
    pub truth: Truth,
}

impl Data {
    /// Makes vectors and exact answers and writes them into `dir`.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn make(dir: &Path, count: usize) -> Result<()> {
        let clustered = Clustered::new(count, CLUSTERS);
        write(&dir.join("vectors.f32"), clustered.vectors.iter().flatten().map(|x| x.to_le_bytes()))?;
        write(&dir.join("queries.f32"), clustered.queries.iter().flatten().map(|x| x.to_le_bytes()))?;
        let truth = truth::exact(&clustered.vectors, &clustered.queries);
        let mut shares = Vec::new();
        for (share, answers) in Share::EACH.into_iter().zip(truth) {
            let name = format!("truth-{}.u32", share.below());
            write(&dir.join(&name), answers.iter().flatten().map(|id| id.to_le_bytes()))?;
            shares.push(json!({"below": share.below(), "truth": name}));
        }
        let form = json!({
            "vectors": count,
            "dimension": DIMENSION,
            "queries": clustered.queries.len(),
            "tuning": TUNING,
            "clients": CLIENTS,
            "shares": shares,
        });
        std::fs::write(dir.join("form.json"), form.to_string()).context("cannot write form.json")
    }

    /// Bytes of memory for folded rows, so that all have room.
    pub fn memory(&self) -> usize {
        Config::default().max_resident_bytes + self.count * MEMORY_PER_ROW
    }

    /// Reads what [`Data::make`] wrote; the vectors stay in their file.
    ///
    /// # Errors
    /// When a file is missing or cut short.
    pub fn load(dir: &Path) -> Result<Self> {
        let form = std::fs::read(dir.join("form.json")).context("form.json")?;
        let form: Value = serde_json::from_slice(&form)?;
        let count = form["vectors"].as_u64().context("form.json names no number of vectors")? as usize;
        let queries = floats(&std::fs::read(dir.join("queries.f32"))?);
        let queries = queries.chunks_exact(DIMENSION).map(<[f32]>::to_vec).collect();
        let answers = |share: Share| -> Result<Vec<[u32; TOP_K]>> {
            let bytes = std::fs::read(dir.join(format!("truth-{}.u32", share.below())))?;
            let ids: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
            Ok(ids.as_chunks::<TOP_K>().0.to_vec())
        };
        let [all, tenth, hundredth] = Share::EACH;
        let truth = [answers(all)?, answers(tenth)?, answers(hundredth)?];
        Ok(Self { dir: dir.to_path_buf(), count, queries, truth })
    }

    /// The vectors in parts of up to `rows`, each with the id of its first.
    ///
    /// # Errors
    /// When the file cannot be opened; a part, when it cannot be read.
    pub fn parts(&self, rows: usize) -> Result<impl Iterator<Item = Result<(u32, Vec<Vec<f32>>)>> + use<>> {
        let path = self.dir.join("vectors.f32");
        let mut file = BufReader::with_capacity(1 << 20, File::open(&path).context("vectors.f32")?);
        let count = self.count;
        Ok((0..count).step_by(rows).map(move |first| {
            let mut bytes = vec![0; rows.min(count - first) * DIMENSION * 4];
            file.read_exact(&mut bytes).context("vectors.f32 is cut short")?;
            let part = floats(&bytes).chunks_exact(DIMENSION).map(<[f32]>::to_vec).collect();
            Ok((first as u32, part))
        }))
    }

    /// The queries as a client that has 32-bit numbers writes them: as few digits as tell them apart.
    pub fn queries_as_json(&self) -> impl Iterator<Item = String> {
        self.queries.iter().map(|query| {
            let numbers: Vec<String> = query.iter().map(f32::to_string).collect();
            format!("[{}]", numbers.join(","))
        })
    }

    /// The exact answer to a query.
    pub fn answer(&self, share: Share, query: usize) -> &[u32; TOP_K] {
        let place = Share::EACH.iter().position(|each| *each == share).unwrap_or_default();
        &self.truth[place][query]
    }

    /// The queries that decide on the effort.
    pub fn tuning(&self) -> std::ops::Range<usize> {
        0..TUNING
    }

    /// The queries that are measured.
    pub fn measured(&self) -> std::ops::Range<usize> {
        TUNING..self.queries.len()
    }
}

fn write(path: &Path, numbers: impl Iterator<Item = [u8; 4]>) -> Result<()> {
    let told = || format!("cannot write {}", path.display());
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).with_context(told)?);
    for number in numbers {
        file.write_all(&number).with_context(told)?;
    }
    file.flush().with_context(told)
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}
