//! The engine's refusals in the words of the API.

use std::collections::BTreeMap;

use agentdb_data_plane_embedding::EmbeddingError;
use agentdb_data_plane_engine::{ReadError, SchemaMismatch, WriteError};
use agentdb_problem::{Code, Problem};
use utoipa::{
    IntoResponses,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

use crate::admission::{Admission, no_lease};

/// The refusals that every data operation may answer with, for the description.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let known = [
            ("400", "The request is not valid; `errors` names the fields."),
            ("401", "No valid API key."),
            ("402", "An invoice is unpaid."),
            ("403", "The key's scope or the edition does not allow it, or the namespace is suspended."),
            ("404", "No such namespace or collection for this key."),
            ("409", "It conflicts with what exists, or the idempotency key was used for another request."),
            ("412", "A condition does not hold; `current_commit` is that of the record as it is."),
            ("413", "The body is too large."),
            ("415", "The content type is not JSON."),
            ("429", "Too fast, too much at once, or the month's included amount is used; see `Retry-After`."),
            ("500", "A defect of the service."),
            ("503", "Not available at this moment; see `Retry-After`."),
        ];
        let problem = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        known
            .into_iter()
            .map(|(status, description)| {
                let response = ResponseBuilder::new()
                    .description(description)
                    .content("application/problem+json", problem())
                    .build();
                (status.to_owned(), RefOr::T(response))
            })
            .collect()
    }
}

/// `attributes.topic` or `params[3]` of the engine as the JSON Pointer `/attributes/topic`, `/params/3`.
pub(crate) fn pointer(field: &str) -> String {
    let mut pointer = String::from("/");
    for c in field.chars() {
        match c {
            '.' | '[' => pointer.push('/'),
            ']' => {}
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    pointer
}

pub(crate) fn read(admission: &Admission, error: ReadError) -> Problem {
    match error {
        ReadError::Fenced => fenced(admission),
        ReadError::Closed => moving(),
        ReadError::NoLease => no_lease(),
        ReadError::NoSuchCollection => Problem::not_found(),
        ReadError::BadQuery { field, why } => Problem::invalid(pointer(field), "invalid_value", why),
        ReadError::Busy(cause) => {
            tracing::debug!(cause, "a read met backpressure");
            Problem::unavailable("As much of this work is running in this namespace as may.", 1)
        }
        ReadError::Unavailable(cause) => {
            tracing::warn!(cause, "a read failed at the object store");
            Problem::unavailable("The object store does not answer.", 2)
        }
    }
}

pub(crate) fn write(admission: &Admission, error: WriteError) -> Problem {
    write_of("records", admission, error)
}

/// As [`write`], of a request whose records are in the list of this name.
pub(crate) fn write_of(list: &str, admission: &Admission, error: WriteError) -> Problem {
    match error {
        WriteError::Fenced => fenced(admission),
        WriteError::Closed => moving(),
        WriteError::NoLease => no_lease(),
        WriteError::Unavailable(cause) => {
            tracing::warn!(cause, "a write's outcome is unknown");
            Problem::unavailable(
                "The write was not confirmed in time; it may be done or not. Repeat it with the same \
                 `Idempotency-Key`.",
                2,
            )
        }
        WriteError::Backpressure(cause) => {
            metrics::counter!("agentdb_node_backpressure_total").increment(1);
            tracing::debug!(cause, "a write met backpressure");
            Problem::unavailable("Too many writes are waiting in this namespace.", 1)
        }
        WriteError::TooLarge { bytes, limit } => {
            let detail = format!("The write is {bytes} bytes; at most {limit} are taken at once.");
            Problem::new(Code::PayloadTooLarge, detail)
        }
        WriteError::BadRequest { field, why } => Problem::invalid(pointer(field), "invalid_value", why),
        WriteError::SchemaMismatch(error) => mismatch_in(list, error),
        WriteError::BadSchema(error) => Problem::invalid(pointer(&error.field), "invalid_value", error.why),
        WriteError::SchemaConflict => {
            Problem::new(Code::Conflict, "A collection of this name exists with another schema.")
        }
        WriteError::NoSuchCollection => Problem::not_found(),
        WriteError::SetAside { collection, why } => {
            tracing::debug!(why, "a write met a collection that is set aside");
            let detail = format!(
                "The collection `{collection}` takes no writes for the moment: what was written before could not be \
                 brought into its table yet. It stays readable."
            );
            Problem::unavailable(detail, 60)
        }
        WriteError::TooManyCollections { limit } => too_many_collections(limit as u64),
        WriteError::ConditionFailed { id, why, commit } => {
            let detail = format!("The condition on the record `{id}` does not hold: {why}.");
            Problem::new(Code::PreconditionFailed, detail).with("record", id).with("current_commit", commit)
        }
        WriteError::NoSuchRecord { id } => {
            let detail =
                format!("There is no record `{id}` to be changed; `\"missing\": \"skip\"` leaves such ids out.");
            Problem::new(Code::PreconditionFailed, detail).with("record", id).with("current_commit", None::<u64>)
        }
        WriteError::InOperation { operation, error } => {
            write_of(list, admission, *error).under(&format!("/operations/{operation}")).with("operation", operation)
        }
        WriteError::IdempotencyConflict => {
            Problem::new(Code::IdempotencyConflict, "The `Idempotency-Key` was used with another request.")
        }
    }
}

/// A record that does not fit its collection.
pub(crate) fn mismatch(error: SchemaMismatch) -> Problem {
    mismatch_in("records", error)
}

fn mismatch_in(list: &str, SchemaMismatch { record, field, why }: SchemaMismatch) -> Problem {
    Problem::invalid(format!("/{list}/{record}{}", pointer(&field)), "schema_mismatch", why)
}

pub(crate) fn too_many_collections(limit: u64) -> Problem {
    let detail = format!("The namespace has {limit} collections, which is as many as it may have.");
    Problem::new(Code::LimitExceeded, detail).with("limit", "collections_per_namespace").with("maximum", limit)
}

pub(crate) fn too_many_dimensions(wanted: u32, limit: u32) -> Problem {
    let detail = format!("Vectors of {wanted} numbers are asked for; the organisation may have at most {limit}.");
    Problem::new(Code::LimitExceeded, detail).with("limit", "vector_dimension").with("maximum", limit)
}

pub(crate) fn embedding(error: &EmbeddingError) -> Problem {
    match error {
        EmbeddingError::Busy => Problem::unavailable("Too many texts are waiting to be embedded.", 1),
        other => Problem::internal(other),
    }
}

/// The collection names a model, and this node has none loaded.
pub(crate) fn no_model() -> Problem {
    Problem::unavailable("The embedding model is not loaded on this node.", 30)
}

fn fenced(admission: &Admission) -> Problem {
    admission.fenced();
    Problem::unavailable("Another node owns the namespace.", 5)
}

fn moving() -> Problem {
    Problem::unavailable("The namespace is being moved.", 1)
}

#[cfg(test)]
mod tests {
    use super::pointer;

    #[test]
    fn fields_of_the_engine_become_pointers() {
        assert_eq!(pointer("vector"), "/vector");
        assert_eq!(pointer("attributes.topic"), "/attributes/topic");
        assert_eq!(pointer("params[3]"), "/params/3");
        assert_eq!(pointer("attributes.a/b"), "/attributes/a~1b");
    }
}
