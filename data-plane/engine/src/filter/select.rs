//! Evaluation of a checked filter on many rows at once, into a bitmap.
//!
//! What is asked is always: which of the open rows have the value `want`? Rows with the other value and rows that
//! are unknown need not be told apart, so one bitmap a step is enough: NOT asks for the other value, AND keeps what
//! every item keeps, OR what any does, and each item is asked of the rows only that the items before left open.

use arrow_array::{Array, ArrayRef, StringArray};

use super::ast::{Expr, Field};
use super::block::{BLOCK_ROWS, BLOCK_WORDS, Block};
use super::columns::{Place, attribute, texts};
use super::eval::{Found, eval_term};
use super::json::{Span, locate};
use crate::memtable::Bits;
use crate::schema::AttributeType;

/// Rows as columns. A column that is missing is null.
pub(crate) struct Columns<'a> {
    pub(crate) ids: &'a StringArray,
    /// By column, as in the schema.
    pub(crate) attributes: &'a [Option<(AttributeType, ArrayRef)>],
    pub(crate) metadata: Option<&'a StringArray>,
}

/// Those of the `open` rows for which the expression is true, but for those after a `stop`.
pub(super) fn select(
    root: &Expr,
    paths: &[Vec<String>],
    columns: &Columns<'_>,
    open: &Bits,
    stop: impl Fn() -> bool,
) -> Bits {
    let rows = u32::try_from(columns.ids.len()).unwrap_or(u32::MAX);
    let mut passing = Vec::with_capacity(rows.div_ceil(64) as usize);
    let mut metadata = Metadata::new(columns.metadata, paths);
    let blocks = (0..rows).step_by(BLOCK_ROWS as usize).take_while(|_| !stop());
    for first in blocks {
        let word = first as usize / 64;
        let open = Block::of((word..word + BLOCK_WORDS).map(|at| open.word(at)));
        let place = Place::new(first, rows);
        metadata.begin(place);
        let found = Run { columns, place, metadata: &mut metadata }.eval(root, true, &open);
        passing.extend(&found.0[..place.rows.div_ceil(64)]);
    }
    Bits::from_words(passing)
}

/// The evaluation of one block.
struct Run<'a, 'b> {
    columns: &'b Columns<'a>,
    place: Place,
    metadata: &'b mut Metadata<'a>,
}

impl Run<'_, '_> {
    fn eval(&mut self, expr: &Expr, want: bool, open: &Block) -> Block {
        if open.is_empty() {
            return Block::NONE;
        }
        match expr {
            Expr::And(items) if want => self.all(items, want, open),
            Expr::Or(items) if !want => self.all(items, want, open),
            Expr::And(items) | Expr::Or(items) => self.any(items, want, open),
            Expr::Not(inner) => self.eval(inner, !want, open),
            term => self.term(term, want, open),
        }
    }

    fn all(&mut self, items: &[Expr], want: bool, open: &Block) -> Block {
        items.iter().fold(*open, |left, item| self.eval(item, want, &left))
    }

    fn any(&mut self, items: &[Expr], want: bool, open: &Block) -> Block {
        items.iter().fold(Block::NONE, |found, item| found.or(&self.eval(item, want, &open.and_not(&found))))
    }

    fn term(&mut self, term: &Expr, want: bool, open: &Block) -> Block {
        if let Expr::In(_, values) = term
            && values.is_empty()
        {
            // Nothing is in it, and null is not either.
            return if want { Block::NONE } else { *open };
        }
        match term.field() {
            None => Block::NONE,
            Some(Field::Id) if matches!(term, Expr::IsNull(_)) => {
                if want {
                    Block::NONE
                } else {
                    *open
                }
            }
            Some(Field::Id) => texts(term, want, self.columns.ids, self.place, open),
            Some(Field::Attribute(column)) => match self.columns.attributes.get(*column) {
                Some(Some((kind, column))) => attribute(term, want, (*kind, column), self.place, open),
                _ if matches!(term, Expr::IsNull(_)) && want => *open,
                _ => Block::NONE,
            },
            Some(Field::Metadata { slot, .. }) => self.metadata.term(term, want, *slot, open),
        }
    }
}

/// The metadata of a block, each row's read at most once.
struct Metadata<'a> {
    column: Option<&'a StringArray>,
    paths: Vec<&'a [String]>,
    place: Place,
    read: Block,
    /// Where the values are in the text: `paths` for each row of the block that is read.
    spans: Vec<Span>,
}

impl<'a> Metadata<'a> {
    fn new(column: Option<&'a StringArray>, paths: &'a [Vec<String>]) -> Self {
        let paths = paths.iter().map(Vec::as_slice).collect();
        Self { column, paths, place: Place::new(0, 0), read: Block::NONE, spans: Vec::new() }
    }

    fn begin(&mut self, place: Place) {
        (self.place, self.read) = (place, Block::NONE);
        self.spans.resize(self.paths.len() * place.rows, Span::default());
    }

    fn term(&mut self, term: &Expr, want: bool, slot: usize, open: &Block) -> Block {
        let Some(column) = self.column else {
            return if matches!(term, Expr::IsNull(_)) && want { *open } else { Block::NONE };
        };
        let (paths, first, spans) = (&self.paths, self.place.first, &mut self.spans);
        let valid = self.place.valid(open, column);
        for row in valid.and_not(&self.read).rows() {
            let found = &mut spans[row * paths.len()..(row + 1) * paths.len()];
            locate(column.value(first + row), paths, found);
        }
        self.read = self.read.or(&valid);
        let with = valid.keep(|row| {
            let node = spans[row * paths.len() + slot].read(column.value(first + row));
            eval_term(term, node.map(Found::Metadata).as_ref()) == Some(want)
        });
        if matches!(term, Expr::IsNull(_)) && want { with.or(&open.and_not(&valid)) } else { with }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use serde_json::json;

    use crate::filter::Filter;
    use crate::image::Segment;
    use crate::memtable::{Bits, MemRow, Row, Slot};
    use crate::schema::{AttributeType, Record, Schema, Value};
    use crate::table::batch_of;

    const TYPES: [AttributeType; 6] = [
        AttributeType::String,
        AttributeType::Int,
        AttributeType::Float,
        AttributeType::Bool,
        AttributeType::Timestamp,
        AttributeType::StringList,
    ];
    const TEXTS: [&str; 6] = ["", "a", "ab", "ba", "é", "a%b"];

    /// Attributes `a0`, `a1`, ... of these types.
    fn schema(types: &[AttributeType]) -> Schema {
        let named = types.iter().enumerate().map(|(i, kind)| (format!("a{i}"), *kind));
        Schema { attributes: named.collect(), ..Schema::default() }
    }

    fn value(kind: AttributeType, random: &mut ChaCha8Rng) -> Value {
        let mut text = || TEXTS[random.random_range(0..TEXTS.len())].to_owned();
        match kind {
            AttributeType::String => Value::String(text()),
            AttributeType::StringList => Value::StringList((0..2).map(|_| text()).filter(|t| !t.is_empty()).collect()),
            AttributeType::Int => Value::Int(random.random_range(-3..4)),
            AttributeType::Float => Value::Float([-0.0, 0.0, 0.5, -2.0, 1e300][random.random_range(0..5_usize)]),
            AttributeType::Bool => Value::Bool(random.random_bool(0.5)),
            AttributeType::Timestamp => Value::Timestamp(1_700_000_000_000_000 + random.random_range(0..4_i64)),
        }
    }

    fn metadata(random: &mut ChaCha8Rng) -> serde_json::Value {
        let leaf = match random.random_range(0..7) {
            0 => json!(random.random_range(-2..3)),
            1 => json!(0.5),
            2 => json!(null),
            3 => json!(true),
            4 => json!(["a", 1, "é"]),
            5 => json!("a\"b"),
            _ => json!(TEXTS[random.random_range(0..TEXTS.len())]),
        };
        match random.random_range(0..4) {
            0 => leaf,
            1 => json!({ "y": leaf }),
            2 => json!({"x": {"y": leaf}, "y": "a"}),
            _ => json!({"x": leaf, "z": [1, {"x": 2}]}),
        }
    }

    fn rows(schema: &Schema, length: usize, random: &mut ChaCha8Rng) -> Vec<Slot> {
        let row = |id: usize| {
            let mut attributes = BTreeMap::new();
            for (name, kind) in &schema.attributes {
                let value = value(*kind, random);
                if random.random_bool(0.8) {
                    attributes.insert(name.clone(), value);
                }
            }
            let metadata = random.random_bool(0.8).then(|| metadata(random));
            let record = Record { id: format!("r{:03}", id % 1000), attributes, metadata, ..Record::default() };
            Slot { row: Arc::new(MemRow::new(Row::from_record(record, schema), schema)), commit: 1 }
        };
        (0..length).map(row).collect()
    }

    /// A random filter's text.
    fn filter(schema: &Schema, depth: usize, random: &mut ChaCha8Rng) -> String {
        if depth > 0 && random.random_bool(0.6) {
            let mut inner = || filter(schema, depth - 1, random);
            let (a, b, c) = (inner(), inner(), inner());
            return match random.random_range(0..5) {
                0 => format!("NOT ({a})"),
                1 => format!("({a} AND {b})"),
                2 => format!("({a} OR {b})"),
                3 => format!("({a} OR {b} AND {c})"),
                _ => format!("({a} AND ({b} OR {c}))"),
            };
        }
        let not = if random.random_bool(0.3) { "NOT " } else { "" };
        let at = random.random_range(0..schema.attributes.len() + 3);
        let Some((name, kind)) = schema.attributes.iter().nth(at) else {
            let field = ["id", "metadata.x.y", "metadata.y", "metadata.x"][random.random_range(0..4_usize)];
            let literal = ["'a'", "'r005'", "0.5", "1", "true", "'a\"b'"][random.random_range(0..6_usize)];
            return match random.random_range(0..5) {
                _ if field == "id" => format!("id {not}IN ('r001', 'r777', 'x') OR id {not}LIKE '%7_'"),
                0 => format!("{field} {not}IN ('a', 1, true, 0.5)"),
                1 => format!("{field} {not}HAS 'é'"),
                2 => format!("{field} IS {not}NULL"),
                3 => format!("{field} {not}BETWEEN -1 AND 0.5"),
                _ => format!("{field} {} {literal}", COMPARISONS[random.random_range(0..6_usize)]),
            };
        };
        let mut literal = || match value(*kind, random).to_json() {
            serde_json::Value::String(text) => format!("'{text}'"),
            other => other.to_string(),
        };
        let (a, b) = (literal(), literal());
        let comparison = COMPARISONS[random.random_range(0..6_usize)];
        match (kind, random.random_range(0..4)) {
            (_, 0) => format!("{name} IS {not}NULL"),
            (AttributeType::StringList, _) => format!("{name} {not}HAS 'a'"),
            (AttributeType::Bool, 1) => format!("{name} {not}IN ({a}, {b})"),
            (AttributeType::Bool, _) => format!("{name} {} {a}", COMPARISONS[random.random_range(0..2_usize)]),
            (AttributeType::String, 1) => format!("{name} {not}LIKE '%a_'"),
            (_, 1) => format!("{name} {not}BETWEEN {a} AND {b}"),
            (_, 2) => format!("{name} {not}IN ({a}, {b})"),
            _ => format!("{name} {comparison} {a}"),
        }
    }

    const COMPARISONS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn rows_in_columns_pass_as_each_of_them_does(
            types in prop::collection::vec(prop::sample::select(TYPES.to_vec()), 1..8),
            length in prop::sample::select(vec![0_usize, 1, 63, 64, 65, 130, 4095, 4096, 4097]),
            seed in any::<u64>(),
        ) {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let schema = schema(&types);
            let slots = rows(&schema, length, &mut random);
            let segment = Segment::new(&schema, batch_of(&schema, &slots).expect("a batch"), None).expect("a segment");
            let mut open = Bits::default();
            (0..segment.len()).filter(|_| random.random_bool(0.7)).for_each(|row| open.set(row));
            for depth in [0, 1, 3] {
                let text = filter(&schema, depth, &mut random);
                let filter = Filter::parse(&text, &[], &schema).expect(&text);
                let found = filter.select(&segment.columns(), &open, || false);
                for (row, slot) in (0..).zip(&slots) {
                    let passes = open.get(row) && filter.passes(slot.row.as_ref());
                    prop_assert_eq!(found.get(row), passes, "{} of {:?}", text, slot.row.row);
                }
                prop_assert_eq!(found.ones() as usize, found.iter().count());
            }
        }
    }
}
