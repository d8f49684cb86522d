//! Properties of rating over random usage, prices and months.

use agentdb_control_plane_contract::{Edition, Meter};
use chrono::DateTime;
use proptest::prelude::*;

use crate::{Currency, Invoice, Money, Period, PriceBook, PriceBooks, UsageTotals, naive::Digits, rate};

fn months() -> impl Strategy<Value = Period> {
    (1_577_836_800_i64..4_102_444_800)
        .prop_map(|s| Period::month_of(DateTime::from_timestamp(s, 0).expect("in range")).expect("a month"))
}

fn paid_editions() -> impl Strategy<Value = Edition> {
    prop_oneof![Just(Edition::Professional), Just(Edition::Enterprise)]
}

fn meters() -> impl Strategy<Value = Meter> {
    proptest::sample::select(Meter::ALL.to_vec())
}

/// Counts from nothing to far beyond what a month can hold, all magnitudes alike. A dozen of them at the highest price
/// still fit into money.
fn counts() -> impl Strategy<Value = u64> {
    (0_u32..48).prop_flat_map(|bits| 0..=(1_u64 << bits))
}

fn books() -> impl Strategy<Value = PriceBook> {
    let price = prop_oneof![(0_i64..1_000, 1_u64..1_000), (0_i64..1_000_000_000, 1_000_000_u64..2_000_000_000)];
    (proptest::collection::vec(price, 5), proptest::collection::vec(0_u64..1 << 40, 5)).prop_map(
        |(prices, included)| {
            let books = PriceBooks::embedded().expect("the embedded books are right");
            let period = Period::month_of_hour(500_000).expect("a month");
            let mut book = books.in_force(period).expect("in force").clone();
            for ((price, (micros, quantity)), included) in book.prices.iter_mut().zip(prices).zip(included) {
                price.unit_price = Money::from_micros(micros, Currency::Usd);
                price.per.quantity = quantity;
                for terms in book.editions.values_mut() {
                    terms.included.insert(price.meter.clone(), included);
                }
            }
            book
        },
    )
}

fn totals(parts: &[(Meter, u64)]) -> UsageTotals {
    let mut usage = UsageTotals::default();
    for (meter, quantity) in parts {
        usage.add(*meter, *quantity).expect("the parts are small");
    }
    usage
}

fn rated(parts: &[(Meter, u64)], edition: Edition, book: &PriceBook, period: Period) -> Invoice {
    rate(&totals(parts), edition, book, period).expect("the numbers fit")
}

/// Every line once more, in decimal digits.
fn naive_total(invoice: &Invoice, book: &PriceBook, period: Period, edition: Edition) -> Vec<String> {
    let number = |value: &dyn ToString| Digits::new(&value.to_string());
    book.prices
        .iter()
        .zip(&invoice.lines[1..])
        .map(|(price, line)| {
            let hours = match price.per.times {
                crate::Multiplier::One => number(&1),
                crate::Multiplier::HoursOfPeriod => number(&period.hours()),
            };
            let included = book.editions[&edition].included.get(&price.meter).copied().unwrap_or(0);
            let included = number(&included).times(&hours);
            let used = number(&line.quantity);
            let beyond = if line.quantity > line.included_quantity { used.minus(&included) } else { number(&0) };
            beyond
                .times(&number(&price.unit_price.micros()))
                .divide_rounded(&number(&price.per.quantity).times(&hours).times(&number(&10_000)))
                .times(&number(&10_000))
                .text()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_line_equals_a_naive_calculation_and_lines_add_up(
        parts in proptest::collection::vec((meters(), counts()), 0..12),
        book in books(), period in months(), edition in paid_editions(),
    ) {
        let invoice = rated(&parts, edition, &book, period);
        let amounts: Vec<_> = invoice.lines[1..].iter().map(|line| line.amount.micros().to_string()).collect();
        prop_assert_eq!(amounts, naive_total(&invoice, &book, period, edition));
        prop_assert!(invoice.lines.iter().all(|line| line.amount.is_whole_minor_units()));
        prop_assert_eq!(invoice.lines.iter().map(|line| line.amount.micros()).sum::<i64>(), invoice.total.micros());
    }

    #[test]
    fn more_usage_never_costs_less(
        parts in proptest::collection::vec((meters(), counts()), 0..12),
        extra in (meters(), counts()), book in books(), period in months(), edition in paid_editions(),
    ) {
        let less = rated(&parts, edition, &book, period);
        let more = rated(&[parts, vec![extra]].concat(), edition, &book, period);
        for (less, more) in less.lines.iter().zip(&more.lines) {
            prop_assert!(less.amount.micros() <= more.amount.micros());
        }
    }

    #[test]
    fn usage_split_and_shuffled_costs_the_same(
        parts in proptest::collection::vec((meters(), counts(), 0..=100_u64), 0..12).prop_shuffle(),
        book in books(), period in months(), edition in paid_editions(),
    ) {
        let whole: Vec<_> = parts.iter().map(|(meter, quantity, _)| (*meter, *quantity)).collect();
        let mut split: Vec<_> = parts
            .iter()
            .flat_map(|(meter, quantity, percent)| {
                let first = quantity / 100 * percent;
                [(*meter, first), (*meter, quantity - first)]
            })
            .collect();
        split.reverse();
        prop_assert_eq!(rated(&whole, edition, &book, period), rated(&split, edition, &book, period));
    }

    #[test]
    fn what_is_charged_adds_up_over_parts_of_a_line_before_rounding(
        a in counts(), b in counts(), book in books(), period in months(), edition in paid_editions(),
    ) {
        // Rounded once, two parts differ from the whole by less than one minor unit each way.
        let included = rated(&[], edition, &book, period).lines[1].included_quantity;
        let cost = |beyond: u64| {
            rated(&[(Meter::Query, included + beyond)], edition, &book, period).lines[1].clone()
        };
        prop_assert_eq!(cost(a).billable_quantity + cost(b).billable_quantity, cost(a + b).billable_quantity);
        let apart = cost(a).amount.micros() + cost(b).amount.micros();
        prop_assert!((apart - cost(a + b).amount.micros()).abs() <= 10_000);
    }

    #[test]
    fn community_never_owes(
        parts in proptest::collection::vec((meters(), counts()), 0..12), book in books(), period in months(),
    ) {
        let invoice = rated(&parts, Edition::Community, &book, period);
        prop_assert_eq!(invoice.total, Money::zero(Currency::Usd));
        prop_assert!(invoice.lines.iter().all(|line| line.amount.micros() == 0));
    }
}
