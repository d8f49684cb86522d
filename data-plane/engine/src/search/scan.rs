//! Pages of rows in the order of their ids.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::query::{Include, Page};
use super::remote;
use super::room::Room;
use super::run::{bytes, is_small, off_thread};
use super::view::{At, SearchError, View};
use crate::filter::Filter;
use crate::image::Part;
use crate::memtable::Bits;
use crate::schema::Record;

/// Rows that are asked at once whether they pass, at least.
const FILTERED_AT_ONCE: usize = 1_024;

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
    view: &Arc<View>,
    filter: Option<&Filter>,
    after: Option<&str>,
    (limit, include, room): (usize, Include, Room),
) -> Result<Page, SearchError> {
    let mut passing: Vec<u64> = Vec::new();
    if view.remote.is_none() {
        return Ok(Page { records: Vec::new(), more: false });
    }
    let columns = remote::filter_columns(&view.schema, filter);
    let mut after: Option<Box<str>> = after.map(Box::from);
    while passing.len() <= limit {
        let (shared, from) = (Arc::clone(view), after.take());
        // One more than wanted, to know whether there are more.
        let keys = move || next_keys(&shared, from.as_deref(), (limit + 1).max(FILTERED_AT_ONCE));
        let (mut positions, last) = off_thread(false, keys).await?;
        let Some(last) = last else { break };
        after = Some(last);
        if let (Some(filter), Some(rows)) = (filter, remote::rows(view, &positions, &columns).await?) {
            let (shared, filter) = (Arc::clone(view), filter.clone());
            let select = move || shared.select(Some(&filter), &rows, Bits::all_but(rows.len(), &Bits::default()));
            let passing = off_thread(false, select).await?;
            positions = passing.iter().map(|row| positions[row as usize]).collect();
        }
        passing.extend(positions);
    }
    let found = passing.len();
    passing.truncate(limit);
    let records = remote::records(view, &passing, include, room).await?;
    Ok(Page { more: records.len() < found, records })
}

/// The places of the first `limit` live keys after an id in the order of ids, and the last of these ids; the parts are
/// merged, for each has its own order.
fn next_keys(view: &View, after: Option<&str>, limit: usize) -> (Vec<u64>, Option<Box<str>>) {
    let mut first = 0_u64;
    let mut runs = Vec::with_capacity(view.parts.len());
    for part in &view.parts {
        let live = part.segment.after(after).iter().filter(move |row| !part.dead.get(**row));
        runs.push(live.map(move |row| (part.segment.id(*row), first + u64::from(*row))));
        first += u64::from(part.segment.len());
    }
    let mut next = BinaryHeap::with_capacity(runs.len());
    for (run, keys) in runs.iter_mut().enumerate() {
        next.extend(keys.next().map(|key| Reverse((key, run))));
    }
    let (mut places, mut last) = (Vec::new(), None);
    while places.len() < limit
        && let Some(Reverse(((id, place), run))) = next.pop()
    {
        places.push(place);
        last = Some(id);
        next.extend(runs[run].next().map(|key| Reverse((key, run))));
    }
    (places, last.map(Box::from))
}
