//! Rows that are not in memory: streamed from Lance, scored by the same functions.

use std::collections::HashMap;
use std::sync::Arc;

use futures::TryStreamExt;

use super::distance::Probe;
use super::query::Include;
use super::text::{Terms, analyze};
use super::topk::{Candidate, TopK};
use super::view::{At, SearchError, View, passes};
use crate::filter::Filter;
use crate::image::{Segment, stream};
use crate::schema::{Record, Schema};
use crate::table::{ID, METADATA, TEXT, TableError, VECTOR};

/// What a pass over the table found.
#[derive(Debug, Default)]
pub(super) struct Streamed {
    /// The nearest rows of the table that pass the filter.
    pub(super) near: Vec<Candidate<At>>,
    /// Every live row that holds a term of the query.
    pub(super) texts: Vec<TextMatch>,
}

/// A row that holds terms of the query. Scored when the statistics are known.
#[derive(Debug)]
pub(super) struct TextMatch {
    pub(super) id: Box<str>,
    pub(super) position: u64,
    pub(super) length: u32,
    /// Indexes of the query's terms, ascending, with their counts here.
    pub(super) counts: Vec<(usize, u32)>,
    pub(super) passes: bool,
}

/// What to look for.
pub(super) struct Wanted<'a> {
    pub(super) probe: Option<Probe<'a>>,
    pub(super) terms: Option<&'a Terms>,
    pub(super) filter: Option<&'a Filter>,
    pub(super) limit: usize,
}

/// One pass over the live rows of the remote table; nothing when all rows are in memory.
pub(super) async fn pass(view: &View, wanted: &Wanted<'_>) -> Result<Option<Streamed>, SearchError> {
    if view.remote.is_none() {
        return Ok(None);
    }
    let mut columns = filter_columns(&view.schema, wanted.filter);
    if wanted.probe.is_some() {
        columns.push(VECTOR.to_owned());
    }
    if wanted.terms.is_some() {
        columns.push(TEXT.to_owned());
    }
    let mut top = TopK::new(wanted.limit);
    let mut texts = Vec::new();
    each(view, &columns, |segment, row, position| {
        let ok = passes(wanted.filter, &segment.view(row));
        if let Some(probe) = wanted.probe.as_ref().filter(|_| ok)
            && let Some((vector, norm)) = segment.vector(row)
        {
            top.offer(f64::from(probe.distance(vector, norm)), segment.id(row), || At::Remote(position));
        }
        if let (Some(query), Some(spec), Some(text)) = (wanted.terms, view.schema.text, segment.text(row)) {
            let terms = analyze(text, spec.language);
            let found = query.counts.iter().enumerate().map(|(i, (term, _))| (i, terms.count(*term)));
            let counts: Vec<(usize, u32)> = found.filter(|(_, count)| *count > 0).collect();
            if !counts.is_empty() {
                let id = segment.id(row).into();
                texts.push(TextMatch { id, position, length: terms.length, counts, passes: ok });
            }
        }
    })
    .await?;
    Ok(Some(Streamed { near: top.into_sorted(), texts }))
}

/// Visits every live row of the remote table in its fixed order.
pub(super) async fn each(
    view: &View,
    columns: &[String],
    mut visit: impl FnMut(&Segment, u32, u64),
) -> Result<(), SearchError> {
    let Some(dataset) = &view.remote else { return Ok(()) };
    let mut columns = columns.to_vec();
    columns.push(ID.to_owned());
    columns.sort_unstable();
    columns.dedup();
    let mut batches = std::pin::pin!(stream(dataset, Some(&columns)).await?);
    let mut position = 0_u64;
    while let Some(batch) = batches.try_next().await? {
        let segment = Segment::new(&view.schema, batch, None)?;
        check_order(view, &segment, position)?;
        for row in 0..segment.len() {
            if !view.is_dead_remote(position + u64::from(row)) {
                visit(&segment, row, position + u64::from(row));
            }
        }
        position += u64::from(segment.len());
        // Batches are scored on this task; others get their turn between them.
        tokio::task::yield_now().await;
    }
    Ok(())
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

/// The records at positions, in the order given.
pub(super) async fn records(view: &View, positions: &[u64], include: Include) -> Result<Vec<Record>, SearchError> {
    let segment = rows(view, positions, &include_columns(&view.schema, include)).await?;
    let Some(segment) = segment else { return Ok(Vec::new()) };
    Ok((0..segment.len()).map(|row| segment.record(&view.schema, row, include)).collect())
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

fn include_columns(schema: &Schema, include: Include) -> Vec<String> {
    let mut columns = Vec::new();
    if include.vector && schema.vector.is_some() {
        columns.push(VECTOR.to_owned());
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
