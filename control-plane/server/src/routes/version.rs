//! A thing's version as a condition and in the header `ETag`.

use agentdb_problem::{Code, Problem};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The header that tells a version.
pub(super) fn etag(version: u64) -> Result<[(HeaderName, HeaderValue); 1], Problem> {
    Ok([(header::ETAG, HeaderValue::try_from(tag(version)).map_err(Problem::internal)?)])
}

/// Refuses when the request is for another version than the thing has, by `If-Match`. Without that header it is for any.
/// The refusal calls the thing `what`.
pub(super) fn matches(headers: &HeaderMap, version: u64, what: &str) -> Result<(), Problem> {
    let current = tag(version);
    let mut wanted = headers.get_all(header::IF_MATCH).iter().peekable();
    if wanted.peek().is_none() {
        return Ok(());
    }
    let mut tags = wanted.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim);
    if tags.any(|tag| tag == current || tag == "*") {
        return Ok(());
    }
    Err(Problem::new(Code::PreconditionFailed, format!("The {what} has the version {version} by now."))
        .with("current_version", version))
}

fn tag(version: u64) -> String {
    format!("\"{version}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_names_the_version_or_any() {
        let holds = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, value.parse().expect("a header"));
            }
            matches(&headers, 3, "key").is_ok()
        };
        for right in [&["\"3\""][..], &[], &["*"], &["\"2\", \"3\""], &["\"2\"", "\"3\""]] {
            assert!(holds(right), "{right:?}");
        }
        for wrong in [&["\"2\""][..], &["3"], &["W/\"3\""], &[""], &["\"2\",\"4\""]] {
            assert!(!holds(wrong), "{wrong:?}");
        }
    }
}
