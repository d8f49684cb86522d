//! Pages of rows in the order of an attribute.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::query::{Include, OrderedPage, Position};
use super::remote::{self, Rows};
use super::room::Room;
use super::run::{off_thread, records};
use super::view::{At, SearchError, View};
use crate::filter::{Filter, RowView, ValueRef};
use crate::image::Segment;

/// What is asked.
#[derive(Debug)]
pub(crate) struct Ordered {
    /// The attribute, by column.
    pub(crate) column: usize,
    pub(crate) descending: bool,
    pub(crate) filter: Option<Filter>,
    pub(crate) after: Option<Position>,
    pub(crate) limit: usize,
}

/// The first `limit` rows that pass behind a place, in order, as far as there is room.
pub(crate) async fn ordered(
    view: Arc<View>,
    asked: Ordered,
    include: Include,
    mut room: Room,
) -> Result<OrderedPage, SearchError> {
    let _waiting = view.abandoned.on_drop();
    let asked = Arc::new(asked);
    let mut columns = remote::filter_columns(&view.schema, asked.filter.as_ref());
    columns.extend(view.schema.attributes.keys().nth(asked.column).cloned());
    let first = First { asked: Arc::clone(&asked), kept: BinaryHeap::new() };
    let streamed = move |first: &mut First, view: &View, segment: &Segment, rows: &Rows| {
        let passing = view.select(first.asked.filter.as_ref(), segment, rows.live.clone());
        for row in passing.iter().take_while(|_| !view.abandoned.is()) {
            let value = segment.scalar(first.asked.column, row);
            first.offer(value, segment.id(row), || At::Remote(rows.first + u64::from(row)));
        }
    };
    let mut first = remote::each(&view, &columns, first, streamed).await?;
    let shared = Arc::clone(&view);
    let mut found = off_thread(false, move || {
        first.offer_local(&shared);
        first.kept.into_sorted_vec()
    })
    .await?;
    let known = found.len();
    found.truncate(asked.limit);
    let places: Vec<At> = found.iter().map(|row| row.at.clone()).collect();
    let records = records(&view, &places, include, &mut room).await?;
    let more = records.len() < known;
    let last = records.len().checked_sub(1).map(|last| found.swap_remove(last).position);
    Ok(OrderedPage { records, last, more })
}

/// The first rows of those offered: one more than wanted, to know whether there are more.
struct First {
    asked: Arc<Ordered>,
    kept: BinaryHeap<Kept>,
}

struct Kept {
    position: Position,
    descending: bool,
    at: At,
}

impl First {
    fn offer_local(&mut self, view: &View) {
        let asked = Arc::clone(&self.asked);
        for row in view.passing_mems(asked.filter.as_ref()) {
            self.offer(row.attribute(asked.column), row.id(), || At::Mem(Arc::clone(row)));
        }
        for (part, passing) in view.local_parts().iter().zip(view.passing(asked.filter.as_ref())) {
            for row in passing.iter().take_while(|_| !view.abandoned.is()) {
                let value = part.segment.scalar(asked.column, row);
                self.offer(value, part.segment.id(row), || At::Segment(Arc::clone(&part.segment), row));
            }
        }
    }

    fn offer(&mut self, value: Option<ValueRef<'_>>, id: &str, at: impl FnOnce() -> At) {
        let descending = self.asked.descending;
        let order = |position: &Position| compare(descending, (value, id), place(position));
        if self.asked.after.as_ref().is_some_and(|after| order(after).is_le()) {
            return;
        }
        if self.kept.len() > self.asked.limit {
            if self.kept.peek().is_some_and(|last| order(&last.position).is_ge()) {
                return;
            }
            self.kept.pop();
        }
        let position = Position { value: value.map(ValueRef::to_value), id: id.to_owned() };
        self.kept.push(Kept { position, descending, at: at() });
    }
}

type Place<'a> = (Option<ValueRef<'a>>, &'a str);

/// By value, nothing last, then by id.
fn compare(descending: bool, a: Place<'_>, b: Place<'_>) -> Ordering {
    let values = match (a.0, b.0) {
        (Some(a), Some(b)) if descending => b.order(&a),
        (Some(a), Some(b)) => a.order(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    values.then_with(|| a.1.cmp(b.1))
}

fn place(position: &Position) -> Place<'_> {
    (position.value.as_ref().map(ValueRef::from), &position.id)
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.descending, place(&self.position), place(&other.position))
    }
}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Kept {}
