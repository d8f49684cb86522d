use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const MICROS_PER_UNIT: i64 = 1_000_000;
const DECIMALS: usize = 6;

/// A currency that we price in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Currency {
    /// United States dollar; its minor unit is the cent.
    #[serde(rename = "USD")]
    Usd,
}

impl Currency {
    /// Micro-units in the smallest amount that can be charged.
    #[must_use]
    pub const fn minor_unit_micros(self) -> i64 {
        match self {
            Self::Usd => 10_000,
        }
    }

    /// ISO 4217.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usd => "USD",
        }
    }
}

/// Why a text is not an amount, or two amounts cannot be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not an optional `-`, digits, and at most six decimals.
    #[error("an amount is digits with at most six decimals, such as \"12.345678\"")]
    Malformed,
    /// Beyond what 64 bits of micro-units hold (about 9.2 million million).
    #[error("the amount is too large")]
    Overflow,
    /// Amounts of different currencies.
    #[error("amounts of different currencies cannot be added")]
    CurrencyMismatch,
}

/// An exact amount: whole micro-units (millionths) of a currency. In JSON `{"amount": "12.345678",
/// "currency": "USD"}`, the amount a decimal with two to six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Exact decimal text with two to six decimals.
    #[serde(rename = "amount", serialize_with = "write_micros", deserialize_with = "read_micros")]
    #[schema(value_type = String, pattern = r"^-?[0-9]+\.[0-9]{2,6}$", example = "12.345678")]
    micros: i64,
    /// ISO 4217.
    currency: Currency,
}

impl Money {
    /// An amount in micro-units.
    #[must_use]
    pub const fn from_micros(micros: i64, currency: Currency) -> Self {
        Self { micros, currency }
    }

    /// Nothing.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::from_micros(0, currency)
    }

    /// The amount in micro-units.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount can be charged as it is, without rounding.
    #[must_use]
    pub const fn is_whole_minor_units(self) -> bool {
        self.micros % self.currency.minor_unit_micros() == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let micros = self.micros.checked_add(other.micros).ok_or(MoneyError::Overflow)?;
        Ok(Self { micros, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", decimal(self.micros), self.currency.as_str())
    }
}

/// At least two decimals, so that amounts look like money; no more than are needed to be exact.
fn decimal(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let unit = MICROS_PER_UNIT.unsigned_abs();
    let (whole, part) = (micros.unsigned_abs() / unit, micros.unsigned_abs() % unit);
    let part = format!("{part:06}");
    let kept = part.trim_end_matches('0').len().max(2);
    format!("{sign}{whole}.{}", &part[..kept])
}

fn parse(text: &str) -> Result<i64, MoneyError> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = match digits.split_once('.') {
        Some((_, "")) => return Err(MoneyError::Malformed),
        Some(parts) => parts,
        None => (digits, ""),
    };
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || part.len() > DECIMALS || !plain(whole) || !plain(part) {
        return Err(MoneyError::Malformed);
    }
    let micros = i128::from_str(&format!("{whole}{part:0<DECIMALS$}")).map_err(|_| MoneyError::Overflow)?;
    i64::try_from(if negative { -micros } else { micros }).map_err(|_| MoneyError::Overflow)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn write_micros<S: serde::Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&decimal(*micros))
}

fn read_micros<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_has_one_text() {
        for (micros, text) in [
            (0, "0.00"),
            (1, "0.000001"),
            (-1, "-0.000001"),
            (12_345_678, "12.345678"),
            (8_000_000, "8.00"),
            (-500_100_000, "-500.10"),
            (i64::MAX, "9223372036854.775807"),
            (i64::MIN, "-9223372036854.775808"),
        ] {
            assert_eq!(decimal(micros), text);
            assert_eq!(parse(text), Ok(micros));
        }
        assert_eq!(parse("7"), Ok(7_000_000), "decimals may be left out on the way in");
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", "-", ".5", "1.", "1.2345678", "1e3", "+1", " 1", "1,000", "--1", "1.-1", "٣"] {
            assert_eq!(parse(text), Err(MoneyError::Malformed), "{text}");
        }
        assert_eq!(parse("9223372036854.775808"), Err(MoneyError::Overflow));
        assert_eq!(parse(&"9".repeat(60)), Err(MoneyError::Overflow));
        let number = serde_json::from_str::<Money>(r#"{"amount":12.5,"currency":"USD"}"#);
        assert!(number.is_err(), "a JSON number is not exact and not accepted");
    }

    proptest! {
        #[test]
        fn json_keeps_every_micro_unit(micros: i64) {
            let money = Money::from_micros(micros, Currency::Usd);
            let json = serde_json::to_string(&money).expect("money is plain data");
            prop_assert_eq!(serde_json::from_str::<Money>(&json).expect("our own text"), money);
        }
    }
}
