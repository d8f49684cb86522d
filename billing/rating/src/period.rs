use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

const HOUR_S: i64 = 3600;

/// A calendar month in UTC: what an invoice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Period {
    /// The first moment.
    start: DateTime<Utc>,
    /// The first moment after it.
    end: DateTime<Utc>,
}

impl Period {
    /// The month that `moment` is in; `None` beyond the calendar that can be represented.
    #[must_use]
    pub fn month_of(moment: DateTime<Utc>) -> Option<Self> {
        let first = NaiveDate::from_ymd_opt(moment.year(), moment.month(), 1)?;
        let next = first.checked_add_months(Months::new(1))?;
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        Some(Self { start: midnight(first), end: midnight(next) })
    }

    /// The month of an hour given as whole hours since the Unix epoch.
    #[must_use]
    pub fn month_of_hour(hour: i64) -> Option<Self> {
        Self::month_of(DateTime::from_timestamp(hour.checked_mul(HOUR_S)?, 0)?)
    }

    /// The first moment.
    #[must_use]
    pub const fn start(self) -> DateTime<Utc> {
        self.start
    }

    /// The first moment after it.
    #[must_use]
    pub const fn end(self) -> DateTime<Utc> {
        self.end
    }

    /// The first hour, in whole hours since the Unix epoch.
    #[must_use]
    pub const fn start_hour(self) -> i64 {
        self.start.timestamp().div_euclid(HOUR_S)
    }

    /// The first hour after it, in whole hours since the Unix epoch.
    #[must_use]
    pub const fn end_hour(self) -> i64 {
        self.end.timestamp().div_euclid(HOUR_S)
    }

    /// How many hours it has: 672 to 744.
    #[must_use]
    pub const fn hours(self) -> i64 {
        self.end_hour() - self.start_hour()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Period {
        Period::month_of(text.parse().expect("a time")).expect("a month")
    }

    #[test]
    fn months_touch_and_do_not_overlap() {
        let february = month("2028-02-29T23:59:59.999Z");
        assert_eq!(february.hours(), 29 * 24, "a leap day belongs to its month");
        assert_eq!(february.end(), month("2028-03-01T00:00:00Z").start());
        assert_eq!(Period::month_of_hour(february.end_hour() - 1), Some(february));
        assert_eq!(month("2026-12-31T23:00:00Z").end().to_rfc3339(), "2027-01-01T00:00:00+00:00");
    }

    #[test]
    fn an_hour_before_the_epoch_and_one_beyond_the_calendar() {
        assert_eq!(Period::month_of_hour(-1).map(Period::end_hour), Some(0));
        assert_eq!(Period::month_of_hour(i64::MAX), None);
    }
}
