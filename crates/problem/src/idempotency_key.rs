//! The header `Idempotency-Key` and its answer.

use http::{HeaderMap, HeaderName};

use crate::Problem;

/// Where a caller names a request that may be sent again.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Set to `true` on an answer that was given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const MAX_LEN: usize = 255;

/// The caller's key; `None` when the request has none.
///
/// # Errors
/// When it is not 1 to 255 visible ASCII characters.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > MAX_LEN || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = format!("must be 1 to {MAX_LEN} visible ASCII characters");
        return Err(Problem::invalid("Idempotency-Key", "invalid_value", detail));
    }
    Ok(Some(key))
}
