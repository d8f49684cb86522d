use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{plain, reason};
use crate::Problem;

/// Query parameters, unknown ones refused when the type says so.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let message = text.trim_start_matches("Failed to deserialize query string: ");
                let (field, message) = field_of(message);
                Err(Problem::invalid(field, reason(message), plain(message)))
            }
        }
    }
}

/// The parameter that a refusal is about, and the rest of it: what stands before the colon, or the name in messages of
/// serde about a whole parameter, such as "missing field `email`".
fn field_of(message: &str) -> (&str, &str) {
    let whole = ["missing field `", "duplicate field `", "unknown field `"];
    let named = whole.iter().find_map(|start| message.strip_prefix(start)?.split_once('`'));
    match named {
        Some((name, _)) => (name, message),
        None => message.split_once(": ").unwrap_or(("query", message)),
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, response::IntoResponse as _};
    use http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[expect(dead_code, reason = "only its parsing matters")]
        email: String,
        #[expect(dead_code, reason = "only its parsing matters")]
        limit: Option<u8>,
    }

    #[tokio::test]
    async fn a_refusal_names_the_parameter() {
        for (query, pointer, code) in [
            ("limit=1", "email", "missing_field"),
            ("", "email", "missing_field"),
            ("email=a&email=b", "email", "invalid_value"),
            ("email=a&page=2", "page", "unknown_field"),
            ("email=a&limit=x", "limit", "invalid_value"),
            ("email=a&limit=300", "limit", "invalid_value"),
        ] {
            let (mut parts, ()) = Request::get(format!("/?{query}")).body(()).expect("a request").into_parts();
            let problem = Query::<Wanted>::from_request_parts(&mut parts, &()).await.expect_err("it is wrong");
            let body = to_bytes(problem.into_response().into_body(), 1 << 16).await.expect("a body");
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            let error = &body["errors"][0];
            assert_eq!((error["pointer"].as_str(), error["code"].as_str()), (Some(pointer), Some(code)), "{query}");
        }
    }
}
