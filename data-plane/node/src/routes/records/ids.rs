//! Lists of ids in requests.

use std::collections::HashMap;

use agentdb_data_plane_engine::schema::limits::MAX_BATCH;
use agentdb_problem::Problem;

/// Characters of a record's id.
const MAX_ID_CHARS: usize = 256;

/// Checks one id; `pointer` is where it stands.
pub(super) fn check_id(id: &str, pointer: impl FnOnce() -> String) -> Result<(), Problem> {
    let chars = id.chars().count();
    if chars == 0 || chars > MAX_ID_CHARS {
        let detail = format!("an id has 1 to {MAX_ID_CHARS} characters, this one has {chars}");
        return Err(Problem::invalid(pointer(), "invalid_id", detail));
    }
    if id.chars().any(char::is_control) {
        return Err(Problem::invalid(pointer(), "invalid_id", "an id has no control characters"));
    }
    Ok(())
}

/// Checks how many there are and that none comes twice. `list` names the list, `field` what is in each
/// item (`/id`, or nothing).
pub(super) fn check_batch<'a>(
    ids: impl ExactSizeIterator<Item = &'a str>,
    list: &str,
    field: &str,
) -> Result<(), Problem> {
    let count = ids.len();
    if count == 0 || count > MAX_BATCH {
        let detail = format!("1 to {MAX_BATCH} are taken at once, here are {count}");
        return Err(Problem::invalid(list, "out_of_range", detail));
    }
    let mut seen = HashMap::with_capacity(count);
    for (at, id) in ids.enumerate() {
        let pointer = || format!("{list}/{at}{field}");
        check_id(id, pointer)?;
        if let Some(first) = seen.insert(id, at) {
            let detail = format!("the id `{id}` stands already at {list}/{first}{field}");
            return Err(Problem::invalid(pointer(), "duplicate_id", detail));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ids: &[&str]) -> Result<(), String> {
        check_batch(ids.iter().copied(), "/ids", "").map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn a_batch_is_bounded_and_names_what_comes_twice() {
        assert_eq!(check(&["a", "b"]), Ok(()));
        assert!(check(&[]).is_err_and(|detail| detail.starts_with("/ids: ")));
        assert!(check(&vec!["x"; 1001]).is_err_and(|detail| detail.contains("1001")));
        assert!(check(&["a", "b", "a"]).is_err_and(|d| d.starts_with("/ids/2: ") && d.contains("/ids/0")));
        assert!(check(&["a", ""]).is_err_and(|detail| detail.starts_with("/ids/1: ")));
        assert!(check(&["a\n"]).is_err());
        assert_eq!(check(&["ä".repeat(256).as_str()]), Ok(()), "characters, not bytes");
        assert!(check(&["ä".repeat(257).as_str()]).is_err());
    }
}
