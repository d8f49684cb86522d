//! Reads over a view.

use std::sync::Arc;

use super::distance::score;
use super::fuse::{self, Fused};
use super::query::{Fusion, Hit, Include, Mode, Page, Query};
use super::rank;
use super::remote::{self, Rows, Streamed, Wanted};
use super::room::Room;
use super::text::analyze;
use super::topk::Candidate;
use super::view::{At, SearchError, View};
use crate::filter::Filter;
use crate::image::{Part, Segment};
use crate::memtable::Bits;
use crate::schema::{Metric, Record};

/// Candidates each ranking gives to a fusion, at least, and for each hit wanted.
const FUSION_MIN: usize = 100;
const FUSION_PER_HIT: usize = 3;
/// Rows and bytes of a collection that is small.
const INLINE_ROWS: u64 = 512;
const INLINE_BYTES: u64 = 1 << 20;
/// Rows that are asked at once whether they pass, at least.
const FILTERED_AT_ONCE: usize = 1_024;

/// The best rows of a checked query.
pub(crate) async fn query(view: Arc<View>, query: Query, room: Room) -> Result<Vec<Hit>, SearchError> {
    let (vector, text, fusion) = match &query.mode {
        Mode::Vector { vector } => (Some(vector.as_slice()), None, None),
        Mode::Text { text } => (None, Some(text.as_str()), None),
        Mode::Hybrid { vector, text, fusion } => (Some(vector.as_slice()), Some(text.as_str()), Some(*fusion)),
    };
    let _waiting = view.abandoned.on_drop();
    let (column, spec) = view.schema.vector_column(&query.column).unzip();
    let metric = spec.map_or(Metric::Cosine, |spec| spec.metric);
    let wanted = Arc::new(Wanted {
        vector: vector.map(<[f32]>::to_vec),
        column: column.unwrap_or_default(),
        terms: text.zip(view.schema.text).map(|(text, spec)| analyze(text, spec.language)),
        filter: query.filter.clone(),
        limit: if fusion.is_some() { FUSION_MIN.max(query.top_k * FUSION_PER_HIT) } else { query.top_k },
    });
    let streamed = remote::pass(&view, &wanted).await?;
    let shared = Arc::clone(&view);
    let inline = is_small(&view, query.filter.as_ref());
    let ranked = off_thread(inline, move || rankings(&shared, &wanted, streamed.as_ref())).await?;
    let fused = join(ranked, fusion, query.top_k, metric);
    let places: Vec<At> = fused.iter().map(|f| f.at.clone()).collect();
    let records = records(&view, &places, query.include, room).await?;
    if records.len() < places.len() {
        return Err(SearchError::TooLarge);
    }
    Ok(fused.into_iter().zip(records).map(|(row, record)| hit(&row, record)).collect())
}

type Rankings = (Option<Vec<Candidate<At>>>, Option<Vec<Candidate<At>>>);

fn rankings(view: &View, wanted: &Wanted, streamed: Option<&Streamed>) -> Rankings {
    let (filter, limit) = (wanted.filter.as_ref(), wanted.limit);
    let probe = wanted.probe(&view.schema);
    // A text alone asks only the rows that hold its terms whether they pass.
    let passing = probe.is_some().then(|| view.passing(filter));
    let passing = passing.as_deref();
    let near = probe
        .zip(passing)
        .map(|(probe, p)| rank::by_vector(view, (wanted.column, &probe), (filter, p), limit, streamed));
    let texts = wanted.terms.as_ref().map(|terms| rank::by_text(view, terms, (filter, passing), limit, streamed));
    (near, texts)
}

fn join((near, texts): Rankings, fusion: Option<Fusion>, top_k: usize, metric: Metric) -> Vec<Fused> {
    match (near, texts, fusion) {
        (Some(near), Some(texts), Some(fusion)) => fuse::fuse(&near, &texts, fusion, top_k),
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
fn hit(row: &Fused, record: Record) -> Hit {
    debug_assert_eq!(*row.id, *record.id);
    Hit {
        record,
        score: row.score as f32,
        distance: row.vector.map(|(distance, _)| distance as f32),
        bm25: row.text.map(|(bm25, _)| bm25 as f32),
        vector_rank: row.vector.map(|(_, rank)| rank),
        text_rank: row.text.map(|(_, rank)| rank),
    }
}

/// The records at `places`, in their order, as far as there is room.
async fn records(view: &View, places: &[At], include: Include, mut room: Room) -> Result<Vec<Record>, SearchError> {
    let positions: Vec<u64> =
        places.iter().filter_map(|at| if let At::Remote(p) = at { Some(*p) } else { None }).collect();
    let mut remote = remote::records(view, &positions, include, room).await?.into_iter();
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

fn bytes(record: &Record) -> usize {
    usize::try_from(record.logical_bytes()).unwrap_or(usize::MAX)
}

/// The records at places found by id.
pub(crate) async fn fetch(
    view: &View,
    places: Vec<Option<At>>,
    include: Include,
    room: Room,
) -> Result<Vec<Option<Record>>, SearchError> {
    let found: Vec<At> = places.iter().flatten().cloned().collect();
    let records = records(view, &found, include, room).await?;
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

/// The first `limit` rows that pass with an id after `after`, by id, as far as there is room.
pub(crate) async fn scan(
    view: Arc<View>,
    filter: Option<Filter>,
    after: Option<String>,
    limit: usize,
    include: Include,
    room: Room,
) -> Result<Page, SearchError> {
    let _waiting = view.abandoned.on_drop();
    let remote = remote_page(&view, filter.as_ref(), after.as_deref(), (limit, include, room)).await?;
    let shared = Arc::clone(&view);
    let inline = is_small(&view, filter.as_ref());
    let local =
        off_thread(inline, move || local_page(&shared, filter.as_ref(), after.as_deref(), (limit, include, room)));
    Ok(join_pages(local.await?, remote, limit, room))
}

/// Two pages of different rows as one. Behind the end of a page that was cut its next rows are not known, so the
/// joined page ends there.
fn join_pages(one: Page, other: Page, limit: usize, mut room: Room) -> Page {
    if other.records.is_empty() {
        return one;
    }
    let cut = [&one, &other].into_iter().filter(|page| page.more);
    let end = cut.filter_map(|page| page.records.last()).map(|record| record.id.clone()).min();
    let mut more = one.more || other.more;
    let mut records = one.records;
    records.extend(other.records);
    records.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let known = records.iter().take(limit).take_while(|record| end.as_ref().is_none_or(|end| record.id <= *end));
    let length = known.take_while(|record| room.take(bytes(record))).count();
    more |= length < records.len();
    records.truncate(length);
    Page { records, more }
}

fn local_page(
    view: &View,
    filter: Option<&Filter>,
    after: Option<&str>,
    (limit, include, mut room): (usize, Include, Room),
) -> Page {
    let mut rows: Vec<(&str, At)> = Vec::new();
    for row in view.passing_mems(filter).filter(|row| after.is_none_or(|after| &*row.row.id > after)) {
        rows.push((&row.row.id, At::Mem(Arc::clone(row))));
    }
    for part in view.local_parts() {
        // One more than wanted, to know whether there are more.
        let passing = first_passing(view, part, filter, after, limit + 1);
        rows.extend(passing.into_iter().map(|row| (part.segment.id(row), At::Segment(part.segment.clone(), row))));
    }
    rows.sort_unstable_by_key(|(id, _)| *id);
    let found = rows.len();
    let fitting = rows.into_iter().take(limit).map_while(|(_, at)| match at {
        At::Mem(row) => room.take(row.row.bytes_of(include)).then(|| row.row.to_record(&view.schema, include)),
        At::Segment(segment, row) => {
            let fits = room.take(segment.bytes_of(row, include));
            fits.then(|| segment.record(&view.schema, row, include))
        }
        At::Remote(_) => None,
    });
    let records: Vec<Record> = fitting.collect();
    Page { more: records.len() < found, records }
}

/// The first rows of a part after an id that pass, by id. They are asked in runs, so that a page of many rows does not
/// ask all, and in longer and longer ones, so that few of many are found as fast as may be.
fn first_passing(view: &View, part: &Part, filter: Option<&Filter>, after: Option<&str>, limit: usize) -> Vec<u32> {
    let mut rest = part.segment.after(after);
    let mut found = Vec::new();
    let mut run = limit.max(FILTERED_AT_ONCE);
    while found.len() < limit && !rest.is_empty() && !view.abandoned.is() {
        let (asked, left) = rest.split_at(run.min(rest.len()));
        let mut open = Bits::default();
        asked.iter().filter(|row| !part.dead.get(**row)).for_each(|row| open.set(*row));
        let passing = view.select(filter, &part.segment, open);
        found.extend(asked.iter().filter(|row| passing.get(**row)));
        (rest, run) = (left, run * 2);
    }
    found.truncate(limit);
    found
}

/// The page of the remote table alone. With a filter, rows are read a page at a time until enough pass.
async fn remote_page(
    view: &View,
    filter: Option<&Filter>,
    after: Option<&str>,
    (limit, include, room): (usize, Include, Room),
) -> Result<Page, SearchError> {
    let mut passing: Vec<u64> = Vec::new();
    if view.remote.is_none() {
        return Ok(Page { records: Vec::new(), more: false });
    }
    let mut keys: Vec<(&str, u64)> = Vec::new();
    let mut first = 0_u64;
    for part in &view.parts {
        let live = part.segment.after(after).iter().filter(|row| !part.dead.get(**row));
        keys.extend(live.map(|row| (part.segment.id(*row), first + u64::from(*row))));
        first += u64::from(part.segment.len());
    }
    keys.sort_unstable();
    let columns = remote::filter_columns(&view.schema, filter);
    // One more than wanted, to know whether there are more.
    for chunk in keys.chunks((limit + 1).max(FILTERED_AT_ONCE)) {
        let mut positions: Vec<u64> = chunk.iter().map(|(_, position)| *position).collect();
        if let (Some(filter), Some(rows)) = (filter, remote::rows(view, &positions, &columns).await?) {
            let passing = view.select(Some(filter), &rows, Bits::all_but(rows.len(), &Bits::default()));
            positions = passing.iter().map(|row| positions[row as usize]).collect();
        }
        passing.extend(positions);
        if passing.len() > limit {
            break;
        }
    }
    let found = passing.len();
    passing.truncate(limit);
    let records = remote::records(view, &passing, include, room).await?;
    Ok(Page { more: records.len() < found, records })
}

/// Whether a read is done on the caller's thread; moving it costs more.
fn is_small(view: &View, filter: Option<&Filter>) -> bool {
    filter.is_none() && view.totals.rows <= INLINE_ROWS && view.totals.bytes <= INLINE_BYTES
}

async fn off_thread<T: Send + 'static>(
    inline: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SearchError> {
    if inline {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|e| SearchError::Task(e.to_string()))
}
