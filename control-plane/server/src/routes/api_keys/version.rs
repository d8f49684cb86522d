use agentdb_control_plane_store::ApiKeyRecord;
use agentdb_problem::{Json, Problem};
use http::{HeaderName, HeaderValue};

use super::ApiKey;
use crate::routes::version::etag;

/// A key with its version in the header `ETag`.
pub(super) type Tagged = ([(HeaderName, HeaderValue); 1], Json<ApiKey>);

/// See [`Tagged`].
pub(super) fn tagged(key: ApiKeyRecord) -> Result<Tagged, Problem> {
    Ok((etag(key.version)?, Json(key.into())))
}
