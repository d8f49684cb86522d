//! A condition is true at the commit of the request that came with it, wherever the record is and whoever else writes.

use std::sync::Arc;

use crate::support::held::{Held, Write};
use crate::support::*;
use agentdb_data_plane_engine::{
    Commit, Committed, Condition, Config, Filter, Include, Namespace, Operation, Patch, Record, Schema, Store, Value,
    WriteError, WriteMeta,
};

fn id(i: usize) -> String {
    record(i, 0).id
}

async fn try_write(ns: &Namespace, record: Record, condition: Condition) -> Result<Commit, WriteError> {
    let operation = Operation::upsert(DOCS, vec![record]).when(condition);
    ns.write_one(operation, WriteMeta::default()).await.map(|committed| committed.commit)
}

async fn commit_of(ns: &Namespace, i: usize) -> Option<Commit> {
    let stored = ns.fetch_stored(DOCS, &[id(i)], Include::ID).await.expect("fetch").value;
    stored[0].as_ref().map(|stored| stored.commit)
}

fn passes(filter: &str) -> Condition {
    Condition::Passes(Filter::parse(filter, &[], &schema()).expect("filter"))
}

/// Every condition, on record 1, which is there, and record 2, which is not. Leaves both as they were.
async fn check(ns: &Namespace) {
    let commit = commit_of(ns, 1).await.expect("there");
    let refused = async |i: usize, condition: Condition| match try_write(ns, record(i, 5), condition).await {
        Err(WriteError::ConditionFailed { id: told, commit, .. }) if told == id(i) => commit,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(1, Condition::Absent).await, Some(commit));
    assert_eq!(refused(1, Condition::Commit(commit - 1)).await, Some(commit));
    assert_eq!(refused(1, passes("metadata.n = 32")).await, Some(commit));
    assert_eq!(refused(2, Condition::Present).await, None);
    assert_eq!(refused(2, Condition::Commit(commit)).await, None);
    assert_eq!(refused(2, passes("topic IS NULL")).await, None);
    assert_eq!((commit_of(ns, 1).await, commit_of(ns, 2).await), (Some(commit), None));

    let written = try_write(ns, record(1, 0), Condition::Commit(commit)).await.expect("it is the commit");
    assert_eq!(commit_of(ns, 1).await, Some(written));
    try_write(ns, record(1, 0), Condition::Present).await.expect("it is there");
    try_write(ns, record(1, 0), passes("metadata.n = 31 AND topic IS NOT NULL")).await.expect("it passes");
    try_write(ns, record(2, 0), Condition::Absent).await.expect("it is not there");
    let gone = Operation::delete(DOCS, vec![id(2)]).when(Condition::Present);
    assert_eq!(ns.write_one(gone, WriteMeta::default()).await.expect("deleted").deleted, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_hold_in_the_memtable_folded_in_memory_streamed_and_after_a_restart() {
    for budget in [1 << 30, 0] {
        let objects = memory();
        let at = || Store::over(objects.clone(), budget);
        let ns = open(&at(), 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        ns.upsert(DOCS, (0..20).filter(|i| *i != 2).map(|i| record(i, 0)).collect(), WriteMeta::default())
            .await
            .expect("written");
        check(&ns).await;
        ns.fold().await.expect("fold");
        check(&ns).await;
        ns.fold().await.expect("fold");
        ns.close().await;
        let ns = open(&at(), 2).await;
        check(&ns).await;
        ns.close().await;
        let ns = open(&at(), 3).await;
        check(&ns).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_write_at_the_same_commit_one_wins_and_the_other_is_told_its_commit() {
    let held = Held::open(memory(), 1 << 30, config()).await;
    let ns = &held.ns;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let commit = ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written").commit;
    let write = |version| {
        let operation = Operation::upsert(DOCS, vec![record(1, version)]).when(Condition::Commit(commit));
        Box::pin(ns.write_one(operation, WriteMeta::default())) as _
    };
    let outcomes = held.together(vec![write(1), write(2)]).await;
    let won = outcomes[0].as_ref().expect("the first one").commit;
    let Err(WriteError::ConditionFailed { commit: told, .. }) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert_eq!(*told, Some(won));
    assert_eq!(ns.fetch(DOCS, &[id(1)], Include::ALL).await.expect("fetch").value, [Some(record(1, 1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commit_of_a_write_under_a_condition_is_that_of_no_other_write_of_the_record() {
    let held = Held::open(memory(), 1 << 30, config()).await;
    let ns = &held.ns;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let first = Operation::upsert(DOCS, vec![record(1, 0)]).when(Condition::Absent);
    let outcomes = held
        .together(vec![
            Box::pin(ns.write_one(first, WriteMeta::default())),
            Box::pin(ns.upsert(DOCS, vec![record(1, 1)], WriteMeta::default())),
            Box::pin(ns.upsert(DOCS, vec![record(2, 1)], WriteMeta::default())),
        ])
        .await;
    let commits: Vec<Commit> = outcomes.into_iter().map(|outcome| outcome.expect("written").commit).collect();
    assert!(commits[0] < commits[1], "the other write of the record waits for the next entry: {commits:?}");
    assert_eq!(commits[0], commits[2], "writes of other records do not");
    // Who trusts the commit of its own write does not overwrite the other one unseen.
    let mine = try_write(ns, record(1, 2), Condition::Commit(commits[0])).await;
    assert!(matches!(mine, Err(WriteError::ConditionFailed { .. })));
}

#[tokio::test]
async fn one_condition_refuses_the_whole_request() {
    let ns = open(&store(&memory()), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let commit = ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written").commit;
    let operations = |guard: Condition| {
        vec![
            Operation::upsert(DOCS, vec![record(5, 0)]).when(Condition::Absent),
            Operation::check(DOCS, vec![id(1)], guard),
            Operation::delete(DOCS, vec![id(1)]),
        ]
    };
    let refused = ns.write(operations(Condition::Commit(commit + 7)), usage(1, 1)).await;
    let Err(WriteError::InOperation { operation: 1, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((ns.count(DOCS, None).await.expect("count").value, ns.usage().len()), (1, 0));
    ns.write(operations(Condition::Commit(commit)), usage(1, 1)).await.expect("written");
    let left = ns.fetch(DOCS, &[id(1), id(5)], Include::ALL).await.expect("fetch").value;
    assert_eq!(left, [None, Some(record(5, 0))]);
}

/// Clients add one to a counter by reading it and writing it on condition that it is as it was read.
#[tokio::test(flavor = "multi_thread")]
async fn no_increment_is_lost_while_folds_move_the_record() {
    const CLIENTS: usize = 6;
    const ROUNDS: usize = 15;
    let objects = memory();
    let ns = open(&Store::over(objects, 0), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let counter = |n: i64| {
        let mut counter = record(1, 0);
        counter.attributes.insert("page".to_owned(), Value::Int(n));
        counter
    };
    ns.upsert(DOCS, vec![counter(0)], WriteMeta::default()).await.expect("written");
    let client = async |ns: Arc<Namespace>, number: usize| {
        for _ in 0..ROUNDS {
            loop {
                let stored = ns.fetch_stored(DOCS, &[id(1)], Include::ALL).await.expect("fetch").value.remove(0);
                let stored = stored.expect("there");
                let Value::Int(n) = stored.record.attributes["page"] else { panic!("a number") };
                // Half of them look at the number itself, for which the row must be read.
                let condition = if number.is_multiple_of(2) {
                    Condition::Commit(stored.commit)
                } else {
                    passes(&format!("page = {n}"))
                };
                let patch =
                    Patch { attributes: [("page".to_owned(), Some(Value::Int(n + 1)))].into(), ..Patch::default() };
                let operation = Operation::patch(DOCS, vec![(id(1), patch)]).when(condition);
                match ns.write_one(operation, WriteMeta::default()).await {
                    Ok(_) => break,
                    Err(WriteError::ConditionFailed { .. } | WriteError::Backpressure(_)) => {}
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
    let found = ns.fetch(DOCS, &[id(1)], Include::ALL).await.expect("fetch").value.remove(0);
    assert_eq!(found, Some(counter((CLIENTS * ROUNDS) as i64)));
}

/// A refusal that follows from a write which is not durable yet would tell of what may never have been.
#[tokio::test]
async fn nobody_is_refused_for_a_write_that_is_not_durable_yet() {
    // One that is held up, this one, and one more.
    let held = Held::open(memory(), 1 << 30, Config { max_collections: 3, ..config() }).await;
    let ns = &held.ns;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let absent = Operation::upsert(DOCS, vec![record(1, 1)]).when(Condition::Absent);
    let outcomes = after_the_first(
        &held,
        vec![
            Box::pin(ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default())),
            Box::pin(ns.write_one(absent, WriteMeta::default())),
        ],
    )
    .await;
    let commit = outcomes[0].as_ref().expect("written").commit;
    let Err(WriteError::ConditionFailed { commit: told, .. }) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert_eq!(*told, Some(commit));

    let other = Schema { text: None, ..schema() };
    let outcomes = after_the_first(
        &held,
        vec![
            Box::pin(ns.create_collection("new", schema(), WriteMeta::default())),
            Box::pin(ns.create_collection("new", other, WriteMeta::default())),
            Box::pin(ns.create_collection("more", schema(), WriteMeta::default())),
        ],
    )
    .await;
    assert!(outcomes[0].as_ref().expect("created").created);
    assert_eq!(outcomes[1], Err(WriteError::SchemaConflict));
    assert_eq!(outcomes[2], Err(WriteError::TooManyCollections { limit: 3 }));

    let outcomes = after_the_first(
        &held,
        vec![
            Box::pin(ns.drop_collection(DOCS, WriteMeta::default())),
            Box::pin(ns.upsert(DOCS, vec![record(2, 0)], WriteMeta::default())),
            Box::pin(ns.drop_collection(DOCS, WriteMeta::default())),
            Box::pin(ns.create_collection("more", schema(), WriteMeta::default())),
        ],
    )
    .await;
    assert_eq!(outcomes[0].as_ref().expect("dropped").deleted, 1);
    assert_eq!(outcomes[1], Err(WriteError::NoSuchCollection));
    assert_eq!(outcomes[2], Err(WriteError::NoSuchCollection));
    assert!(outcomes[3].as_ref().expect("there is room by now").created);
}

/// What becomes of writes that depend on the first of them: none is answered before it is durable.
async fn after_the_first<'a>(held: &'a Held, writes: Vec<Write<'a>>) -> Vec<Result<Committed, WriteError>> {
    let (mut writes, guard) = held.on_their_way(writes).await;
    for write in &mut writes {
        assert!(futures::poll!(write).is_pending(), "nobody knows yet what becomes of the first");
    }
    drop(guard);
    futures::future::join_all(writes).await
}
