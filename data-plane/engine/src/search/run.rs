//! Reads over a view.

use std::sync::Arc;

use super::distance::{Probe, score};
use super::fuse::{self, Fused};
use super::query::{Fusion, Hit, Include, Mode, Query};
use super::rank;
use super::remote::{self, Streamed, Wanted};
use super::text::{Terms, analyze};
use super::topk::Candidate;
use super::view::{At, SearchError, View, passes};
use crate::filter::Filter;
use crate::schema::{Metric, Record};

/// Candidates each ranking gives to a fusion, at least, and for each hit wanted.
const FUSION_MIN: usize = 100;
const FUSION_PER_HIT: usize = 3;
/// Up to so many rows a read is done on the caller's thread; moving it costs more.
const INLINE_ROWS: u64 = 512;

/// The best rows of a checked query.
pub(crate) async fn query(view: Arc<View>, query: Query) -> Result<Vec<Hit>, SearchError> {
    let (vector, text, fusion) = match &query.mode {
        Mode::Vector { vector } => (Some(vector.as_slice()), None, None),
        Mode::Text { text } => (None, Some(text.as_str()), None),
        Mode::Hybrid { vector, text, fusion } => (Some(vector.as_slice()), Some(text.as_str()), Some(*fusion)),
    };
    let metric = view.schema.vector.map_or(Metric::Cosine, |v| v.metric);
    let terms = text.zip(view.schema.text).map(|(text, spec)| analyze(text, spec.language));
    let limit = if fusion.is_some() { FUSION_MIN.max(query.top_k * FUSION_PER_HIT) } else { query.top_k };
    let streamed = {
        let probe = vector.map(|v| Probe::new(v, metric));
        let wanted = Wanted { probe, terms: terms.as_ref(), filter: query.filter.as_ref(), limit };
        remote::pass(&view, &wanted).await?
    };
    let shared = Arc::clone(&view);
    let owned = (vector.map(<[f32]>::to_vec), query.filter.clone());
    let ranked = off_thread(view.totals.rows, move || {
        let (vector, filter) = owned;
        rankings(&shared, vector.as_deref(), terms.as_ref(), filter.as_ref(), limit, streamed.as_ref())
    })
    .await?;
    let fused = join(ranked, fusion, query.top_k, metric);
    let places: Vec<At> = fused.iter().map(|f| f.at.clone()).collect();
    let records = records(&view, &places, query.include).await?;
    Ok(fused.into_iter().zip(records).map(|(row, record)| hit(&row, record)).collect())
}

type Rankings = (Option<Vec<Candidate<At>>>, Option<Vec<Candidate<At>>>);

fn rankings(
    view: &View,
    vector: Option<&[f32]>,
    terms: Option<&Terms>,
    filter: Option<&Filter>,
    limit: usize,
    streamed: Option<&Streamed>,
) -> Rankings {
    let metric = view.schema.vector.map_or(Metric::Cosine, |v| v.metric);
    let near = vector.map(|v| rank::by_vector(view, &Probe::new(v, metric), filter, limit, streamed));
    let texts = terms.map(|t| rank::by_text(view, t, filter, limit, streamed));
    (near, texts)
}

fn join((near, texts): Rankings, fusion: Option<Fusion>, top_k: usize, metric: Metric) -> Vec<Fused> {
    match (near, texts, fusion) {
        (Some(near), Some(texts), Some(fusion)) => fuse::fuse(near, texts, fusion, top_k),
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

/// The records at `places`, in their order.
async fn records(view: &View, places: &[At], include: Include) -> Result<Vec<Record>, SearchError> {
    let positions: Vec<u64> =
        places.iter().filter_map(|at| if let At::Remote(p) = at { Some(*p) } else { None }).collect();
    let mut remote = remote::records(view, &positions, include).await?.into_iter();
    Ok(places
        .iter()
        .filter_map(|at| match at {
            At::Mem(row) => Some(row.row.to_record(&view.schema, include)),
            At::Segment(segment, row) => Some(segment.record(&view.schema, *row, include)),
            At::Remote(_) => remote.next(),
        })
        .collect())
}

/// The records at places found by id.
pub(crate) async fn fetch(
    view: &View,
    places: Vec<Option<At>>,
    include: Include,
) -> Result<Vec<Option<Record>>, SearchError> {
    let found: Vec<At> = places.iter().flatten().cloned().collect();
    let mut records = records(view, &found, include).await?.into_iter();
    Ok(places.into_iter().map(|place| place.and_then(|_| records.next())).collect())
}

/// How many live rows pass.
pub(crate) async fn count(view: Arc<View>, filter: Option<Filter>) -> Result<u64, SearchError> {
    let Some(filter) = filter else { return Ok(view.totals.rows) };
    let mut streamed = 0;
    let columns = remote::filter_columns(&view.schema, Some(&filter));
    remote::each(&view, &columns, |segment, row, _| streamed += u64::from(filter.passes(&segment.view(row)))).await?;
    let shared = Arc::clone(&view);
    let local = off_thread(view.totals.rows, move || {
        let mut count = 0;
        shared.each_local(|row, _| count += u64::from(filter.passes(row)));
        count
    });
    Ok(local.await? + streamed)
}

/// The first `limit` rows that pass with an id after `after`, by id.
pub(crate) async fn scan(
    view: Arc<View>,
    filter: Option<Filter>,
    after: Option<String>,
    limit: usize,
    include: Include,
) -> Result<Vec<Record>, SearchError> {
    let remote = remote_page(&view, filter.as_ref(), after.as_deref(), limit, include).await?;
    let shared = Arc::clone(&view);
    let local =
        off_thread(view.totals.rows, move || local_page(&shared, filter.as_ref(), after.as_deref(), limit, include));
    let mut page = local.await?;
    page.extend(remote);
    page.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    page.truncate(limit);
    Ok(page)
}

fn local_page(
    view: &View,
    filter: Option<&Filter>,
    after: Option<&str>,
    limit: usize,
    include: Include,
) -> Vec<Record> {
    let mut rows: Vec<(&str, At)> = Vec::new();
    for row in view.mems.iter().flat_map(crate::memtable::MemView::rows) {
        if after.is_none_or(|after| &*row.row.id > after) && passes(filter, row.as_ref()) {
            rows.push((&row.row.id, At::Mem(Arc::clone(row))));
        }
    }
    if view.remote.is_none() {
        for part in &view.parts {
            let live = part.segment.after(after).iter().filter(|row| !part.dead.get(**row));
            let passing = live.filter(|row| passes(filter, &part.segment.view(**row))).take(limit);
            rows.extend(passing.map(|row| (part.segment.id(*row), At::Segment(Arc::clone(&part.segment), *row))));
        }
    }
    rows.sort_unstable_by_key(|(id, _)| *id);
    rows.truncate(limit);
    rows.into_iter()
        .filter_map(|(_, at)| match at {
            At::Mem(row) => Some(row.row.to_record(&view.schema, include)),
            At::Segment(segment, row) => Some(segment.record(&view.schema, row, include)),
            At::Remote(_) => None,
        })
        .collect()
}

/// The page of the remote table alone. With a filter, rows are read a page at a time until enough pass.
async fn remote_page(
    view: &View,
    filter: Option<&Filter>,
    after: Option<&str>,
    limit: usize,
    include: Include,
) -> Result<Vec<Record>, SearchError> {
    let mut page = Vec::new();
    if view.remote.is_none() {
        return Ok(page);
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
    for chunk in keys.chunks(limit.max(1)) {
        let mut positions: Vec<u64> = chunk.iter().map(|(_, position)| *position).collect();
        if let (Some(filter), Some(rows)) = (filter, remote::rows(view, &positions, &columns).await?) {
            let mut row = 0;
            positions.retain(|_| {
                row += 1;
                filter.passes(&rows.view(row - 1))
            });
        }
        page.extend(remote::records(view, &positions, include).await?);
        if page.len() >= limit {
            break;
        }
    }
    page.truncate(limit);
    Ok(page)
}

async fn off_thread<T: Send + 'static>(rows: u64, work: impl FnOnce() -> T + Send + 'static) -> Result<T, SearchError> {
    if rows <= INLINE_ROWS {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|e| SearchError::Task(e.to_string()))
}
