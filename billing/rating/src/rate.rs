use agentdb_control_plane_contract::Edition;

use crate::{
    BeyondIncluded, EditionTerms, Invoice, Line, Money, MoneyError, Multiplier, Per, Period, Price, PriceBook,
    UsageTotals,
};

/// Why usage has no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Something was counted that the book does not name: it must not go unbilled in silence.
    #[error("price book {version} has no price for `{meter}`")]
    Unpriced {
        /// The book.
        version: u32,
        /// The meter or operation class.
        meter: String,
    },
    /// The book has no terms for the edition.
    #[error("price book {version} has no terms for the edition `{edition}`")]
    NoTerms {
        /// The book.
        version: u32,
        /// The edition.
        edition: &'static str,
    },
    /// A number does not fit.
    #[error("an amount is too large to be rated")]
    Overflow,
}

impl From<MoneyError> for RateError {
    fn from(_: MoneyError) -> Self {
        Self::Overflow
    }
}

/// The invoice of a period: the base fee, and a line for every price in the book.
///
/// # Errors
/// When something was used that has no price, or a number does not fit.
pub fn rate(usage: &UsageTotals, edition: Edition, book: &PriceBook, period: Period) -> Result<Invoice, RateError> {
    let version = book.version;
    if let Some(meter) = usage.classes().find(|class| book.price(class).is_none()) {
        return Err(RateError::Unpriced { version, meter: meter.to_owned() });
    }
    let terms = book.editions.get(&edition).ok_or(RateError::NoTerms { version, edition: edition.as_str() })?;
    let mut lines = vec![base_fee(terms, edition)];
    for price in &book.prices {
        lines.push(line(price, terms, usage.get(&price.meter), period)?);
    }
    let total = lines.iter().try_fold(Money::zero(book.currency), |sum, line| sum.checked_add(line.amount))?;
    Ok(Invoice { lines, total })
}

fn base_fee(terms: &EditionTerms, edition: Edition) -> Line {
    let name = match edition {
        Edition::Community => "Community",
        Edition::Professional => "Professional",
        Edition::Enterprise => "Enterprise",
    };
    Line {
        meter: None,
        description: format!("{name} edition, base fee"),
        counted_in: None,
        quantity: 1,
        included_quantity: 0,
        billable_quantity: 1,
        unit_price: None,
        per: None,
        amount: terms.base_fee,
        explanation: "Owed once a month, whatever is used.".to_owned(),
    }
}

fn line(price: &Price, terms: &EditionTerms, quantity: u64, period: Period) -> Result<Line, RateError> {
    let times = price.per.times.of(period);
    let per = u64::try_from(i128::from(price.per.quantity) * times).map_err(|_| RateError::Overflow)?;
    let included = terms.included.get(&price.meter).copied().unwrap_or(0);
    let included = u64::try_from(i128::from(included) * times).map_err(|_| RateError::Overflow)?;
    let beyond = quantity.saturating_sub(included);
    let billable = match terms.beyond_included {
        BeyondIncluded::Stop => 0,
        BeyondIncluded::Charge => beyond,
    };
    let amount = Money::from_micros(cost(billable, price.unit_price, per)?, price.unit_price.currency());
    Ok(Line {
        meter: Some(price.meter.clone()),
        description: price.description.clone(),
        counted_in: Some(price.counted_in),
        quantity,
        included_quantity: included,
        billable_quantity: billable,
        unit_price: Some(price.unit_price),
        // As the amount was worked out: the hours of the period are in it.
        per: Some(Per { quantity: per, times: Multiplier::One, ..price.per.clone() }),
        amount,
        explanation: explanation(terms, price.unit_price, [quantity, included, billable, per], amount),
    })
}

/// `billable * price / per` in micro-units, rounded once to whole minor units, half to even.
fn cost(billable: u64, price: Money, per: u64) -> Result<i64, RateError> {
    let minor = price.currency().minor_unit_micros();
    let exact = i128::from(billable).checked_mul(i128::from(price.micros())).ok_or(RateError::Overflow)?;
    let whole = half_to_even(exact, i128::from(per) * i128::from(minor));
    i64::try_from(whole * i128::from(minor)).map_err(|_| RateError::Overflow)
}

/// The integer nearest to `numerator / denominator`, the even one when two are as near. Neither is negative,
/// and the denominator is not zero.
pub(crate) fn half_to_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let up = match rest.cmp(&(denominator - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    quotient + i128::from(up)
}

fn explanation(terms: &EditionTerms, price: Money, numbers: [u64; 4], amount: Money) -> String {
    let [quantity, included, billable, per] = numbers;
    match terms.beyond_included {
        BeyondIncluded::Stop => {
            format!("{quantity} used, {included} included; this edition stops there and never charges.")
        }
        BeyondIncluded::Charge => format!(
            "{quantity} used - {included} included = {billable} charged; {billable} x {price} / {per} = {amount}, \
             rounded once to cents, half to even."
        ),
    }
}

#[cfg(test)]
mod tests {
    use agentdb_control_plane_contract::Meter;

    use super::*;
    use crate::PriceBooks;

    fn november() -> Period {
        Period::month_of("2026-11-22T10:00:00Z".parse().expect("a time")).expect("a month")
    }

    fn invoice(edition: Edition, usage: &[(Meter, u64)]) -> Invoice {
        let mut totals = UsageTotals::default();
        for (meter, quantity) in usage {
            totals.add(*meter, *quantity).expect("small numbers");
        }
        let books = PriceBooks::embedded().expect("the embedded books are right");
        rate(&totals, edition, books.in_force(november()).expect("in force"), november()).expect("rated")
    }

    fn amounts(invoice: &Invoice) -> Vec<String> {
        invoice.lines.iter().map(|line| line.amount.to_string()).collect()
    }

    #[test]
    fn a_month_worked_out_by_hand() {
        let gib = 1_u64 << 30;
        let invoice = invoice(
            Edition::Professional,
            &[
                (Meter::Query, 20_001_000_000_000), // 20,001 M milli = 20,001 thousand-thousands
                (Meter::Write, 50_000_000_000),
                (Meter::StorageByteHours, 210 * gib * 720),
                (Meter::EgressBytes, 3 * gib),
                (Meter::EmbeddingTokens, 501_000_000),
            ],
        );
        // (20,001,000 - 20,000) thousand query units = 19,981 million: 19,981 x 8.00.
        assert_eq!(amounts(&invoice), ["500.00 USD", "159848.00 USD", "0.00 USD", "3.00 USD", "0.15 USD", "0.02 USD"]);
        assert_eq!(invoice.total.to_string(), "160351.17 USD");
    }

    #[test]
    fn a_gibibyte_held_all_month_is_one_gib_month_in_every_month() {
        let books = PriceBooks::embedded().expect("the embedded books are right");
        for moment in ["2026-02-10T00:00:00Z", "2028-02-10T00:00:00Z", "2026-03-10T00:00:00Z", "2026-04-10T00:00:00Z"] {
            let period = Period::month_of(moment.parse().expect("a time")).expect("a month");
            let mut usage = UsageTotals::default();
            let held = (201_u64 << 30) * u64::try_from(period.hours()).expect("positive");
            usage.add(Meter::StorageByteHours, held).expect("small numbers");
            let book = books.in_force(period).expect("in force");
            let invoice = rate(&usage, Edition::Professional, book, period).expect("rated");
            assert_eq!(invoice.lines[3].amount.to_string(), "0.30 USD", "{moment}");
            // Whoever recomputes the line needs nothing else.
            let line = &invoice.lines[3];
            let (price, per) = (line.unit_price.expect("a price"), line.per.as_ref().expect("a quantity"));
            assert_eq!(per.times, Multiplier::One);
            let exact = i128::from(line.billable_quantity) * i128::from(price.micros()) / i128::from(per.quantity);
            assert_eq!(exact, i128::from(line.amount.micros()), "{moment}");
        }
    }

    #[test]
    fn an_operation_class_of_a_later_book_is_priced_and_an_unknown_one_is_not_dropped() {
        let books = PriceBooks::embedded().expect("the embedded books are right");
        let mut book = books.in_force(november()).expect("in force").clone();
        let mut usage = UsageTotals::default();
        usage.add_class("context.with_model", 3).expect("small");
        let refused = rate(&usage, Edition::Enterprise, &book, november());
        assert_eq!(refused, Err(RateError::Unpriced { version: 1, meter: "context.with_model".to_owned() }));
        let mut price = book.prices[0].clone();
        price.meter = "context.with_model".to_owned();
        price.per.quantity = 1;
        price.unit_price = Money::from_micros(125_000, book.currency);
        book.prices.push(price);
        let invoice = rate(&usage, Edition::Enterprise, &book, november()).expect("rated");
        assert_eq!(amounts(&invoice).last().map(String::as_str), Some("0.38 USD"), "0.375 to the even cent");
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (numerator, expected) in [(0, 0), (4, 0), (5, 0), (6, 1), (15, 2), (25, 2), (35, 4), (36, 4)] {
            assert_eq!(half_to_even(numerator, 10), expected, "{numerator}/10");
        }
    }

    #[test]
    fn a_number_that_does_not_fit_is_an_error() {
        let books = PriceBooks::embedded().expect("the embedded books are right");
        let mut book = books.in_force(november()).expect("in force").clone();
        book.prices[0].per.quantity = 1;
        let mut usage = UsageTotals::default();
        usage.add(Meter::Query, u64::MAX).expect("it just fits");
        assert_eq!(usage.add(Meter::Query, 1), None);
        assert_eq!(rate(&usage, Edition::Enterprise, &book, november()), Err(RateError::Overflow));
        assert_eq!(rate(&usage, Edition::Community, &book, november()).map(|i| i.total.micros()), Ok(0));
    }
}
