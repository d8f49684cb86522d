use agentdb_billing_rating::Period;
use agentdb_control_plane_contract::Meter;
use agentdb_ids::{ApiKeyId, NamespaceId};
use agentdb_problem::Problem;
use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::store::{UsageCursor, UsageFilter};

/// Rows in a page unless asked otherwise, and the most that can be asked for.
pub(super) const DEFAULT_LIMIT: u32 = 500;
const MAX_LIMIT: u32 = 5_000;

/// The longest time that one request may span, in hours.
const MAX_HOURS_BY_HOUR: i64 = 92 * 24;
const MAX_HOURS_BY_DAY: i64 = 400 * 24;

/// The hour that begins the year 10000, which RFC 3339 cannot write.
const END_OF_HOURS: i64 = 70_389_528;

/// What a row spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Granularity {
    /// A UTC hour.
    #[default]
    Hour,
    /// A UTC day.
    Day,
}

impl Granularity {
    pub(super) const fn hours(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageParams {
    /// Hours that begin at this time or later, from 1970 to 9999. Default: the start of the running month (UTC).
    from: Option<DateTime<Utc>>,
    /// Hours that begin before this time, from 1970 to 9999. Default: the end of the running month (UTC).
    to: Option<DateTime<Utc>>,
    /// What a row spans.
    #[serde(default)]
    #[param(inline)]
    granularity: Granularity,
    /// Any of `meter`, `key`, `namespace`, separated by commas: what rows are kept apart by. Meters, being counted in
    /// different units, are always kept apart.
    group_by: Option<String>,
    /// This meter alone.
    #[param(inline)]
    meter: Option<Meter>,
    /// This key's usage alone.
    key_id: Option<ApiKeyId>,
    /// This namespace's usage alone.
    namespace_id: Option<NamespaceId>,
    /// Rows in the answer, at most 5000.
    #[param(minimum = 1, maximum = 5000, default = 500)]
    limit: Option<u32>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// The parameters, checked.
#[derive(Debug)]
pub(super) struct UsageRequest {
    pub granularity: Granularity,
    pub filter: UsageFilter,
    pub limit: u32,
    pub after: Option<UsageCursor>,
}

impl UsageParams {
    pub(super) fn checked(self, running: Period) -> Result<UsageRequest, Problem> {
        let from = self.from.unwrap_or(running.start());
        let to = self.to.unwrap_or(running.end());
        let (from_hour, to_hour) = (hour_of("from", from)?, hour_of("to", to)?);
        if from >= to {
            return Err(Problem::invalid("from", "invalid_range", "`from` must be before `to`"));
        }
        let longest = match self.granularity {
            Granularity::Hour => MAX_HOURS_BY_HOUR,
            Granularity::Day => MAX_HOURS_BY_DAY,
        };
        if to_hour - from_hour > longest {
            let detail = format!("at this granularity at most {} days can be asked for at once", longest / 24);
            return Err(Problem::invalid("to", "range_too_long", detail));
        }
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::invalid("limit", "out_of_range", format!("1 to {MAX_LIMIT}")));
        }
        let (by_key, by_namespace) = grouping(self.group_by.as_deref().unwrap_or("meter"))?;
        let after = self.cursor.map(|text| text.parse()).transpose().map_err(|()| {
            Problem::invalid("cursor", "invalid_cursor", "take it from `next_cursor` of the answer before")
        })?;
        Ok(UsageRequest {
            granularity: self.granularity,
            filter: UsageFilter {
                from_hour,
                to_hour,
                bucket_hours: self.granularity.hours(),
                by_key,
                by_namespace,
                meter: self.meter,
                key_id: self.key_id,
                namespace_id: self.namespace_id,
            },
            limit,
            after,
        })
    }
}

/// The hour of a parameter, which must be one of those that replies can name.
fn hour_of(parameter: &str, moment: DateTime<Utc>) -> Result<i64, Problem> {
    let hour = first_hour(moment);
    if (1970..=9999).contains(&moment.year()) && (0..END_OF_HOURS).contains(&hour) {
        return Ok(hour);
    }
    Err(Problem::invalid(parameter, "out_of_range", "a time from 1970-01-01T00:00:00Z to 9999-12-31T23:00:00Z"))
}

/// The first whole hour that begins at `moment` or later.
fn first_hour(moment: DateTime<Utc>) -> i64 {
    let part = i64::from(moment.timestamp_subsec_nanos() > 0);
    (moment.timestamp() + part + 3599).div_euclid(3600)
}

fn grouping(text: &str) -> Result<(bool, bool), Problem> {
    let mut chosen = (false, false);
    for part in text.split(',') {
        match part {
            "meter" => {}
            "key" => chosen.0 = true,
            "namespace" => chosen.1 = true,
            other => {
                let detail = format!("`{other}` is none of `meter`, `key`, `namespace`");
                return Err(Problem::invalid("group_by", "unknown_value", detail));
            }
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_belongs_to_the_range_when_it_begins_in_it() {
        let hour = |text: &str| first_hour(text.parse().expect("a time"));
        assert_eq!(hour("1970-01-01T00:00:00Z"), 0);
        assert_eq!(hour("1970-01-01T00:00:00.000000001Z"), 1);
        assert_eq!(hour("1970-01-01T00:59:59.999Z"), 1);
        assert_eq!(hour("1970-01-01T01:00:00Z"), 1);
        assert_eq!(hour("1969-12-31T23:00:01Z"), 0);
    }

    #[test]
    fn times_are_those_that_replies_can_write() {
        let hour = |text: &str| hour_of("from", text.parse().expect("a time")).ok();
        assert_eq!(hour("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(hour("9999-12-31T23:00:00Z"), Some(END_OF_HOURS - 1));
        for outside in
            ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:00:01Z", "+10000-01-01T00:00:00Z"]
        {
            assert_eq!(hour(outside), None, "{outside}");
        }
    }

    #[test]
    fn grouping_is_a_set_of_known_names() {
        assert_eq!(grouping("meter").ok(), Some((false, false)));
        assert_eq!(grouping("namespace,key").ok(), Some((true, true)));
        for wrong in ["", "key,", "Key", "hour"] {
            assert!(grouping(wrong).is_err(), "{wrong}");
        }
    }
}
