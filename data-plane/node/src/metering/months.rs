//! What an organisation has used this month: what billing has been told by anybody, and what this process
//! has not told it yet.

use agentdb_control_plane_contract::{Meter, MonthTotals};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use parking_lot::Mutex;

const METERS: [Meter; 3] = [Meter::Query, Meter::Write, Meter::EmbeddingTokens];
const HOUR_S: i64 = 3_600;

/// A meter that an edition includes a monthly amount of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Included {
    pub meter: Meter,
    pub amount: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Amounts([u64; METERS.len()]);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    start_hour: i64,
    end_hour: i64,
    /// Billing's word; `None` until it was heard in this month.
    reported: Option<Amounts>,
    /// Counted by this process in this month.
    local: Amounts,
    /// `local` when the report was made that `reported` answers.
    local_then: Amounts,
}

/// What the process had counted when a report was put together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    start_hour: i64,
    local: Amounts,
}

/// The running month of one organisation.
#[derive(Debug, Default)]
pub(crate) struct MonthLedger {
    state: Mutex<State>,
}

impl MonthLedger {
    pub(crate) fn add(&self, hour: i64, meter: Meter, amount: u64) {
        let Some(index) = index(meter) else { return };
        let mut state = self.state.lock();
        state.turn(hour);
        state.local.0[index] = state.local.0[index].saturating_add(amount);
    }

    /// Used so far in the month of `hour`.
    pub(crate) fn used(&self, hour: i64, meter: Meter) -> u64 {
        let Some(index) = index(meter) else { return 0 };
        let mut state = self.state.lock();
        state.turn(hour);
        let reported = state.reported.map_or(0, |amounts| amounts.0[index]);
        reported.saturating_add(state.local.0[index].saturating_sub(state.local_then.0[index]))
    }

    /// To be taken before the counters of a report are read: what is counted in between is then seen
    /// twice until the next report, and never missed.
    pub(crate) fn mark(&self, hour: i64) -> Mark {
        let mut state = self.state.lock();
        state.turn(hour);
        Mark { start_hour: state.start_hour, local: state.local }
    }

    /// Billing's answer to the report that `mark` was taken for.
    pub(crate) fn reported(&self, totals: &MonthTotals, mark: Mark) {
        let mut state = self.state.lock();
        if totals.month_start_hour == state.start_hour && mark.start_hour == state.start_hour {
            state.reported = Some(Amounts([totals.query, totals.write, totals.embedding_tokens]));
            state.local_then = mark.local;
        }
    }

    /// Whether anything was counted here since the last report that billing answered.
    pub(crate) fn has_grown(&self, hour: i64) -> bool {
        let mut state = self.state.lock();
        state.turn(hour);
        state.local != state.local_then
    }

    /// Whether nothing was heard from billing in the month of `hour`.
    pub(crate) fn is_unknown(&self, hour: i64) -> bool {
        let mut state = self.state.lock();
        state.turn(hour);
        state.reported.is_none()
    }
}

impl State {
    fn turn(&mut self, hour: i64) {
        if !(self.start_hour..self.end_hour).contains(&hour) {
            let (start_hour, end_hour) = month_of(hour);
            *self = Self { start_hour, end_hour, ..Self::default() };
        }
    }
}

fn index(meter: Meter) -> Option<usize> {
    METERS.iter().position(|m| *m == meter)
}

/// First hour of the calendar month (UTC) that `hour` is in, and of the next.
pub(crate) fn month_of(hour: i64) -> (i64, i64) {
    let date = DateTime::<Utc>::from_timestamp(hour.saturating_mul(HOUR_S), 0).unwrap_or_default().date_naive();
    let first = date.with_day(1).unwrap_or(date);
    let (year, month) = if first.month() == 12 { (first.year() + 1, 1) } else { (first.year(), first.month() + 1) };
    let next = NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(first);
    let hours = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() / HOUR_S;
    (hours(first), hours(next))
}

#[cfg(test)]
mod tests {
    use agentdb_ids::{OrgId, Uuid};

    use super::*;

    fn hour(text: &str) -> i64 {
        text.parse::<DateTime<Utc>>().expect("a time").timestamp() / HOUR_S
    }

    fn totals(at: i64, query: u64) -> MonthTotals {
        let (month_start_hour, month_end_hour) = month_of(at);
        let org_id = OrgId::from_uuid(Uuid::nil());
        MonthTotals { org_id, month_start_hour, month_end_hour, query, write: 0, embedding_tokens: 0 }
    }

    #[test]
    fn months_are_calendar_months_in_utc() {
        for (at, start, end) in [
            ("2026-02-28T23:59:59Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
            ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("1969-12-31T23:00:00Z", "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(month_of(hour(at)), (hour(start), hour(end)), "{at}");
        }
    }

    #[test]
    fn own_usage_counts_until_billing_has_it_and_then_once() {
        let now = hour("2026-05-10T12:00:00Z");
        let ledger = MonthLedger::default();
        assert!(ledger.is_unknown(now));
        ledger.add(now, Meter::Query, 100);
        let mark = ledger.mark(now);
        ledger.add(now, Meter::Query, 10);
        assert_eq!(ledger.used(now, Meter::Query), 110);
        ledger.reported(&totals(now, 5_100), mark);
        assert_eq!(ledger.used(now, Meter::Query), 5_110, "others' 5,000, our 100 as reported, our 10 as not yet");
        assert!(!ledger.is_unknown(now));
        assert_eq!(ledger.used(now, Meter::Write), 0);
    }

    #[test]
    fn the_turn_of_the_month_starts_from_nothing_and_late_answers_are_dropped() {
        let (may, june) = (hour("2026-05-31T23:00:00Z"), hour("2026-06-01T00:00:00Z"));
        let ledger = MonthLedger::default();
        ledger.add(may, Meter::Query, 100);
        let mark = ledger.mark(may);
        assert_eq!(ledger.used(june, Meter::Query), 0);
        ledger.reported(&totals(may, 100), mark);
        assert_eq!(ledger.used(june, Meter::Query), 0);
        assert!(ledger.is_unknown(june));
    }
}
