use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::header;
use serde::{Serialize, de::DeserializeOwned};

use super::{body, missing, plain, pointer, reason};
use crate::{Code, Problem};

/// A JSON body, in or out. In: the content type must be JSON, the text UTF-8, and the type should have
/// `#[serde(deny_unknown_fields)]`; each failure is a [`Problem`] with a JSON Pointer to the value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        JsonBytes::from_request(request, state).await.map(|read| Self(read.value))
    }
}

/// As [`Json`], with the bytes that were read, for operations that need their digest.
#[derive(Debug, Clone, Default)]
pub struct JsonBytes<T> {
    /// What the body says.
    pub value: T,
    /// The body.
    pub bytes: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBytes<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "The header `content-type` must be `application/json`.",
            ));
        }
        let bytes = body::read(request, state).await?;
        Ok(Self { value: from_slice(&bytes)?, bytes })
    }
}

fn is_json(request: &Request) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/json"))
}

fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return Err(Problem::invalid("", "empty_body", "a JSON body is needed and the request has none"));
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        let detail = format!("the body is not UTF-8 from byte {} on", error.valid_up_to());
        return Err(Problem::invalid("", "invalid_utf8", detail));
    }
    // Keeping track of the place costs as much as the reading itself, so only what is refused is read with it.
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let mut pointer = pointer(error.path());
        let inner = error.inner();
        let message = inner.to_string();
        if let Some(name) = missing(&message) {
            pointer = format!("{pointer}/{name}");
        }
        // A number that its type cannot hold is well-formed JSON, though the parser counts it as bad syntax.
        if inner.is_data() || message.starts_with("number out of range") {
            Problem::invalid(pointer, reason(&message), plain(&message))
        } else {
            Problem::invalid(pointer, "malformed_json", message)
        }
    })?;
    deserializer.end().map_err(|error| Problem::invalid("", "malformed_json", format!("after the value: {error}")))?;
    Ok(value)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only its parsing matters")]
        records: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only its parsing matters")]
        id: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only its parsing matters")]
        score: f32,
    }

    #[test]
    fn a_refusal_points_at_the_value() {
        let cases: [(&[u8], &str); 9] = [
            (br#"{"records":[{"id":"a"},{"id":7}]}"#, "/records/1/id"),
            (br#"{"records":[{"id":"a","x":1}]}"#, "/records/0/x"),
            (br#"{"records":[{"id":"a"},{}]}"#, "/records/1/id"),
            (br#"{"records":[{"id":"a","score":1e39}]}"#, "/records/0/score: number out of range"),
            (b"{}", "/records"),
            (br#"{"records":[]} tail"#, "after the value"),
            (b"", "a JSON body is needed"),
            (b"{\"records\":[{\"id\":\"\xff\"}]}", "not UTF-8"),
            (br#"{"records":"#, "EOF"),
        ];
        for (body, expected) in cases {
            let problem = from_slice::<Outer>(body).expect_err("the body is wrong");
            assert_eq!(problem.code(), Code::InvalidRequest);
            assert!(problem.detail().contains(expected), "{} lacks {expected}", problem.detail());
        }
    }
}
