//! A request of several operations is done at one commit or not at all, whatever collections it is about.

use crate::support::held::Held;
use crate::support::*;
use agentdb_data_plane_engine::{Action, Condition, Edit};
use agentdb_data_plane_engine::{
    Config, Filter, Idempotency, Include, Metered, Missing, Namespace, Operation, Patch, SchemaMismatch, Value,
    WriteError, WriteMeta,
};

const NOTES: &str = "notes";

async fn create(ns: &Namespace) {
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.create_collection(NOTES, schema(), WriteMeta::default()).await.expect("created");
}

async fn ids(ns: &Namespace, collection: &str) -> Vec<String> {
    let page = ns.scan(collection, None, None, 1000, Include::ID).await.expect("scan").value;
    page.records.into_iter().map(|record| record.id).collect()
}

fn id(i: usize) -> String {
    record(i, 0).id
}

fn topic(topic: &str) -> Patch {
    let attributes = [("topic".to_owned(), Some(Value::String(topic.to_owned())))];
    Patch { attributes: attributes.into(), ..Patch::default() }
}

#[tokio::test]
async fn operations_on_several_collections_are_one_entry_and_survive_together() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    create(&ns).await;
    ns.upsert(NOTES, vec![record(9, 0)], WriteMeta::default()).await.expect("written");
    let before = ns.stats();
    let operations = vec![
        Operation::upsert(DOCS, vec![record(1, 0), record(2, 0)]),
        Operation::upsert(NOTES, vec![record(3, 0)]),
        Operation::delete(NOTES, vec![id(9), id(8)]),
        Operation::patch(DOCS, vec![(id(1), topic("patched"))]),
    ];
    let committed = ns.write(operations, usage(1, 7)).await.expect("written");
    assert_eq!((committed.commit, committed.deleted, committed.patched), (before.commit + 1, 1, 1));
    assert_eq!((ns.stats().entries, ns.stats().writes), (before.entries + 1, before.writes + 1));
    for reopened in [false, true] {
        let ns = if reopened { open(&store(&objects), 2).await } else { ns.clone() };
        assert_eq!(ids(&ns, DOCS).await, [id(1), id(2)]);
        assert_eq!(ids(&ns, NOTES).await, [id(3)]);
        let stored = ns.fetch_stored(DOCS, &[id(1)], Include::ALL).await.expect("fetch").value;
        let stored = stored[0].as_ref().expect("there");
        assert_eq!(stored.record.attributes["topic"], Value::String("patched".to_owned()));
        assert_eq!((stored.commit, ns.usage()[0].1), (committed.commit, 7));
        if !reopened {
            ns.close().await;
        }
    }
}

#[tokio::test]
async fn one_bad_operation_refuses_all_and_says_which() {
    let ns = open(&store(&memory()), 1).await;
    create(&ns).await;
    let commit = ns.commit();
    let refused = async |second: Operation| {
        let operations = vec![Operation::upsert(DOCS, vec![record(1, 0)]), second];
        match ns.write(operations, usage(1, 1)).await {
            Err(WriteError::InOperation { operation: 1, error }) => *error,
            other => panic!("{other:?}"),
        }
    };
    let mut wrong = record(2, 0);
    wrong.attributes.insert("page".to_owned(), Value::Bool(true));
    let mismatch = refused(Operation::upsert(NOTES, vec![record(3, 0), wrong])).await;
    let WriteError::SchemaMismatch(SchemaMismatch { record: at, field, .. }) = mismatch else { panic!("{mismatch}") };
    assert_eq!((at, field.as_str()), (1, "attributes.page"));
    assert_eq!(refused(Operation::delete("nowhere", vec![id(1)])).await, WriteError::NoSuchCollection);
    assert_eq!(
        refused(Operation::patch(NOTES, vec![(id(1), topic("x"))])).await,
        WriteError::NoSuchRecord { id: id(1) }
    );
    let absent = Operation::check(DOCS, vec![id(7)], Condition::Present);
    assert!(matches!(refused(absent).await, WriteError::ConditionFailed { commit: None, .. }));
    let nothing = refused(Operation::patch(DOCS, vec![(id(1), Patch::default())])).await;
    assert!(matches!(nothing, WriteError::SchemaMismatch(SchemaMismatch { field, .. }) if field == "patch"));
    assert_eq!((ns.commit(), ids(&ns, DOCS).await.len(), ns.usage().len()), (commit, 0, 0), "nothing was done");
}

#[tokio::test]
async fn later_operations_see_what_earlier_ones_did() {
    let ns = open(&store(&memory()), 1).await;
    create(&ns).await;
    let filter = Filter::parse("topic = 'second'", &[], &schema()).expect("filter");
    let operations = vec![
        Operation::check(DOCS, vec![id(1)], Condition::Absent),
        Operation::upsert(DOCS, vec![record(1, 0), record(2, 0)]),
        Operation::check(DOCS, vec![id(1), id(2)], Condition::Present),
        Operation::patch(DOCS, vec![(id(1), topic("first")), (id(2), topic("first"))]),
        Operation::patch(DOCS, vec![(id(2), Patch { text: Edit::Remove, ..topic("second") })]),
        Operation::new(DOCS, Action::DeleteWhere { filter, limit: 10 }),
        Operation::check(DOCS, vec![id(2)], Condition::Absent),
        Operation::new(DOCS, Action::Patch { patches: vec![(id(2), topic("x"))], missing: Missing::Skip }),
    ];
    let committed = ns.write(operations, WriteMeta::default()).await.expect("written");
    assert_eq!((committed.patched, committed.deleted, committed.missing, committed.more), (3, 1, 1, false));
    let found = ns.fetch(DOCS, &[id(1), id(2)], Include::ALL).await.expect("fetch").value;
    let mut first = record(1, 0);
    first.attributes.insert("topic".to_owned(), Value::String("first".to_owned()));
    assert_eq!(found, [Some(first), None]);
    assert_eq!(ns.logical_bytes_of(DOCS), Some(found[0].as_ref().expect("there").logical_bytes()));
}

#[tokio::test]
async fn what_a_request_may_name_is_bounded() {
    let limit = 20_000;
    let objects = memory();
    let config = Config { max_entry_bytes: limit, ..config() };
    let ns = Namespace::open(&store(&objects), PREFIX, writer(1), config, environment(1)).await.expect("opens");
    create(&ns).await;
    let refused = async |operations| ns.write(operations, WriteMeta::default()).await.expect_err("refused");
    let named = |n: usize| Operation::delete(DOCS, (0..n).map(id).collect());
    assert!(matches!(refused(vec![]).await, WriteError::BadRequest { field: "operations", .. }));
    let error = refused(vec![named(600), named(600)]).await;
    assert!(matches!(error, WriteError::BadRequest { field: "operations", .. }), "{error}");
    let error = refused(vec![named(1), named(1_001)]).await;
    assert_eq!(error.to_string(), "operation 1: ids: must hold 1 to 1000, not 1001");
    let filter = || Filter::parse("page = 1", &[], &schema()).expect("filter");
    let by_filter = |limit| Operation::new(DOCS, Action::DeleteWhere { filter: filter(), limit });
    let error = refused(vec![by_filter(0)]).await;
    assert_eq!(error.to_string(), "operation 0: limit: must be 1 to 1000, not 0");
    assert!(matches!(refused((0..9).map(|_| by_filter(1)).collect()).await, WriteError::BadRequest { .. }));
    assert!(matches!(refused(vec![by_filter(1).when(Condition::Present)]).await, WriteError::InOperation { .. }));

    // Each fits alone. Patched rows count whole, for whole rows go into the log.
    let large = |i| agentdb_data_plane_engine::Record { text: Some("fox ".repeat(1_500)), ..record(i, 0) };
    for i in 0..4 {
        ns.upsert(DOCS, vec![large(i)], WriteMeta::default()).await.expect("written");
    }
    let upserts = (0..4).map(|i| Operation::upsert(NOTES, vec![large(i)])).collect();
    assert!(matches!(refused(upserts).await, WriteError::TooLarge { bytes, limit: 20_000 } if bytes > 24_000));
    let patches = Operation::patch(DOCS, (0..4).map(|i| (id(i), topic("x"))).collect());
    let WriteError::InOperation { error, .. } = refused(vec![patches]).await else { panic!("not numbered") };
    assert!(matches!(*error, WriteError::TooLarge { .. }), "{error}");
    let passing = |i| Operation::delete(DOCS, vec![id(i)]).when(Condition::Passes(filter()));
    let WriteError::InOperation { operation, error } = refused((0..4).map(passing).collect()).await else {
        panic!("not numbered")
    };
    assert!(operation == 3 && matches!(*error, WriteError::TooLarge { .. }), "rows to look at count too: {error}");
    let patches = Operation::patch(DOCS, (0..3).map(|i| (id(i), topic("x"))).collect());
    assert_eq!(ns.write(vec![patches], WriteMeta::default()).await.expect("written").patched, 3);
}

#[tokio::test]
async fn what_a_request_costs_is_decided_by_what_it_changed_and_counted_once() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    create(&ns).await;
    let filter = |text: &str| Filter::parse(text, &[], &schema()).expect("filter");
    let metered = |idempotency| WriteMeta {
        metered: Some(Metered {
            key: uuid::Uuid::from_u128(1),
            meter: "write".to_owned(),
            hour: 500_000,
            at_least: 2_000,
            each_delete: 250,
            each_step: 1_000,
            step_bytes: 4_096,
        }),
        idempotency,
        ..WriteMeta::default()
    };
    // Two steps each, for the whole record is written.
    let large = |i| agentdb_data_plane_engine::Record { text: Some("fox ".repeat(1_500)), ..record(i, 0) };
    let cost = async |operation: Operation, idempotency| {
        ns.write_one(operation, metered(idempotency)).await.expect("written").metered
    };
    assert_eq!(cost(Operation::upsert(DOCS, (0..20).map(large).collect()), None).await, 40_000);
    assert_eq!(cost(Operation::patch(DOCS, vec![(id(1), topic("x")), (id(2), topic("x"))]), None).await, 4_000);
    assert_eq!(cost(Operation::delete(DOCS, vec![id(0)]), None).await, 2_000, "the least");
    let patch = || Action::PatchWhere { filter: filter("topic = 'x'"), patch: topic("y"), limit: 100 };
    assert_eq!(cost(Operation::new(DOCS, patch()), None).await, 4_000);
    assert_eq!(cost(Operation::new(DOCS, patch()), None).await, 2_000, "none passes");
    let once = || Idempotency { scope_key: [1; 32], request_hash: [1; 32], answer: bytes::Bytes::from_static(b"a") };
    let delete = || Operation::new(DOCS, Action::DeleteWhere { filter: filter("id >= ''"), limit: 100 });
    assert_eq!(cost(delete(), Some(once())).await, 19 * 250);
    assert_eq!(cost(delete(), Some(once())).await, 19 * 250, "the answer of then");
    let all = 40_000 + 4_000 + 2_000 + 4_000 + 2_000 + 19 * 250;
    assert_eq!(ns.usage()[0].1, all);
    ns.close().await;
    assert_eq!(open(&store(&objects), 2).await.usage()[0].1, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refused_request_began_is_seen_by_no_other_of_its_entry() {
    let held = Held::open(memory(), 1 << 30, config()).await;
    let ns = &held.ns;
    create(ns).await;
    let refused =
        vec![Operation::upsert(DOCS, vec![record(5, 0)]), Operation::check(DOCS, vec![id(9)], Condition::Present)];
    let outcomes = held
        .together(vec![
            Box::pin(ns.write(refused, WriteMeta::default())),
            Box::pin(ns.delete(DOCS, vec![id(5)], WriteMeta::default())),
        ])
        .await;
    assert!(matches!(outcomes[0], Err(WriteError::InOperation { operation: 1, .. })), "{outcomes:?}");
    assert_eq!(outcomes[1].as_ref().expect("deleted").deleted, 0);
}
