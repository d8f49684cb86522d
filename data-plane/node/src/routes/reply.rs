//! Replies with their receipts, counted right before they go.

use std::{sync::Arc, time::Duration};

use agentdb_control_plane_contract::Meter;
use agentdb_data_plane_engine::{
    Commit, Committed, Io, Namespace, ReadError, ReadOf, Record, Schema, WriteError, WriteMeta,
};
use agentdb_ids::RequestId;
use agentdb_problem::{IDEMPOTENCY_REPLAYED, Problem, current_request_id};
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    idempotency::{self, Repeatable, Stored},
    receipt::{MilliUnits, Receipt, StorageCalls, Tier, Timing},
    refusals,
    run::at_length,
};
use crate::{
    admission::{Admission, CountRefusal},
    assignments::OpenNamespace,
    fair::Place,
};

/// A reply of a data operation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataReply<T> {
    /// The answer.
    result: T,
    /// What the request did and used.
    receipt: Receipt,
}

/// An admitted request on its way to a reply.
#[derive(Debug)]
pub(crate) struct Call {
    pub admission: Admission,
    request_id: RequestId,
    engine: Duration,
    embed: Option<Duration>,
    io: Io,
    pub embedding_tokens: u64,
    /// Of the organisation's, from the first read of the engine to the reply.
    place: Option<Place>,
    /// About how many bytes of records the reply carries.
    carries: u64,
}

/// A write of so many bytes is work for the processor as a read is; below, it is mostly waiting for the log, which many
/// writes do together.
const LARGE_WRITE: usize = 256 << 10;
/// A reply of so many bytes keeps others waiting while it is written.
const LARGE_REPLY: u64 = 64 << 10;

impl Call {
    /// To be made on the task that serves the request, which knows its id.
    pub(crate) fn new(admission: Admission) -> Self {
        let request_id = current_request_id();
        Self {
            admission,
            request_id,
            engine: Duration::ZERO,
            embed: None,
            io: Io::default(),
            embedding_tokens: 0,
            place: None,
            carries: 0,
        }
    }

    /// The namespace, opened where needed; what that asks of the object store is this request's.
    pub(crate) async fn namespace(&mut self) -> Result<OpenNamespace, Problem> {
        let namespace = self.admission.namespace().await?;
        self.io = self.io.then(namespace.opening_for_caller());
        Ok(namespace)
    }

    /// The namespace, opened where needed, and the schema of one of its collections.
    pub(crate) async fn collection(&mut self, name: &str) -> Result<(OpenNamespace, Arc<Schema>), Problem> {
        let namespace = self.namespace().await?;
        let schema = self.schema(&namespace, name)?;
        Ok((namespace, schema))
    }

    /// The schema of a collection. That there is none is an answer, too, and not given without the lease.
    pub(crate) fn schema(&self, namespace: &Namespace, name: &str) -> Result<Arc<Schema>, Problem> {
        let schema = namespace.current_schema(name).map_err(|error| refusals::read(&self.admission, error))?;
        schema.ok_or_else(Problem::not_found)
    }

    /// A read of the engine, measured; its refusal in the words of the API.
    pub(crate) async fn engine_read<T>(
        &mut self,
        read: impl Future<Output = Result<ReadOf<T>, ReadError>>,
    ) -> Result<ReadOf<T>, Problem> {
        if self.place.is_none() {
            self.place = Some(self.admission.place().await?);
        }
        let read = self.engine(read).await.map_err(|error| refusals::read(&self.admission, error))?;
        self.io = self.io.then(read.io);
        Ok(read)
    }

    /// Says about how many bytes of records the reply carries.
    pub(crate) fn carries<'a>(&mut self, records: impl IntoIterator<Item = &'a Record>) {
        self.carries += records.into_iter().map(Record::logical_bytes).sum::<u64>();
    }

    /// A write of the engine, measured; its refusal in the words of the API. Its namespace is marked as owing a report
    /// before it begins.
    pub(crate) async fn engine_write(
        &mut self,
        write: impl Future<Output = Result<Committed, WriteError>>,
    ) -> Result<Committed, Problem> {
        self.engine_write_of("records", write).await
    }

    /// The same, of a request whose records are in the list of this name.
    pub(crate) async fn engine_write_of(
        &mut self,
        list: &str,
        write: impl Future<Output = Result<Committed, WriteError>>,
    ) -> Result<Committed, Problem> {
        let large = self.admission.body_bytes() >= LARGE_WRITE;
        let _place = if large { Some(self.admission.place().await?) } else { None };
        let in_flight = self.admission.begin_write()?;
        let outcome = self.engine(write).await;
        match &outcome {
            Ok(_) => in_flight.done(),
            Err(WriteError::Unavailable(_) | WriteError::Closed) => drop(in_flight),
            Err(_) => in_flight.refused(),
        }
        let committed = outcome.map_err(|error| refusals::write_of(list, &self.admission, error))?;
        self.io = self.io.then(committed.io);
        Ok(committed)
    }

    /// What goes into the log beside a write: what it costs, and what to answer when it is sent again.
    pub(crate) fn meta(
        &self,
        amounts: &[(Meter, u64)],
        repeatable: Option<&Repeatable>,
        answer: &Stored,
    ) -> Result<WriteMeta, Problem> {
        let idempotency = repeatable.map(|request| request.promise(answer)).transpose()?;
        Ok(WriteMeta { usage: self.admission.log_usage(amounts), idempotency, ..WriteMeta::default() })
    }

    /// The same for a write whose cost the commit decides, beside `amounts`: 1,000 for each started 4 KiB of each record
    /// that it writes and 250 for each that it removes, at least 2,000.
    pub(crate) fn metered(
        &self,
        amounts: &[(Meter, u64)],
        repeatable: Option<&Repeatable>,
        answer: &Stored,
    ) -> Result<WriteMeta, Problem> {
        let metered = Some(self.admission.metered_write());
        Ok(WriteMeta { metered, ..self.meta(amounts, repeatable, answer)? })
    }

    /// Whether this very request was done before. Asked first, so that a repetition is neither worked out nor judged
    /// again.
    pub(crate) fn done_before(
        &self,
        namespace: &Namespace,
        repeatable: Option<&Repeatable>,
    ) -> Result<Option<Committed>, Problem> {
        let known = repeatable.map(|request| request.answered(namespace)).transpose();
        known.map(Option::flatten).map_err(|error| refusals::write(&self.admission, error))
    }

    /// Measures a part of the work that the engine does.
    async fn engine<T>(&mut self, work: impl Future<Output = T>) -> T {
        let begun = self.admission.now();
        let outcome = work.await;
        self.engine += self.admission.now().saturating_sub(begun);
        outcome
    }

    /// Measures a part of the work that the model does.
    pub(crate) async fn embed<T>(&mut self, work: impl Future<Output = T>) -> T {
        let begun = self.admission.now();
        let outcome = work.await;
        self.embed = Some(self.embed.unwrap_or_default() + self.admission.now().saturating_sub(begun));
        outcome
    }

    /// The reply to a read that cost `query` milli-units: counted here, if the lease still holds.
    pub(crate) fn read<T: Serialize>(self, result: T, commit: Commit, query: u64) -> Result<Response, Problem> {
        let units = MilliUnits { query: (query > 0).then_some(query), write: None };
        let bytes = self.body(result, commit, units, self.embedding_tokens)?;
        self.admission.count(&[
            (Meter::Query, query),
            (Meter::EmbeddingTokens, self.embedding_tokens),
            (Meter::EgressBytes, bytes.len() as u64),
        ])?;
        Ok(json(StatusCode::OK, bytes))
    }

    /// The reply to a write whose usage went into the log with it; to one that was done before, the reply of then.
    pub(crate) fn wrote<T: Serialize>(
        self,
        status: StatusCode,
        result: T,
        committed: &Committed,
        write: u64,
    ) -> Result<Response, Problem> {
        if committed.replayed.is_some() {
            return self.replayed(committed);
        }
        self.admission.logged(&[(Meter::Write, write), (Meter::EmbeddingTokens, self.embedding_tokens)]);
        let units = MilliUnits { query: None, write: (write > 0).then_some(write) };
        let bytes = self.body(result, committed.commit, units, self.embedding_tokens)?;
        self.send_write(status, bytes)
    }

    /// The reply to a write that was done before: the stored result, and nothing counted.
    pub(crate) fn replayed(self, committed: &Committed) -> Result<Response, Problem> {
        self.replayed_as(idempotency::stored(committed)?, committed)
    }

    /// The same with a stored answer in which more is known by now.
    pub(crate) fn replayed_as(self, answer: Stored, committed: &Committed) -> Result<Response, Problem> {
        let Stored { status, mut result } = answer;
        // What was not known when the answer was stored.
        let known: [(&str, serde_json::Value); 4] = [
            ("deleted", committed.deleted.into()),
            ("patched", committed.patched.into()),
            ("missing", committed.missing.into()),
            ("more", committed.more.into()),
        ];
        for (member, value) in known {
            if let Some(unknown) = result.get_mut(member).filter(|value| value.is_null()) {
                *unknown = value;
            }
        }
        let bytes = self.body(result, committed.commit, MilliUnits::default(), 0)?;
        if !self.admission.lease_valid() {
            return Err(CountRefusal::NoLease.into());
        }
        let status = StatusCode::from_u16(status).map_err(Problem::internal)?;
        let mut response = json(status, bytes);
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        Ok(response)
    }

    /// The write is done and counted, so bytes that cannot be counted are not a reason to refuse.
    fn send_write(self, status: StatusCode, bytes: Vec<u8>) -> Result<Response, Problem> {
        match self.admission.count(&[(Meter::EgressBytes, bytes.len() as u64)]) {
            Ok(()) | Err(CountRefusal::NotCounted) => Ok(json(status, bytes)),
            Err(refusal @ CountRefusal::NoLease) => Err(refusal.into()),
        }
    }

    fn body<T: Serialize>(
        &self,
        result: T,
        commit: Commit,
        milli_units: MilliUnits,
        embedding_tokens: u64,
    ) -> Result<Vec<u8>, Problem> {
        let receipt = Receipt {
            request_id: self.request_id,
            commit,
            milli_units,
            embedding_tokens,
            timing_ms: Timing::new(self.admission.elapsed(), self.engine, self.embed),
            tier: Tier::of(&self.io),
            storage: StorageCalls::of(&self.io),
        };
        let reply = DataReply { result, receipt };
        let written = || serde_json::to_vec(&reply);
        let written = if self.carries >= LARGE_REPLY { at_length(written) } else { written() };
        written.map_err(Problem::internal)
    }
}

fn json(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
