//! Reads over a view.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use super::cold;
use super::collect::{GroupKey, Keep, Kept, group_of};
use super::distance::score;
use super::fuse::{self, Fused};
use super::near::Begun;
use super::query::{Fusion, Hit, Include, Mode, Query};
use super::rank;
use super::remote::{self, Rows, Streamed, Texts, Wanted};
use super::room::Room;
use super::text::analyze_query;
use super::topk::Candidate;
use super::view::{Abandoned, At, SearchError, View};
use crate::filter::{Filter, RowView, ValueRef};
use crate::image::Segment;
use crate::schema::{Metric, Record, Value};

/// Candidates each ranking gives to a fusion, at least, and for each hit wanted.
const FUSION_MIN: usize = 100;
const FUSION_PER_HIT: usize = 3;
/// Rows and bytes of a collection that is small.
const INLINE_ROWS: u64 = 512;
const INLINE_BYTES: u64 = 1 << 20;
/// Queries of one call that are ranked at once.
const QUERIES_AT_ONCE: usize = 4;

/// The best rows of a checked query.
pub(crate) async fn query(view: Arc<View>, query: Query, mut room: Room) -> Result<Vec<Hit>, SearchError> {
    let found = find(&view, &query).await?;
    answer(&view, &query, found, &mut room).await
}

/// The best rows of each of several checked queries; which one failed, if one did. Their answers share the room.
pub(crate) async fn queries(
    view: Arc<View>,
    queries: Vec<Query>,
    mut room: Room,
) -> Result<Vec<Vec<Hit>>, (usize, SearchError)> {
    let finding: Vec<_> =
        queries.into_iter().enumerate().map(|(at, query)| find_one(View::clone(&view), query, at)).collect();
    let found: Vec<(Query, Found)> = stream::iter(finding).buffered(QUERIES_AT_ONCE).try_collect().await?;
    let mut answers = Vec::with_capacity(found.len());
    for (at, (query, found)) in found.into_iter().enumerate() {
        answers.push(answer(&view, &query, found, &mut room).await.map_err(|error| (at, error))?);
    }
    Ok(answers)
}

/// One of several queries, the `at`th.
async fn find_one(view: View, query: Query, at: usize) -> Result<(Query, Found), (usize, SearchError)> {
    // Each is abandoned by itself when it is done.
    let view = Arc::new(View { abandoned: Abandoned::default(), ..view });
    let found = find(&view, &query).await.map_err(|error| (at, error))?;
    Ok((query, found))
}

/// The rows of an answer, with the values of their groups when it is grouped.
struct Found {
    rows: Vec<Fused>,
    groups: Option<Vec<Option<Value>>>,
}

async fn find(view: &Arc<View>, query: &Query) -> Result<Found, SearchError> {
    let _waiting = view.abandoned.on_drop();
    let group = query.group_by.as_ref().and_then(|group| {
        let column = view.schema.attributes.keys().position(|name| *name == group.attribute)?;
        Some((column, group.size))
    });
    let hybrid = matches!(query.mode, Mode::Hybrid { .. });
    let each = query.top_k * group.map_or(1, |(_, size)| size);
    let keep = match group {
        _ if hybrid => Keep::Best(FUSION_MIN.max(each * FUSION_PER_HIT)),
        Some((column, _)) => Keep::Leaders(column, query.top_k),
        None => Keep::Best(query.top_k),
    };
    let mut rows = ranked(view, query, keep).await?;
    let Some((column, size)) = group else {
        rows.truncate(query.top_k);
        return Ok(Found { rows, groups: None });
    };
    let mut values = values(view, &rows, column).await?;
    if size > 1 && !hybrid {
        let groups = values.iter().map(|value| group_of(value.as_ref().map(ValueRef::from).as_ref())).collect();
        rows = ranked(view, query, Keep::Members(column, size, Arc::new(groups))).await?;
        values = self::values(view, &rows, column).await?;
    }
    Ok(grouped(rows, values, query.top_k, size))
}

/// All candidates, best first, without those below the lowest score wanted.
async fn ranked(view: &Arc<View>, query: &Query, keep: Keep) -> Result<Vec<Fused>, SearchError> {
    let (vector, text, fusion) = match &query.mode {
        Mode::Vector { vector } => (Some(vector.as_slice()), None, None),
        Mode::Text { text } => (None, Some(text.as_str()), None),
        Mode::Hybrid { vector, text, fusion } => (Some(vector.as_slice()), Some(text.as_str()), Some(*fusion)),
    };
    let (column, spec) = view.schema.vector_column(&query.column).unzip();
    let metric = spec.map_or(Metric::Cosine, |spec| spec.metric);
    let wanted = Arc::new(Wanted {
        vector: vector.map(<[f32]>::to_vec),
        column: column.unwrap_or_default(),
        terms: text.zip(view.schema.text).map(|(text, spec)| analyze_query(text, spec.language)),
        filter: query.filter.clone(),
        keep,
        max_distance: query.max_distance,
        exact: query.exact,
    });
    let streamed = match &view.cold {
        Some(cold) => Some(cold::near(view, cold, &wanted).await?),
        None => remote::pass(view, &wanted).await?,
    };
    let shared = Arc::clone(view);
    let begun = if streamed.is_none() { wanted.begin(view) } else { None };
    let inline = begun.as_ref().is_some_and(|begun| begun.quick) || is_small(view, query.filter.as_ref());
    let rankings = off_thread(inline, move || rankings(&shared, &wanted, streamed, begun)).await?;
    let mut rows = join(rankings, fusion, metric);
    #[expect(clippy::cast_possible_truncation, reason = "the score that is answered")]
    rows.retain(|row| query.min_score.is_none_or(|min| row.score as f32 >= min));
    Ok(rows)
}

/// The values of an attribute of rows, in their order.
async fn values(view: &View, rows: &[Fused], column: usize) -> Result<Vec<Option<Value>>, SearchError> {
    let positions: Vec<u64> =
        rows.iter().filter_map(|row| if let At::Remote(at) = row.at { Some(at) } else { None }).collect();
    let name: Vec<String> = view.schema.attributes.keys().nth(column).cloned().into_iter().collect();
    let remote = remote::rows(view, &positions, &name).await?;
    let mut next = 0..;
    let value = |at: &At| match at {
        At::Mem(row) => row.attribute(column).map(ValueRef::to_value),
        At::Segment(segment, row) => segment.scalar(column, *row).map(ValueRef::to_value),
        At::Remote(_) => {
            remote.as_ref().zip(next.next()).and_then(|(rows, row)| rows.scalar(column, row)?.to_value().into())
        }
    };
    Ok(rows.iter().map(|row| &row.at).map(value).collect())
}

/// The first rows of the first groups; of rows best first.
fn grouped(rows: Vec<Fused>, values: Vec<Option<Value>>, groups: usize, size: usize) -> Found {
    let mut places: HashMap<GroupKey, usize> = HashMap::new();
    let mut found: Vec<Vec<(Fused, Option<Value>)>> = Vec::new();
    for (row, value) in rows.into_iter().zip(values) {
        let fresh = places.len();
        let place = *places.entry(group_of(value.as_ref().map(ValueRef::from).as_ref())).or_insert(fresh);
        if place == found.len() && place < groups {
            found.push(Vec::new());
        }
        if let Some(group) = found.get_mut(place).filter(|group| group.len() < size) {
            group.push((row, value));
        }
    }
    let (rows, values) = found.into_iter().flatten().unzip();
    Found { rows, groups: Some(values) }
}

/// The hits of the rows found.
async fn answer(view: &View, query: &Query, found: Found, room: &mut Room) -> Result<Vec<Hit>, SearchError> {
    let places: Vec<At> = found.rows.iter().map(|row| row.at.clone()).collect();
    let records = records(view, &places, query.include, room).await?;
    if records.len() < places.len() {
        return Err(SearchError::TooLarge);
    }
    let groups = found.groups.into_iter().flatten().chain(std::iter::repeat(None));
    let rows = found.rows.into_iter().zip(records).zip(groups);
    Ok(rows.map(|((row, record), group)| hit(&row, record, group)).collect())
}

type Rankings = (Option<Vec<Candidate<At>>>, Option<Vec<Candidate<At>>>);

fn rankings(view: &View, wanted: &Wanted, streamed: Option<Streamed>, begun: Option<Begun>) -> Rankings {
    let probe = wanted.probe(&view.schema);
    let (near, texts) = streamed.map_or_else(|| (Kept::new(&wanted.keep), Texts::default()), |s| (s.near, s.texts));
    // A text alone asks only the rows that hold its terms whether they pass.
    let (passing, found) = begun.map_or((None, None), |begun| (Some(begun.passing), begun.near));
    let passing = passing.or_else(|| probe.is_some().then(|| view.passing(wanted.filter.as_ref())));
    let passing = passing.as_deref();
    let near = probe.zip(passing).map(|(probe, p)| rank::by_vector(view, wanted, &probe, p, (near, found)));
    let texts = wanted.terms.as_ref().map(|terms| rank::by_text(view, wanted, terms, passing, texts));
    (near, texts)
}

fn join((near, texts): Rankings, fusion: Option<Fusion>, metric: Metric) -> Vec<Fused> {
    match (near, texts, fusion) {
        (Some(near), Some(texts), Some(fusion)) => fuse::fuse(&near, &texts, fusion),
        (Some(near), ..) => {
            let rows = (1_u32..).zip(near);
            #[expect(clippy::cast_possible_truncation, reason = "the distance was computed in f32")]
            rows.map(|(rank, c)| Fused {
                score: f64::from(score(metric, c.key as f32)),
                vector: Some((c.key, rank)),
                text: None,
                at: c.at,
                id: c.id,
            })
            .collect()
        }
        (None, Some(texts), _) => (1_u32..)
            .zip(texts)
            .map(|(rank, c)| Fused { score: -c.key, vector: None, text: Some((-c.key, rank)), at: c.at, id: c.id })
            .collect(),
        (None, None, _) => Vec::new(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "answers carry f32")]
fn hit(row: &Fused, record: Record, group: Option<Value>) -> Hit {
    debug_assert_eq!(*row.id, *record.id);
    Hit {
        record,
        score: row.score as f32,
        distance: row.vector.map(|(distance, _)| distance as f32),
        bm25: row.text.map(|(bm25, _)| bm25 as f32),
        vector_rank: row.vector.map(|(_, rank)| rank),
        text_rank: row.text.map(|(_, rank)| rank),
        group,
    }
}

/// The records at `places`, in their order, as far as there is room.
pub(super) async fn records(
    view: &View,
    places: &[At],
    include: Include,
    room: &mut Room,
) -> Result<Vec<Record>, SearchError> {
    let positions: Vec<u64> =
        places.iter().filter_map(|at| if let At::Remote(p) = at { Some(*p) } else { None }).collect();
    let mut remote = remote::records(view, &positions, include, *room).await?.into_iter();
    let mut records = Vec::with_capacity(places.len());
    for at in places {
        let record = match at {
            At::Mem(row) => room.take(row.row.bytes_of(include)).then(|| row.row.to_record(&view.schema, include)),
            At::Segment(segment, row) => {
                let fits = room.take(segment.bytes_of(*row, include));
                fits.then(|| segment.record(&view.schema, *row, include))
            }
            At::Remote(_) => remote.next().filter(|record| room.take(bytes(record))),
        };
        let Some(record) = record else { break };
        records.push(record);
    }
    Ok(records)
}

pub(super) fn bytes(record: &Record) -> usize {
    usize::try_from(record.logical_bytes()).unwrap_or(usize::MAX)
}

/// The records at places found by id.
pub(crate) async fn fetch(
    view: &View,
    places: Vec<Option<At>>,
    include: Include,
    mut room: Room,
) -> Result<Vec<Option<Record>>, SearchError> {
    let found: Vec<At> = places.iter().flatten().cloned().collect();
    let records = records(view, &found, include, &mut room).await?;
    if records.len() < found.len() {
        return Err(SearchError::TooLarge);
    }
    let mut records = records.into_iter();
    Ok(places.into_iter().map(|place| place.and_then(|_| records.next())).collect())
}

/// How many live rows pass.
pub(crate) async fn count(view: Arc<View>, filter: Option<Filter>) -> Result<u64, SearchError> {
    let Some(filter) = filter.map(Arc::new) else { return Ok(view.totals.rows) };
    let _waiting = view.abandoned.on_drop();
    let columns = remote::filter_columns(&view.schema, Some(&filter));
    let streamed = {
        let filter = Arc::clone(&filter);
        let passing = move |count: &mut u64, view: &View, segment: &Segment, rows: &Rows| {
            *count += u64::from(view.select(Some(&filter), segment, rows.live.clone()).ones());
        };
        remote::each(&view, &columns, 0, passing).await?
    };
    let shared = Arc::clone(&view);
    let local = off_thread(false, move || {
        let folded = shared.passing(Some(&filter));
        let fresh = shared.passing_mems(Some(&filter)).count() as u64;
        fresh + folded.iter().map(|passing| u64::from(passing.ones())).sum::<u64>()
    });
    Ok(local.await? + streamed)
}

/// Whether a read is done on the caller's thread; moving it costs more.
pub(super) fn is_small(view: &View, filter: Option<&Filter>) -> bool {
    filter.is_none() && view.totals.rows <= INLINE_ROWS && view.totals.bytes <= INLINE_BYTES
}

pub(super) async fn off_thread<T: Send + 'static>(
    inline: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SearchError> {
    if inline {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|e| SearchError::Task(e.to_string()))
}
