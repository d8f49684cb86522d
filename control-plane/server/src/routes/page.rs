//! Lists, a page at a time.

use agentdb_problem::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;

/// Which part of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// How many items, 1 to 200.
    #[param(default = 50, minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl Page {
    /// How many items.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(usize::from(limit)),
            _ => Err(Problem::invalid("limit", "out_of_range", format!("a page has 1 to {MAX_LIMIT} items"))),
        }
    }
}

/// Cuts what was read, one more than the limit if there is more, into a page and the cursor of the next.
pub(crate) fn cut<T>(mut read: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    if read.len() <= limit {
        return (read, None);
    }
    read.truncate(limit);
    let next = read.last().map(cursor);
    (read, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_begins_only_when_there_is_one() {
        assert_eq!(cut(vec![1, 2, 3], 2, ToString::to_string), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(cut(vec![1, 2], 2, ToString::to_string), (vec![1, 2], None));
        let page = |limit| Page { limit, cursor: None }.limit().ok();
        assert_eq!([page(None), page(Some(0)), page(Some(200)), page(Some(201))], [Some(50), None, Some(200), None]);
    }
}
