use std::collections::BTreeMap;

use agentdb_control_plane_contract::Edition;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Currency, Money, Period};

/// What one of a meter's count is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountedIn {
    /// Thousandths of a unit.
    MilliUnits,
    /// Bytes held for an hour.
    ByteHours,
    /// Bytes.
    Bytes,
    /// Tokens of an embedding model.
    Tokens,
}

/// What a price's quantity, and the included amounts of the meter, are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Multiplier {
    /// Nothing.
    One,
    /// The hours of the month, so that a byte held all month is one byte-month in February and in March.
    HoursOfPeriod,
}

impl Multiplier {
    pub(crate) fn of(self, period: Period) -> i128 {
        match self {
            Self::One => 1,
            Self::HoursOfPeriod => i128::from(period.hours()),
        }
    }
}

/// How much the price is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Per {
    /// In what the meter is counted in, before `times`.
    pub quantity: u64,
    /// What `quantity` and the included amounts are multiplied by.
    pub times: Multiplier,
    /// The same for people.
    pub label: String,
}

/// The price of a meter or operation class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The meter or operation class.
    pub meter: String,
    /// Its name for people.
    pub description: String,
    /// What one of its count is.
    pub counted_in: CountedIn,
    /// The price of `per`.
    pub unit_price: Money,
    /// How much that price is for.
    pub per: Per,
}

/// What happens beyond the included amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BeyondIncluded {
    /// The service stops; nothing is ever owed.
    Stop,
    /// Usage is charged.
    Charge,
}

/// What an edition costs and includes, a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditionTerms {
    /// Owed whatever is used.
    pub base_fee: Money,
    /// What happens beyond `included`.
    pub beyond_included: BeyondIncluded,
    /// Amounts included by meter, before the price's `per.times`; a meter that is absent includes nothing.
    pub included: BTreeMap<String, u64>,
}

/// A version of all prices. Prices and terms of a book that has been in force are never changed: its end is set, and a new
/// version follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// Counts the books.
    pub version: u32,
    /// Of every amount in it.
    pub currency: Currency,
    /// In force from this month on.
    pub valid_from: DateTime<Utc>,
    /// Not any more from this month on; open while absent.
    pub valid_until: Option<DateTime<Utc>>,
    /// By meter or operation class; invoices list them in this order.
    pub prices: Vec<Price>,
    /// By edition.
    #[schema(value_type = BTreeMap<String, EditionTerms>)]
    pub editions: BTreeMap<Edition, EditionTerms>,
}

/// Why a file is not a price book.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Not JSON of the right form.
    #[error("the price book cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It contradicts itself or another book.
    #[error("price book {version}: {reason}")]
    Inconsistent {
        /// Which book.
        version: u32,
        /// What is wrong.
        reason: String,
    },
}

impl PriceBook {
    /// Reads and checks a book.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, BookError> {
        let book: Self = serde_json::from_str(text)?;
        match book.inconsistency() {
            None => Ok(book),
            Some(reason) => Err(BookError::Inconsistent { version: book.version, reason }),
        }
    }

    /// The price of a meter or operation class.
    #[must_use]
    pub fn price(&self, meter: &str) -> Option<&Price> {
        self.prices.iter().find(|price| price.meter == meter)
    }

    /// Whether the book is the one to use for a month.
    #[must_use]
    pub fn in_force(&self, period: Period) -> bool {
        self.valid_from <= period.start() && self.valid_until.is_none_or(|end| period.start() < end)
    }

    fn inconsistency(&self) -> Option<String> {
        let starts_month = |moment| Period::month_of(moment).is_some_and(|month| month.start() == moment);
        if !starts_month(self.valid_from) || !self.valid_until.is_none_or(starts_month) {
            return Some("prices change at the start of a month (UTC)".to_owned());
        }
        if self.valid_until.is_some_and(|end| end <= self.valid_from) {
            return Some("it ends before it begins".to_owned());
        }
        for (i, price) in self.prices.iter().enumerate() {
            if self.prices[..i].iter().any(|other| other.meter == price.meter) {
                return Some(format!("`{}` has two prices", price.meter));
            }
            if price.per.quantity == 0 || price.unit_price.micros() < 0 || price.unit_price.currency() != self.currency
            {
                return Some(format!("the price of `{}` is not one", price.meter));
            }
        }
        for edition in [Edition::Community, Edition::Professional, Edition::Enterprise] {
            let Some(terms) = self.editions.get(&edition) else {
                return Some(format!("the edition `{}` is missing", edition.as_str()));
            };
            if let Some(meter) = terms.included.keys().find(|meter| self.price(meter).is_none()) {
                return Some(format!("`{}` includes `{meter}`, which has no price", edition.as_str()));
            }
            let fee = terms.base_fee;
            if fee.micros() < 0 || fee.currency() != self.currency || !fee.is_whole_minor_units() {
                return Some(format!("the base fee of `{}` is not one", edition.as_str()));
            }
            if terms.beyond_included == BeyondIncluded::Stop && fee.micros() != 0 {
                return Some(format!("`{}` never charges and yet has a base fee", edition.as_str()));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = include_str!("../price-books/1.json");

    #[test]
    fn a_book_that_contradicts_itself_is_refused() {
        for (from, to, reason) in [
            ("\"valid_until\": null", "\"valid_until\": \"2019-01-01T00:00:00Z\"", "ends before"),
            ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "start of a month"),
            ("\"meter\": \"write\"", "\"meter\": \"query\"", "two prices"),
            ("\"quantity\": 1000000,", "\"quantity\": 0,", "embedding_tokens"),
            ("\"query\": 1000000000,", "\"qwery\": 1000000000,", "no price"),
            ("\"amount\": \"0.00\"", "\"amount\": \"1.00\"", "never charges"),
            ("\"amount\": \"500.00\"", "\"amount\": \"500.001\"", "base fee"),
            ("\"version\": 1,", "\"version\": 1, \"extra\": 1,", "unknown field"),
        ] {
            assert!(BOOK.contains(from), "{from}");
            let error = PriceBook::from_json(&BOOK.replace(from, to)).expect_err(reason);
            assert!(error.to_string().contains(reason), "{error} lacks {reason}");
        }
    }
}
