use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Code, current_request_id};

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) to the value in the body, or the name of a header, path or query parameter.
    pub pointer: String,
    /// A machine-readable reason such as `wrong_dimension`.
    pub code: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// A refusal: the body of every reply with a status of 400 or more.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    extensions: serde_json::Map<String, serde_json::Value>,
    headers: HeaderMap,
}

/// The wire form, for the description of the API.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct Body_<'a> {
    /// A page that explains the code, relative to the service's address.
    r#type: String,
    /// One line, the same for every occurrence of the code.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// The code to match on.
    code: &'a str,
    /// What happened this time.
    detail: &'a str,
    /// Finds this request in the service's logs.
    request_id: String,
    /// The field that is wrong, the first of them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// What to do next.
    help: &'a str,
    #[serde(flatten)]
    extensions: &'a serde_json::Map<String, serde_json::Value>,
}

impl Problem {
    /// A refusal with `code`; `detail` says what happened this time and is shown to the caller.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            extensions: serde_json::Map::new(),
            headers: HeaderMap::new(),
        }
    }

    /// The one answer for "not there" and "not yours to know of".
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here under this name.")
    }

    /// The one answer for every way a credential can fail.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "The request carries no valid credential.")
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// A defect of ours. `cause` is logged here, once, and never shown.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Debug) -> Self {
        tracing::error!(request_id = %current_request_id(), ?cause, "request failed");
        Self::new(Code::Internal, "The request failed for a reason that is not yours.")
    }

    /// Not to be had now; try again after `retry_after_s` seconds.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>, retry_after_s: u64) -> Self {
        Self::new(Code::Unavailable, detail).with_retry_after(retry_after_s)
    }

    /// A request with one wrong field.
    #[must_use]
    pub fn invalid(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let pointer = pointer.into();
        let text = if pointer.is_empty() { detail.clone() } else { format!("{pointer}: {detail}") };
        Self::new(Code::InvalidRequest, text).with_error(pointer, code, detail)
    }

    /// Adds a wrong field.
    #[must_use]
    pub fn with_error(
        mut self,
        pointer: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), code: code.into(), detail: detail.into() });
        self
    }

    /// The same refusal of a part of a body: its pointers begin with `pointer`.
    #[must_use]
    pub fn under(mut self, pointer: &str) -> Self {
        for error in &mut self.errors {
            let within = format!("{pointer}{}", error.pointer);
            self.detail = if error.pointer.is_empty() {
                format!("{within}: {}", self.detail)
            } else {
                self.detail.replacen(&error.pointer, &within, 1)
            };
            error.pointer = within;
        }
        self
    }

    /// Adds a member to the body, such as `feature` or `limit`.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<serde_json::Value>) -> Self {
        self.extensions.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a header to the reply.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets `Retry-After`, in whole seconds, at least 1.
    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// The code of the refusal.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What happened this time.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body_ {
            r#type: format!("/docs/errors/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.as_str(),
            detail: &self.detail,
            request_id: current_request_id().to_string(),
            errors: &self.errors,
            help: self.code.help(),
            extensions: &self.extensions,
        };
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = self.code.status();
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.extensions_mut().insert(self.code);
        response
    }
}

impl utoipa::PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Body_::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("Problem")
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        schemas.push((FieldError::name().into_owned(), <FieldError as utoipa::PartialSchema>::schema()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_a_part_says_where_the_part_is() {
        for (pointer, expected) in [("/text", "/queries/0/text"), ("", "/queries/0")] {
            let problem = Problem::invalid(pointer, "missing_field", "it is needed").under("/queries/0");
            assert_eq!(problem.detail(), format!("{expected}: it is needed"));
            assert_eq!(problem.errors[0].pointer, expected);
        }
    }
}
