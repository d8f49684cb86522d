//! A patch changes the parts that it names and keeps the rest, as the record is at the commit.

use std::sync::Arc;

use crate::support::held::Held;
use crate::support::*;
use agentdb_data_plane_engine::{
    Action, DEFAULT_VECTOR, Edit, Idempotency, Include, Missing, Mode, Namespace, Operation, Patch, Query, Record,
    SchemaMismatch, Store, Value, WriteError, WriteMeta,
};
use bytes::Bytes;
use serde_json::json;

fn id(i: usize) -> String {
    record(i, 0).id
}

async fn patch(ns: &Namespace, i: usize, patch: Patch) -> Result<u64, WriteError> {
    let operation = Operation::patch(DOCS, vec![(id(i), patch)]);
    ns.write_one(operation, WriteMeta::default()).await.map(|committed| committed.patched)
}

async fn read(ns: &Namespace, i: usize) -> Record {
    ns.fetch(DOCS, &[id(i)], Include::ALL).await.expect("fetch").value.remove(0).expect("there")
}

fn attribute(name: &str, value: Option<Value>) -> Patch {
    Patch { attributes: [(name.to_owned(), value)].into(), ..Patch::default() }
}

/// Patches each part of record `i`, which is as it was written first.
async fn check(ns: &Namespace, i: usize) {
    let mut expected = record(i, 0);
    assert_eq!(read(ns, i).await, expected);
    let change = Patch {
        attributes: [
            ("topic".to_owned(), None),
            ("page".to_owned(), Some(Value::Int(77))),
            ("tags".to_owned(), Some(Value::StringList(vec!["new".to_owned()]))),
        ]
        .into(),
        ..Patch::default()
    };
    assert_eq!(patch(ns, i, change).await, Ok(1));
    expected.attributes.remove("topic");
    expected.attributes.insert("page".to_owned(), Value::Int(77));
    expected.attributes.insert("tags".to_owned(), Value::StringList(vec!["new".to_owned()]));
    assert_eq!(read(ns, i).await, expected);

    let change = Patch { metadata: Some(json!({"n": null, "source": {"at": 1.1}, "list": [1]})), ..Patch::default() };
    assert_eq!(patch(ns, i, change).await, Ok(1));
    let kind = if i.is_multiple_of(2) { "draft" } else { "final" };
    expected.metadata = Some(json!({"source": {"kind": kind, "at": 1.1}, "list": [1]}));
    assert_eq!(read(ns, i).await, expected);

    let vector = vec![0.0, 0.0, 0.0, 1.0];
    let change = Patch {
        vectors: [(DEFAULT_VECTOR.to_owned(), Some(vector.clone()))].into(),
        text: Edit::Set(format!("zebra{i}")),
        ..Patch::default()
    };
    assert_eq!(patch(ns, i, change).await, Ok(1));
    expected.vectors.insert(DEFAULT_VECTOR.to_owned(), vector);
    expected.text = Some(format!("zebra{i}"));
    assert_eq!(read(ns, i).await, expected);
    let found = ns.query(DOCS, Query::new(Mode::Text { text: format!("zebra{i}") }, 5)).await.expect("query").value;
    assert_eq!(found.iter().map(|hit| hit.record.id.clone()).collect::<Vec<_>>(), [id(i)]);

    let change = Patch { text: Edit::Remove, metadata: Some(json!(null)), ..Patch::default() };
    assert_eq!(patch(ns, i, change).await, Ok(1));
    (expected.text, expected.metadata) = (None, None);
    assert_eq!(read(ns, i).await, expected);
    let found = ns.query(DOCS, Query::new(Mode::Text { text: format!("zebra{i}") }, 5)).await.expect("query").value;
    assert!(found.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_not_named_stay_wherever_the_record_is() {
    for budget in [1 << 30, 0] {
        let objects = memory();
        let at = || Store::over(objects.clone(), budget);
        let ns = open(&at(), 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        ns.upsert(DOCS, (0..30).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
        check(&ns, 1).await;
        ns.fold().await.expect("fold");
        check(&ns, 2).await;
        check(&ns, 16).await;
        ns.close().await;
        let ns = open(&at(), 2).await;
        check(&ns, 3).await;
        ns.fold().await.expect("fold");
        check(&ns, 4).await;
        let all = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
        assert_eq!(all.len(), 30);
        assert_eq!(ns.logical_bytes_of(DOCS), Some(all.iter().map(Record::logical_bytes).sum()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_of_different_parts_in_one_entry_both_survive() {
    for budget in [1 << 30, 0] {
        let held = Held::open(memory(), budget, config()).await;
        let ns = &held.ns;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        let outcomes = held
            .together(vec![
                Box::pin(patch_it(ns, attribute("page", Some(Value::Int(5))))),
                Box::pin(patch_it(ns, attribute("topic", None))),
            ])
            .await;
        let commits: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("written").commit).collect();
        assert_eq!(commits[0], commits[1], "one entry");
        let mut expected = record(1, 0);
        expected.attributes.insert("page".to_owned(), Value::Int(5));
        expected.attributes.remove("topic");
        assert_eq!(read(ns, 1).await, expected);
    }
}

fn patch_it(
    ns: &Namespace,
    patch: Patch,
) -> impl Future<Output = Result<agentdb_data_plane_engine::Committed, WriteError>> + Send + '_ {
    ns.write_one(Operation::patch(DOCS, vec![(id(1), patch)]), WriteMeta::default())
}

/// Each client changes a member of its own of one record's metadata, while folds move the record between what is in
/// memory and what must be read.
#[tokio::test(flavor = "multi_thread")]
async fn no_patch_is_lost_while_folds_move_the_record() {
    const CLIENTS: usize = 8;
    const ROUNDS: usize = 25;
    let ns = open(&Store::over(memory(), 0), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, vec![Record { metadata: None, ..record(1, 0) }], WriteMeta::default()).await.expect("written");
    let client = async |ns: Arc<Namespace>, number: usize| {
        for round in 0..ROUNDS {
            let change = Patch { metadata: Some(json!({format!("c{number}"): round})), ..Patch::default() };
            loop {
                match patch(&ns, 1, change.clone()).await {
                    Ok(patched) => break assert_eq!(patched, 1),
                    Err(WriteError::Backpressure(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }
    };
    let clients: Vec<_> = (0..CLIENTS).map(|number| client(Arc::clone(&ns), number)).collect();
    let folds = async {
        loop {
            ns.fold().await.expect("fold");
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = futures::future::join_all(clients) => {}
        () = folds => {}
    }
    let members = (0..CLIENTS).map(|number| (format!("c{number}"), json!(ROUNDS - 1)));
    assert_eq!(read(&ns, 1).await.metadata, Some(members.collect::<serde_json::Map<_, _>>().into()));
}

#[tokio::test]
async fn ids_without_a_record_are_refused_or_left_out_and_counted_also_in_a_replay() {
    let ns = open(&store(&memory()), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    let operation = |missing| {
        let patches = [1, 2, 3].map(|i| (id(i), attribute("page", None))).into();
        Operation::new(DOCS, Action::Patch { patches, missing })
    };
    let refused = ns.write_one(operation(Missing::Refuse), usage(1, 1)).await;
    assert_eq!(refused, Err(WriteError::NoSuchRecord { id: id(2) }));
    assert_eq!(read(&ns, 1).await, record(1, 0));
    let meta = || WriteMeta {
        idempotency: Some(Idempotency { scope_key: [1; 32], request_hash: [1; 32], answer: Bytes::from_static(b"a") }),
        ..usage(1, 1)
    };
    let first = ns.write_one(operation(Missing::Skip), meta()).await.expect("written");
    assert_eq!((first.patched, first.missing, first.replayed.is_some()), (1, 2, false));
    let again = ns.write_one(operation(Missing::Skip), meta()).await.expect("replayed");
    assert_eq!((again.commit, again.patched, again.missing, again.replayed.is_some()), (first.commit, 1, 2, true));
    assert_eq!(ns.usage()[0].1, 1);
}

#[tokio::test]
async fn what_does_not_fit_the_collection_is_refused_with_its_field() {
    let ns = open(&store(&memory()), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let big = json!({"a": "x".repeat(200_000)});
    ns.upsert(DOCS, vec![Record { metadata: Some(big), ..record(1, 0) }], WriteMeta::default()).await.expect("written");
    let refused = async |change: Patch| match patch(&ns, 1, change).await {
        Err(WriteError::SchemaMismatch(SchemaMismatch { record: 0, field, .. })) => field,
        other => panic!("{other:?}"),
    };
    let vector = |name: &str, vector| Patch { vectors: [(name.to_owned(), vector)].into(), ..Patch::default() };
    assert_eq!(refused(vector(DEFAULT_VECTOR, Some(vec![1.0]))).await, "vector");
    assert_eq!(refused(vector(DEFAULT_VECTOR, None)).await, "vectors");
    assert_eq!(refused(vector("image", None)).await, "vectors.image");
    assert_eq!(refused(attribute("page", Some(Value::Bool(true)))).await, "attributes.page");
    assert_eq!(refused(attribute("nothing", None)).await, "attributes.nothing");
    let metadata = json!({"b": "x".repeat(100_000)});
    assert_eq!(refused(Patch { metadata: Some(metadata), ..Patch::default() }).await, "metadata");
    assert_eq!(refused(Patch::default()).await, "patch");
    let twice = Operation::patch(DOCS, vec![(id(1), attribute("page", None)), (id(1), attribute("topic", None))]);
    let twice = ns.write_one(twice, WriteMeta::default()).await;
    assert!(matches!(twice, Err(WriteError::SchemaMismatch(SchemaMismatch { record: 1, .. }))));
}

/// The folded row that a patch has read is written anew, and folded again, before the patch is queued.
#[tokio::test]
async fn a_row_that_was_replaced_since_it_was_read_is_read_again() {
    for budget in [1 << 30, 0] {
        let ns = open(&Store::over(memory(), budget), 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        let mut waiting = Box::pin(patch_it(&ns, attribute("page", Some(Value::Int(77)))));
        assert!(futures::poll!(&mut waiting).is_pending(), "it reads, or waits for the log");
        let replaced = ns.upsert(DOCS, vec![record(1, 3)], WriteMeta::default()).await.expect("written").commit;
        ns.fold().await.expect("fold");
        let patched = waiting.await.expect("written").commit;
        // A row in memory need not be read, so its patch may have been the first of the two.
        assert!(patched > replaced || budget > 0, "{patched} and {replaced}");
        let mut expected = record(1, 3);
        if patched > replaced {
            expected.attributes.insert("page".to_owned(), Value::Int(77));
        }
        assert_eq!(read(&ns, 1).await, expected);
    }
}

/// A thread of the runtime that looked through megabytes of text would serve nobody else meanwhile.
#[test]
fn long_texts_are_analysed_off_the_async_threads() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.expect("a runtime").block_on(async {
        let ns = open(&store(&memory()), 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        ns.upsert(DOCS, (0..4).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
        let patches = |rows: std::ops::Range<usize>, text: &str| {
            let patch = Patch { text: Edit::Set(text.to_owned()), ..Patch::default() };
            let patches = rows.map(|i| (id(i), patch.clone())).collect();
            Box::pin(ns.write_one(Operation::patch(DOCS, patches), WriteMeta::default()))
        };
        // The one thread for such work is taken.
        let (release, taken) = std::sync::mpsc::channel::<()>();
        let taken = tokio::task::spawn_blocking(move || taken.recv().is_err());
        // Two that are long together.
        let (mut long, mut short) = (patches(0..2, &"fox ".repeat(10_000)), patches(2..4, "fox"));
        assert!(futures::poll!(&mut long).is_pending());
        assert_eq!(ns.stats().waiting, 0, "it is not analysed yet");
        assert!(futures::poll!(&mut short).is_pending());
        assert_eq!(ns.stats().waiting, 1, "it waits for the log");
        drop(release);
        assert!(taken.await.expect("no panic"));
        assert_eq!(long.await.expect("written").patched, 2);
        assert_eq!(short.await.expect("written").patched, 2);
        assert_eq!(read(&ns, 1).await.text, Some("fox ".repeat(10_000)));
    });
}
