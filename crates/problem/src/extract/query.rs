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
                let (field, message) = message.split_once(": ").unwrap_or(("query", message));
                Err(Problem::invalid(field, reason(message), plain(message)))
            }
        }
    }
}
