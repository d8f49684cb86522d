use crate::{BookError, Period, PriceBook};

const EMBEDDED: [&str; 1] = [include_str!("../price-books/1.json")];

/// Every price book, oldest first.
#[derive(Debug, Clone)]
pub struct PriceBooks(Vec<PriceBook>);

impl PriceBooks {
    /// The books that this build carries.
    ///
    /// # Errors
    /// When a book, or their sequence, is wrong.
    pub fn embedded() -> Result<Self, BookError> {
        Self::new(EMBEDDED.into_iter().map(PriceBook::from_json).collect::<Result<_, _>>()?)
    }

    /// Books in the order of their versions, each in force where the one before ends.
    ///
    /// # Errors
    /// When two would be in force at once, or none in between.
    pub fn new(books: Vec<PriceBook>) -> Result<Self, BookError> {
        for pair in books.windows(2) {
            let [before, after] = pair else { continue };
            if after.version <= before.version || before.valid_until != Some(after.valid_from) {
                return Err(BookError::Inconsistent {
                    version: after.version,
                    reason: format!("it does not begin where version {} ends", before.version),
                });
            }
        }
        Ok(Self(books))
    }

    /// The book of a month.
    #[must_use]
    pub fn in_force(&self, period: Period) -> Option<&PriceBook> {
        self.0.iter().find(|book| book.in_force(period))
    }
}

#[cfg(test)]
mod tests {
    use agentdb_control_plane_contract::{Edition, Meter};

    use super::*;

    fn month(text: &str) -> Period {
        Period::month_of(text.parse().expect("a time")).expect("a month")
    }

    #[test]
    fn book_one_has_the_published_prices() {
        let books = PriceBooks::embedded().expect("the embedded books are right");
        let book = books.in_force(month("2026-11-22T00:00:00Z")).expect("a book in force");
        assert_eq!(book.version, 1);
        let gib = 1_u64 << 30;
        for (meter, micros, quantity, included) in [
            (Meter::Query, 8_000_000, 1_000_000_000, [1_000_000_000, 20_000_000_000, 250_000_000_000]),
            (Meter::Write, 4_000_000, 1_000_000_000, [1_000_000_000, 50_000_000_000, 600_000_000_000]),
            (Meter::StorageByteHours, 300_000, gib, [gib, 200 * gib, 2048 * gib]),
            (Meter::EgressBytes, 50_000, gib, [0, 0, 0]),
            (Meter::EmbeddingTokens, 20_000, 1_000_000, [10_000_000, 500_000_000, 5_000_000_000]),
        ] {
            let price = book.price(meter.as_str()).expect("every meter has a price");
            assert_eq!((price.unit_price.micros(), price.per.quantity), (micros, quantity), "{meter:?}");
            let editions = [Edition::Community, Edition::Professional, Edition::Enterprise];
            for (edition, included) in editions.into_iter().zip(included) {
                let terms = &book.editions[&edition].included;
                assert_eq!(terms.get(meter.as_str()).copied().unwrap_or(0), included, "{meter:?} {edition:?}");
            }
        }
    }

    #[test]
    fn books_follow_each_other_without_gap_or_overlap() {
        let first = PriceBooks::embedded().expect("the embedded books are right").0.remove(0);
        let turn = "2027-01-01T00:00:00Z".parse().expect("a time");
        let ended = PriceBook { valid_until: Some(turn), ..first.clone() };
        let second = PriceBook { version: 2, valid_from: turn, ..first.clone() };
        let books = PriceBooks::new(vec![ended, second.clone()]).expect("they touch");
        let version = |text| books.in_force(month(text)).map(|book| book.version);
        assert_eq!(version("2026-12-31T23:59:59Z"), Some(1));
        assert_eq!(version("2027-01-01T00:00:00Z"), Some(2));
        assert_eq!(version("2019-12-31T00:00:00Z"), None);
        assert!(PriceBooks::new(vec![first, second]).is_err(), "both in force");
    }
}
