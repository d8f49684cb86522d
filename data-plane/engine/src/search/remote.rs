//! Rows that are not in memory: streamed from Lance, scored by the same functions.

use std::collections::HashMap;
use std::sync::Arc;

use futures::TryStreamExt;

use super::bm25::Bm25;
use super::collect::{Keep, Kept};
use super::distance::Probe;
use super::query::Include;
use super::rank::frequencies;
use super::room::Room;
use super::run::off_thread;
use super::text::{Terms, analyze};
use super::view::{At, SearchError, View};
use crate::filter::{Filter, ValueRef};
use crate::image::{Segment, stream};
use crate::memtable::Bits;
use crate::schema::{Metric, Record, Schema, Value};
use crate::table::{ID, METADATA, TEXT, TableError};

/// What a pass over the table found.
pub(super) struct Streamed {
    /// What is kept of the rows that pass the filter, by nearness.
    pub(super) near: Kept,
    pub(super) texts: Texts,
}

/// Bytes of the matches that are held until the statistics are known. Of more the table is read once more.
const MATCH_BYTES: usize = 8 << 20;

/// The live rows that hold a term of the query.
#[derive(Default)]
pub(super) struct Texts {
    /// In how many of them each of the query's terms occurs, whether they pass or not.
    pub(super) frequencies: Vec<u64>,
    /// Those that pass, unless they are too many.
    pub(super) passing: Vec<TextMatch>,
    /// Bytes of these, and at most.
    bytes: usize,
    most: usize,
    /// What is kept of those that pass, by their scores, when they were too many.
    pub(super) kept: Option<Kept>,
}

impl Texts {
    fn are_too_many(&self) -> bool {
        self.bytes > self.most
    }

    /// Holds a match, unless they are too many.
    fn hold(&mut self, found: TextMatch) {
        self.bytes += size_of::<TextMatch>() + found.id.len() + size_of_val(&*found.counts);
        if self.are_too_many() {
            self.passing = Vec::new();
        } else {
            self.passing.push(found);
        }
    }
}

/// A row that holds terms of the query. Scored when the statistics are known.
#[derive(Debug)]
pub(super) struct TextMatch {
    pub(super) id: Box<str>,
    pub(super) position: u64,
    pub(super) length: u32,
    /// Indexes of the query's terms, ascending, with their counts here.
    pub(super) counts: Vec<(usize, u32)>,
    /// The value that it is grouped by.
    pub(super) group: Option<Value>,
}

/// What to look for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// As many numbers as the dimension of the column.
    pub(super) vector: Option<Vec<f32>>,
    /// The vector column, among all.
    pub(super) column: usize,
    pub(super) terms: Option<Terms>,
    pub(super) filter: Option<Filter>,
    /// Of each ranking.
    pub(super) keep: Keep,
    /// Rows farther away are not near.
    pub(super) max_distance: Option<f32>,
    /// Whether indexes are left aside.
    pub(super) exact: bool,
}

impl Wanted {
    pub(super) fn probe(&self, schema: &Schema) -> Option<Probe<'_>> {
        let metric = schema.vectors.values().nth(self.column).map_or(Metric::Cosine, |v| v.metric);
        self.vector.as_deref().map(|vector| Probe::new(vector, metric))
    }

    /// Whether a row at this distance is near enough.
    pub(super) fn is_near(&self, distance: f32) -> bool {
        self.max_distance.is_none_or(|max| distance <= max)
    }

    /// The attribute that rows are grouped by while they are ranked.
    pub(super) fn group(&self) -> Option<usize> {
        match self.keep {
            Keep::Best(_) => None,
            Keep::Leaders(column, _) | Keep::Members(column, ..) => Some(column),
        }
    }
}

/// One pass over the live rows of the remote table; nothing when all rows are in memory.
pub(super) async fn pass(view: &Arc<View>, wanted: &Arc<Wanted>) -> Result<Option<Streamed>, SearchError> {
    pass_within(view, wanted, MATCH_BYTES).await
}

/// The same, with so many bytes of matches at most.
async fn pass_within(view: &Arc<View>, wanted: &Arc<Wanted>, most: usize) -> Result<Option<Streamed>, SearchError> {
    if view.remote.is_none() {
        return Ok(None);
    }
    let mut columns = filter_columns(&view.schema, wanted.filter.as_ref());
    columns.extend(wanted.group().and_then(|column| view.schema.attributes.keys().nth(column).cloned()));
    if wanted.vector.is_some() {
        columns.extend(view.schema.vectors.keys().nth(wanted.column).cloned());
    }
    if wanted.terms.is_some() {
        columns.push(TEXT.to_owned());
    }
    let terms = wanted.terms.as_ref().map_or(0, |terms| terms.counts.len());
    let nothing = (Kept::new(&wanted.keep), Texts { frequencies: vec![0; terms], most, ..Texts::default() });
    let sought = Arc::clone(wanted);
    let found = each(view, &columns, nothing, move |(near, texts), view, segment, rows| {
        let wanted = &sought;
        let probe = wanted.probe(&view.schema);
        let passing = view.select(wanted.filter.as_ref(), segment, rows.live.clone());
        for row in rows.live.iter().take_while(|_| !view.abandoned.is()) {
            let (ok, position) = (passing.get(row), rows.first + u64::from(row));
            if let Some(probe) = probe.as_ref().filter(|_| ok)
                && let Some((vector, norm)) = segment.vector(wanted.column, row)
                && near.may_keep(|column| segment.scalar(column, row))
            {
                let (distance, attribute) = (probe.distance(vector, norm), |column| segment.scalar(column, row));
                if wanted.is_near(distance) {
                    near.offer(f64::from(distance), segment.id(row), attribute, || At::Remote(position));
                }
            }
            if let (Some(query), Some(spec), Some(text)) = (&wanted.terms, view.schema.text, segment.text(row)) {
                let terms = analyze(text, spec.language);
                let counts: Vec<(usize, u32)> = terms.counts_of(&query.counts).collect();
                counts.iter().for_each(|(i, _)| texts.frequencies[*i] += 1);
                if ok && !counts.is_empty() {
                    let id = segment.id(row).into();
                    let group = wanted.group().and_then(|column| segment.scalar(column, row));
                    let group = group.map(ValueRef::to_value);
                    texts.hold(TextMatch { id, position, length: terms.length, counts, group });
                }
            }
        }
    });
    let (near, mut texts) = found.await?;
    if texts.are_too_many() {
        texts.kept = Some(by_text(view, wanted, &texts, &columns).await?);
    }
    Ok(Some(Streamed { near, texts }))
}

/// What is kept of the rows that pass and hold a term of the query, by their scores.
async fn by_text(
    view: &Arc<View>,
    wanted: &Arc<Wanted>,
    texts: &Texts,
    columns: &[String],
) -> Result<Kept, SearchError> {
    let kept = Kept::new(&wanted.keep);
    let (shared, sought, streamed) = (Arc::clone(view), Arc::clone(wanted), texts.frequencies.clone());
    let weigh = move || {
        let query = sought.terms.as_ref()?;
        Some(Bm25::new(query, &frequencies(&shared, query, &streamed), shared.totals))
    };
    let Some(bm25) = off_thread(false, weigh).await? else { return Ok(kept) };
    let (wanted, bm25) = (Arc::clone(wanted), Arc::new(bm25));
    let found = each(view, columns, kept, move |kept, view, segment, rows| {
        let passing = view.select(wanted.filter.as_ref(), segment, rows.live.clone());
        for row in passing.iter().take_while(|_| !view.abandoned.is()) {
            if let (Some(spec), Some(text)) = (view.schema.text, segment.text(row))
                && kept.may_keep(|column| segment.scalar(column, row))
                && let Some(score) = bm25.score(&analyze(text, spec.language))
            {
                let (position, attribute) = (rows.first + u64::from(row), |column| segment.scalar(column, row));
                kept.offer(-score, segment.id(row), attribute, || At::Remote(position));
            }
        }
    });
    found.await
}

/// Rows of a batch.
pub(super) struct Rows {
    pub(super) live: Bits,
    /// The position of the batch's first row in the ordered scan.
    pub(super) first: u64,
}

/// Visits the live rows of the remote table in its fixed order, batch by batch, off the async threads. What is found
/// is handed from one batch to the next.
pub(super) async fn each<S, V>(view: &Arc<View>, columns: &[String], mut found: S, visit: V) -> Result<S, SearchError>
where
    S: Send + 'static,
    V: Fn(&mut S, &View, &Segment, &Rows) + Clone + Send + 'static,
{
    let Some(dataset) = &view.remote else { return Ok(found) };
    let mut columns = columns.to_vec();
    columns.push(ID.to_owned());
    columns.sort_unstable();
    columns.dedup();
    let mut batches = std::pin::pin!(stream(dataset, Some(&columns)).await?);
    let mut first = 0_u64;
    while let Some(batch) = batches.try_next().await? {
        let length = batch.num_rows() as u64;
        let (view, visit) = (Arc::clone(view), visit.clone());
        let work = move || {
            let segment = Segment::new(&view.schema, batch, None)?;
            check_order(&view, &segment, first)?;
            let mut dead = Bits::default();
            let shadowed = (0..segment.len()).filter(|row| view.is_dead_remote(first + u64::from(*row)));
            shadowed.for_each(|row| dead.set(row));
            let rows = Rows { live: Bits::all_but(segment.len(), &dead), first };
            visit(&mut found, &view, &segment, &rows);
            Ok::<S, SearchError>(found)
        };
        found = tokio::task::spawn_blocking(work).await.map_err(|e| SearchError::Task(e.to_string()))??;
        first += length;
    }
    Ok(found)
}

/// The keys were read in the same order; were they not, dead rows would be taken for live ones.
fn check_order(view: &View, segment: &Segment, position: u64) -> Result<(), TableError> {
    let mut offset = position;
    for part in &view.parts {
        let length = u64::from(part.segment.len());
        if offset < length {
            let row = u32::try_from(offset).unwrap_or(u32::MAX);
            if segment.len() > 0 && part.segment.id(row) != segment.id(0) {
                return Err(TableError::Damaged("two scans of one version differ in order".to_owned()));
            }
            return Ok(());
        }
        offset -= length;
    }
    Ok(())
}

/// The records at positions, in the order given, as far as there is room.
pub(super) async fn records(
    view: &View,
    positions: &[u64],
    include: Include,
    mut room: Room,
) -> Result<Vec<Record>, SearchError> {
    let columns = include_columns(&view.schema, include);
    let mut records = Vec::new();
    let mut from = 0;
    while from < positions.len() {
        // Their whole rows would fit, and one more: never much more is read than is answered.
        let mut whole_rows = room;
        let fit = positions[from..].iter().take_while(|at| whole_rows.take(view.remote_bytes(**at))).count();
        let to = positions.len().min(from + fit + 1);
        let Some(segment) = rows(view, &positions[from..to], &columns).await? else { break };
        for row in 0..segment.len() {
            let record = segment.record(&view.schema, row, include);
            if !room.take(usize::try_from(record.logical_bytes()).unwrap_or(usize::MAX)) {
                return Ok(records);
            }
            records.push(record);
        }
        from = to;
    }
    Ok(records)
}

/// The rows at positions, as a segment in the order given.
pub(super) async fn rows(
    view: &View,
    positions: &[u64],
    columns: &[String],
) -> Result<Option<Arc<Segment>>, SearchError> {
    let Some(dataset) = view.remote.as_ref().filter(|_| !positions.is_empty()) else { return Ok(None) };
    let columns: Vec<&str> = std::iter::once(ID).chain(columns.iter().map(String::as_str)).collect();
    let projection = dataset.schema().project(&columns).map_err(TableError::from)?;
    let batch = dataset.take(positions, projection).await.map_err(TableError::from)?;
    if batch.num_rows() != positions.len() {
        return Err(TableError::Damaged("rows are missing from the table".to_owned()).into());
    }
    Ok(Some(Arc::new(Segment::new(&view.schema, batch, None)?)))
}

/// The columns a filter reads, beside the id.
pub(super) fn filter_columns(schema: &Schema, filter: Option<&Filter>) -> Vec<String> {
    let Some(filter) = filter else { return Vec::new() };
    let names: HashMap<usize, &String> = schema.attributes.keys().enumerate().collect();
    let mut columns: Vec<String> = filter.columns().iter().filter_map(|c| names.get(c).copied().cloned()).collect();
    if filter.uses_metadata() {
        columns.push(METADATA.to_owned());
    }
    columns
}

pub(super) fn include_columns(schema: &Schema, include: Include) -> Vec<String> {
    let mut columns = Vec::new();
    if include.vector {
        columns.extend(schema.vectors.keys().cloned());
    }
    if include.text && schema.text.is_some() {
        columns.push(TEXT.to_owned());
    }
    if include.attributes {
        columns.extend(schema.attributes.keys().cloned());
    }
    if include.metadata {
        columns.push(METADATA.to_owned());
    }
    columns
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lance::dataset::InsertBuilder;

    use super::*;
    use crate::catalog::Totals;
    use crate::image::Part;
    use crate::memtable::{MemRow, Row, Slot};
    use crate::schema::{AttributeType, Language, TextSpec};
    use crate::search::rank::by_text as by_text_of;
    use crate::search::text::analyze_query;
    use crate::search::view::Abandoned;
    use crate::table::batch_of;

    async fn texts(keep: Keep) -> (Arc<View>, Arc<Wanted>) {
        let schema = Arc::new(Schema {
            text: Some(TextSpec { language: Language::English }),
            attributes: BTreeMap::from([("n".to_owned(), AttributeType::Int)]),
            ..Schema::default()
        });
        let slot = |n: i64| {
            let text = if n % 2 == 0 { "an index" } else { "a lock on an index" };
            let record = Record {
                id: format!("r{n:03}"),
                text: Some(text.to_owned()),
                attributes: BTreeMap::from([("n".to_owned(), Value::Int(n))]),
                ..Record::default()
            };
            Slot { row: Arc::new(MemRow::new(Row::from_record(record, &schema), &schema)), commit: 1 }
        };
        let slots: Vec<Slot> = (0..100).map(slot).collect();
        let batch = batch_of(&schema, &slots).expect("a batch");
        let dataset = InsertBuilder::new("memory://texts").execute(vec![batch.clone()]).await.expect("a table");
        let segment = Arc::new(Segment::new(&schema, batch, None).expect("a segment"));
        let view = Arc::new(View {
            schema: Arc::clone(&schema),
            mems: Vec::new(),
            parts: vec![Part { id: 0, segment, dead: Arc::default() }],
            remote: Some(Arc::new(dataset)),
            indexes: Vec::new(),
            cold: None,
            totals: Totals { rows: 100, documents: 100, tokens: 350, ..Totals::default() },
            abandoned: Abandoned::default(),
        });
        let wanted = Arc::new(Wanted {
            vector: None,
            column: 0,
            terms: Some(analyze_query("lock index", Language::English)),
            filter: Some(Filter::parse("n < 3", &[], &schema).expect("a filter")),
            keep,
            max_distance: None,
            exact: false,
        });
        (view, wanted)
    }

    #[tokio::test]
    async fn texts_that_do_not_pass_are_counted_and_not_kept() {
        let (view, wanted) = texts(Keep::Best(10)).await;
        let mut texts = pass(&view, &wanted).await.expect("a pass").expect("rows are streamed").texts;
        texts.frequencies.sort_unstable();
        assert_eq!(texts.frequencies, [50, 100]);
        let passing: Vec<&str> = texts.passing.iter().map(|text| &*text.id).collect();
        assert_eq!(passing, ["r000", "r001", "r002"]);
    }
    #[tokio::test]
    async fn of_too_many_matches_the_best_are_kept_by_another_pass() {
        for keep in [Keep::Best(2), Keep::Leaders(0, 2)] {
            let (view, wanted) = texts(keep).await;
            let terms = wanted.terms.as_ref().expect("terms");
            let mut answers = Vec::new();
            for (most, held) in [(MATCH_BYTES, 3), (0, 0)] {
                let texts = pass_within(&view, &wanted, most).await.expect("a pass").expect("rows are streamed").texts;
                assert_eq!((texts.passing.len(), texts.kept.is_some()), (held, held == 0));
                let best = by_text_of(&view, &wanted, terms, None, texts);
                answers.push(best.into_iter().map(|found| (found.id, found.key)).collect::<Vec<_>>());
            }
            assert_eq!(answers[0], answers[1]);
            assert_eq!(answers[0].len(), 2);
        }
    }
}
