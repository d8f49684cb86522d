use agentdb_control_plane_store::{AuditAction, AuditFilter};
use agentdb_ids::AuditEventId;
use agentdb_problem::Problem;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::routes::page::Page;

/// The longest name or identifier that is sought, in characters.
const SOUGHT_MAX_LEN: usize = 254;

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// How many items, 1 to 200.
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// An action, such as `api_key.create`, or all on one kind of thing, such as `api_key.*`.
    action: Option<String>,
    /// By whom: an identifier, or the e-mail address or name of that time.
    #[param(max_length = 254)]
    actor: Option<String>,
    /// To what: an identifier, or the name of that time.
    #[param(max_length = 254)]
    target: Option<String>,
    /// How it ended.
    #[param(inline)]
    outcome: Option<Outcome>,
    /// The first moment that is contained.
    from: Option<DateTime<Utc>>,
    /// The first moment after `from` that is not.
    to: Option<DateTime<Utc>>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It is so.
    Done,
    /// Nothing has changed.
    Refused,
}

/// Parameters that keep the rules.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    pub filter: AuditFilter<'a>,
    pub before: Option<AuditEventId>,
    pub limit: usize,
}

impl AuditParams {
    /// Which events, of those that are not older than `kept_since`.
    pub fn checked(&self, kept_since: DateTime<Utc>) -> Result<Search<'_>, Problem> {
        let limit = Page { limit: self.limit, cursor: None }.limit()?;
        let before = self
            .cursor
            .as_deref()
            .map(str::parse::<AuditEventId>)
            .transpose()
            .map_err(|_| Problem::invalid("cursor", "invalid_cursor", "this is not a cursor of this list"))?;
        if self.from.zip(self.to).is_some_and(|(from, to)| from >= to) {
            return Err(Problem::invalid("from", "out_of_order", "`from` must be before `to`"));
        }
        let (action, target_kind) = self.action()?;
        let filter = AuditFilter {
            action,
            target_kind,
            actor: sought("actor", self.actor.as_deref())?,
            target: sought("target", self.target.as_deref())?,
            outcome: self.outcome.map(|outcome| match outcome {
                Outcome::Done => "done",
                Outcome::Refused => "refused",
            }),
            from: self.from.map_or(kept_since, |from| from.max(kept_since)),
            to: self.to,
        };
        Ok(Search { filter, before, limit })
    }

    /// The action, or the kind of thing.
    fn action(&self) -> Result<(Option<&str>, Option<&str>), Problem> {
        let Some(text) = self.action.as_deref() else { return Ok((None, None)) };
        let mut actions = AuditAction::ALL.iter();
        let (found, known) = match text.strip_suffix(".*") {
            Some(kind) => ((None, Some(kind)), actions.any(|action| action.target_kind() == kind)),
            None => ((Some(text), None), actions.any(|action| action.as_str() == text)),
        };
        if known {
            return Ok(found);
        }
        let names: Vec<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
        let detail = format!("the actions are {}; `api_key.*` is all on API keys", names.join(", "));
        Err(Problem::invalid("action", "unknown_value", detail))
    }
}

fn sought<'a>(parameter: &str, text: Option<&'a str>) -> Result<Option<&'a str>, Problem> {
    let bad =
        |text: &str| text.is_empty() || text.chars().count() > SOUGHT_MAX_LEN || text.chars().any(char::is_control);
    if text.is_some_and(bad) {
        let detail = "an identifier or a name has 1 to 254 characters, none of them control characters";
        return Err(Problem::invalid(parameter, "invalid_value", detail));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(params: &AuditParams) -> Option<String> {
        let problem = params.checked(DateTime::UNIX_EPOCH).err()?;
        problem.detail().split(':').next().map(str::to_owned)
    }

    #[test]
    fn an_action_is_exact_or_all_of_a_kind() {
        let of = |action: &str| AuditParams { action: Some(action.to_owned()), ..AuditParams::default() };
        let (exact, kind) = (of("namespace.delete"), of("api_key.*"));
        let search = exact.checked(DateTime::UNIX_EPOCH).expect("an action");
        assert_eq!((search.filter.action, search.filter.target_kind), (Some("namespace.delete"), None));
        let search = kind.checked(DateTime::UNIX_EPOCH).expect("a kind");
        assert_eq!((search.filter.action, search.filter.target_kind), (None, Some("api_key")));
        for wrong in ["", "*", ".*", "api_key", "api_key.", "api_key.c*", "nothing.*", "API_KEY.create"] {
            assert_eq!(refused(&of(wrong)).as_deref(), Some("action"), "{wrong}");
        }
    }

    #[test]
    fn times_are_in_order_and_no_older_than_what_is_kept() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let kept_since = time("2026-03-01T00:00:00Z");
        let of = |from, to| AuditParams { from, to, ..AuditParams::default() };
        let early = of(Some(time("2020-01-01T00:00:00Z")), None);
        assert_eq!(early.checked(kept_since).expect("good").filter.from, kept_since);
        let late = of(Some(time("2026-03-02T00:00:00Z")), None);
        assert_eq!(Some(late.checked(kept_since).expect("good").filter.from), late.from);
        assert_eq!(refused(&of(late.from, late.from)).as_deref(), Some("from"));
        assert_eq!(refused(&of(late.from, early.from)).as_deref(), Some("from"));
    }
}
