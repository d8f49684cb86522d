//! Random writes of every kind, and the rows that are there after them.

use std::collections::{BTreeMap, BTreeSet};

use agentdb_data_plane_engine::{
    Action, DEFAULT_VECTOR, Edit, Metric, Missing, Operation, Patch, Record, Schema, Value, VectorSpec, default_vector,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::support::vectors::Clustered;
use crate::support::{DOCS, record, schema};

/// Records of one write at most.
const BATCH: usize = 40;

/// A column of every kind, and a vector of so many numbers.
pub(super) fn columns(metric: Metric, dimension: usize) -> Schema {
    Schema { vectors: VectorSpec { dimension: dimension as u32, metric }.into(), ..schema() }
}

/// A filter, and the same in Rust.
pub(super) struct Sieve {
    pub(super) text: &'static str,
    pub(super) passes: fn(&Record) -> bool,
}

/// From one that nearly all rows pass to one that none does.
pub(super) static SIEVES: [Sieve; 6] = [
    Sieve { text: "page < 38", passes: |row| page(row).is_some_and(|page| page < 38) },
    Sieve { text: "metadata.source.kind = 'draft'", passes: is_draft },
    Sieve { text: "page >= 7 AND page < 17", passes: |row| page(row).is_some_and(|page| (7..17).contains(&page)) },
    Sieve { text: "topic = 'index' AND public = true", passes: is_public_index },
    Sieve { text: "page = 3 AND weight <= 1.5", passes: |row| page(row) == Some(3) && weight(row) <= 1.5 },
    Sieve { text: "page > 100", passes: |_| false },
];

fn page(row: &Record) -> Option<i64> {
    match row.attributes.get("page")? {
        Value::Int(page) => Some(*page),
        other => panic!("{other:?}"),
    }
}

fn weight(row: &Record) -> f64 {
    match row.attributes["weight"] {
        Value::Float(weight) => weight,
        ref other => panic!("{other:?}"),
    }
}

fn is_draft(row: &Record) -> bool {
    row.metadata.as_ref().is_some_and(|metadata| metadata["source"]["kind"] == "draft")
}

fn is_public_index(row: &Record) -> bool {
    row.attributes["topic"] == Value::String("index".to_owned()) && row.attributes["public"] == Value::Bool(true)
}

/// Writes, made one after the other from a seed.
pub(super) struct Stream {
    random: ChaCha8Rng,
    vectors: Clustered,
    /// Vectors made so far.
    made: usize,
    /// What is there after all writes so far.
    rows: BTreeMap<String, Record>,
}

impl Stream {
    pub(super) fn new(seed: u64, dimension: usize) -> Self {
        let (random, vectors) = (ChaCha8Rng::seed_from_u64(seed), Clustered::new(seed, dimension));
        Self { random, vectors, made: 0, rows: BTreeMap::new() }
    }

    pub(super) fn rows(&self) -> &BTreeMap<String, Record> {
        &self.rows
    }

    /// A vector that is no row's.
    pub(super) fn probe(&self, number: usize) -> Vec<f32> {
        self.vectors.query(number)
    }

    /// The first writes of so many rows.
    pub(super) fn fill(&mut self, rows: usize) -> Vec<Operation> {
        let numbers: Vec<usize> = (0..rows).collect();
        numbers.chunks(1_000).map(|some| self.upsert(some.iter().copied())).collect()
    }

    /// So many writes of every kind to rows below a number, of which some may not be there.
    pub(super) fn writes(&mut self, count: usize, below: usize) -> Vec<Operation> {
        (0..count).map(|_| self.write(below)).collect()
    }

    fn write(&mut self, below: usize) -> Operation {
        let many = self.random.random_range(1..=BATCH);
        let numbers: BTreeSet<usize> = (0..many).map(|_| self.random.random_range(0..below)).collect();
        match self.random.random_range(0..6_u32) {
            0..=2 => self.upsert(numbers),
            3 => self.delete(numbers),
            _ => self.patch(numbers),
        }
    }

    fn upsert(&mut self, numbers: impl IntoIterator<Item = usize>) -> Operation {
        let records: Vec<Record> = numbers.into_iter().map(|number| self.record(number)).collect();
        self.rows.extend(records.iter().map(|record| (record.id.clone(), record.clone())));
        Operation::upsert(DOCS, records)
    }

    fn delete(&mut self, numbers: BTreeSet<usize>) -> Operation {
        let ids: Vec<String> = numbers.into_iter().map(id).collect();
        self.rows.retain(|id, _| !ids.contains(id));
        Operation::delete(DOCS, ids)
    }

    fn patch(&mut self, numbers: BTreeSet<usize>) -> Operation {
        let patches: Vec<(String, Patch)> = numbers.into_iter().map(|number| (id(number), self.change())).collect();
        for (id, patch) in &patches {
            if let Some(row) = self.rows.get_mut(id) {
                apply(patch, row);
            }
        }
        Operation::new(DOCS, Action::Patch { patches, missing: Missing::Skip })
    }

    fn record(&mut self, number: usize) -> Record {
        let (vectors, version) = (default_vector(self.vector()), self.random.random_range(0..1_000));
        Record { vectors, ..record(number, version) }
    }

    fn vector(&mut self) -> Vec<f32> {
        self.made += 1;
        self.vectors.vector(self.made)
    }

    /// A change of one part of a record.
    fn change(&mut self) -> Patch {
        let same = Patch::default();
        match self.random.random_range(0..4_u32) {
            0 => Patch { vectors: [(DEFAULT_VECTOR.to_owned(), Some(self.vector()))].into(), ..same },
            1 => {
                let page = self.random.random_range(0..50_i64);
                let page = (page < 40).then_some(Value::Int(page));
                Patch { attributes: [("page".to_owned(), page)].into(), ..same }
            }
            2 => {
                let goes = self.random.random_bool(0.3);
                let text = if goes { Edit::Remove } else { Edit::Set("planners of running backups".to_owned()) };
                Patch { text, ..same }
            }
            _ => Patch { metadata: Some(json!({"source": {"kind": "draft"}})), ..same },
        }
    }
}

fn id(number: usize) -> String {
    record(number, 0).id
}

/// What the engine is to make of a patch.
fn apply(patch: &Patch, row: &mut Record) {
    for (name, vector) in &patch.vectors {
        row.vectors.insert(name.clone(), vector.clone().expect("none is removed"));
    }
    for (name, value) in &patch.attributes {
        match value {
            Some(value) => row.attributes.insert(name.clone(), value.clone()),
            None => row.attributes.remove(name),
        };
    }
    match &patch.text {
        Edit::Keep => {}
        Edit::Remove => row.text = None,
        Edit::Set(text) => row.text = Some(text.clone()),
    }
    if patch.metadata.is_some() {
        row.metadata.as_mut().expect("each has some")["source"]["kind"] = json!("draft");
    }
}
