//! Limits on what one record or one schema may hold.

/// Bytes of a record's id: 256 characters of any kind.
pub const MAX_ID_BYTES: usize = 1_024;
/// Bytes of a record's text.
pub const MAX_TEXT_BYTES: usize = 1 << 20;
/// Bytes of a record's metadata as JSON text.
pub const MAX_METADATA_BYTES: usize = 256 << 10;
/// Bytes of one string attribute.
pub const MAX_STRING_BYTES: usize = 64 << 10;
/// Strings in one `string_list` attribute.
pub const MAX_LIST_ITEMS: usize = 1_024;
/// Attributes of a collection.
pub const MAX_ATTRIBUTES: usize = 128;
/// Bytes of an attribute's name.
pub const MAX_ATTRIBUTE_NAME_BYTES: usize = 64;
/// Bytes of a collection's name.
pub const MAX_COLLECTION_NAME_BYTES: usize = 128;
/// Vector columns of a collection.
pub const MAX_VECTOR_COLUMNS: usize = 8;
/// Numbers of a vector.
pub const MAX_DIMENSION: u32 = 4_096;
/// Bytes of an embedding model's name.
pub const MAX_MODEL_NAME_BYTES: usize = 256;
/// Records of one upsert, ids of one delete or fetch.
pub const MAX_BATCH: usize = 1_000;
/// Hits of one query and rows of one scan page.
pub const MAX_TOP_K: usize = 1_000;
/// Queries of one call.
pub const MAX_QUERIES: usize = 16;
