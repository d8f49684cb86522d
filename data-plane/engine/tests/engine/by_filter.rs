//! Records are removed and patched by filter: a bounded number a request, exactly those that pass at its commit.

use std::collections::BTreeMap;

use crate::support::held::Held;
use crate::support::*;
use agentdb_data_plane_engine::{
    Action, Committed, Config, Edit, Filter, Include, Namespace, Operation, Patch, Record, Store, Value, WriteError,
    WriteMeta,
};

fn filter(text: &str) -> Filter {
    Filter::parse(text, &[], &schema()).expect("filter")
}

fn delete_where(text: &str, limit: usize) -> Operation {
    Operation::new(DOCS, Action::DeleteWhere { filter: filter(text), limit })
}

fn with_page(i: usize, page: i64) -> Record {
    let mut record = record(i, 0);
    record.attributes.insert("page".to_owned(), Value::Int(page));
    record
}

fn to_page(page: i64) -> Patch {
    Patch { attributes: [("page".to_owned(), Some(Value::Int(page)))].into(), ..Patch::default() }
}

async fn all(ns: &Namespace) -> Vec<Record> {
    ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records
}

async fn write(ns: &Namespace, operation: Operation) -> Committed {
    ns.write_one(operation, WriteMeta::default()).await.expect("written")
}

async fn fill(ns: &Namespace, rows: &BTreeMap<String, Record>) {
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let rows: Vec<Record> = rows.values().cloned().collect();
    let half = rows.len() / 2;
    ns.upsert(DOCS, rows[..half].to_vec(), WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, rows[half..].to_vec(), WriteMeta::default()).await.expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_on_until_none_passes_in_memory_and_streamed() {
    for budget in [1 << 30, 0] {
        let ns = open(&Store::over(memory(), budget), 1).await;
        let mut rows: BTreeMap<String, Record> =
            (0..90).map(|i| (record(i, 0).id, with_page(i, (i % 3) as i64))).collect();
        fill(&ns, &rows).await;
        let mut rounds = Vec::new();
        loop {
            let done = write(&ns, delete_where("page = 1", 12)).await;
            let gone: Vec<String> = rows
                .values()
                .filter(|r| r.attributes["page"] == Value::Int(1))
                .take(12)
                .map(|r| r.id.clone())
                .collect();
            gone.iter().for_each(|id| {
                rows.remove(id);
            });
            assert_eq!(all(&ns).await, rows.values().cloned().collect::<Vec<_>>(), "the first by id");
            rounds.push((done.deleted, done.more));
            if !done.more {
                break;
            }
        }
        assert_eq!(rounds, [(12, true), (12, true), (6, false)]);
        let patched =
            Operation::new(DOCS, Action::PatchWhere { filter: filter("page = 2"), patch: to_page(9), limit: 30 });
        let done = write(&ns, patched).await;
        assert_eq!((done.patched, done.missing, done.more), (30, 0, false), "as many as the limit, and no more");
        for row in rows.values_mut().filter(|r| r.attributes["page"] == Value::Int(2)) {
            row.attributes.insert("page".to_owned(), Value::Int(9));
        }
        assert_eq!(all(&ns).await, rows.values().cloned().collect::<Vec<_>>());
        ns.fold().await.expect("fold");
        assert_eq!(all(&ns).await, rows.values().cloned().collect::<Vec<_>>());
        let commit = ns.commit();
        let nothing = write(&ns, delete_where("page = 1", 12)).await;
        assert_eq!((nothing.deleted, nothing.more, nothing.commit), (0, false, commit), "nothing to write");
    }
}

/// Writes that come before it in the same entry, and in an entry before it, change what passes.
#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_decided_at_the_commit() {
    for (budget, max_entry_bytes) in [(1 << 30, 1 << 20), (0, 1 << 20), (1 << 30, 1_300), (0, 1_300)] {
        let held = Held::open(memory(), budget, Config { max_entry_bytes, ..config() }).await;
        let ns = &held.ns;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        for i in 0..6 {
            ns.upsert(DOCS, vec![with_page(i, (i % 2) as i64)], WriteMeta::default()).await.expect("written");
        }
        ns.fold().await.expect("fold");
        let upsert = |row: Record| Box::pin(ns.upsert(DOCS, vec![row], WriteMeta::default())) as _;
        let outcomes = held
            .together(vec![
                upsert(with_page(7, 1)),
                upsert(with_page(1, 0)),
                Box::pin(ns.delete(DOCS, vec![record(3, 0).id], WriteMeta::default())),
                upsert(with_page(2, 1)),
                Box::pin(ns.write_one(delete_where("page = 1", 10), WriteMeta::default())),
                upsert(with_page(8, 1)),
            ])
            .await;
        let outcomes: Vec<Committed> = outcomes.into_iter().map(|outcome| outcome.expect("written")).collect();
        let one_entry = outcomes[0].commit == outcomes[4].commit;
        assert_eq!(one_entry, max_entry_bytes > 10_000, "{outcomes:?}");
        assert_eq!((outcomes[4].deleted, outcomes[4].more), (3, false), "2, 5 and 7; 3 was gone, 1 passes no more");
        let left: Vec<String> = all(ns).await.into_iter().map(|row| row.id).collect();
        assert_eq!(left, [0, 1, 4, 8].map(|i| record(i, 0).id));
    }
}

/// A client empties the collection by filter while others fill it and folds run: each record that was written goes
/// once, and is counted once.
#[tokio::test(flavor = "multi_thread")]
async fn every_record_is_removed_once_while_others_write_and_folds_run() {
    for budget in [1 << 30, 0] {
        let ns = open(&Store::over(memory(), budget), 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        let fill = async {
            for i in 0..40 {
                let rows = (0..5).map(|k| with_page(i * 5 + k, 1)).collect();
                ns.upsert(DOCS, rows, WriteMeta::default()).await.expect("written");
            }
        };
        let mut removed = 0;
        let empty = async {
            while removed < 200 {
                match ns.write_one(delete_where("page = 1", 7), WriteMeta::default()).await {
                    Ok(done) => removed += done.deleted,
                    Err(WriteError::Backpressure(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        };
        let folds = async {
            loop {
                ns.fold().await.expect("fold");
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = futures::future::join(fill, empty) => {}
            () = folds => {}
        }
        assert_eq!((removed, ns.count(DOCS, None).await.expect("count").value), (200, 0));
    }
}

#[tokio::test]
async fn rows_that_would_not_fit_an_entry_are_refused_with_the_way_out() {
    let config = Config { max_entry_bytes: 10_000, ..config() };
    let ns = Namespace::open(&store(&memory()), PREFIX, writer(1), config, environment(1)).await.expect("opens");
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    for i in 0..4 {
        let row = Record { text: Some("fox ".repeat(1_000)), ..with_page(i, 1) };
        ns.upsert(DOCS, vec![row], WriteMeta::default()).await.expect("written");
    }
    let patch =
        |limit| Operation::new(DOCS, Action::PatchWhere { filter: filter("page = 1"), patch: to_page(2), limit });
    let refused = ns.write_one(patch(4), WriteMeta::default()).await;
    assert!(matches!(refused, Err(WriteError::TooLarge { .. })), "{refused:?}");
    let done = write(&ns, patch(2)).await;
    assert_eq!((done.patched, done.more), (2, true));
    assert!(!write(&ns, patch(2)).await.more);
    // To remove them takes only their ids.
    assert_eq!(write(&ns, delete_where("page = 2", 4)).await.deleted, 4);
}

/// Nothing passes when the request is queued, and many rows are written before it in its entry. Of the large rows that
/// it would make of them no more than fit an entry are ever made: the refusal tells how far it went.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_pass_only_at_the_commit_are_made_until_the_entry_is_full_and_no_further() {
    const LIMIT: usize = 20_000;
    const TEXT: usize = 4_000;
    let held = Held::open(memory(), 1 << 30, Config { max_entry_bytes: LIMIT, ..config() }).await;
    let ns = &held.ns;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let rows: Vec<Record> = (0..20).map(|i| with_page(i, 1)).collect();
    let patch = Patch { text: Edit::Set("fox ".repeat(TEXT / 4)), ..Patch::default() };
    let patch = Operation::new(DOCS, Action::PatchWhere { filter: filter("page = 1"), patch, limit: 1_000 });
    let outcomes = held
        .together(vec![
            Box::pin(ns.upsert(DOCS, rows.clone(), WriteMeta::default())),
            Box::pin(ns.write_one(patch, WriteMeta::default())),
        ])
        .await;
    outcomes[0].as_ref().expect("written");
    let Err(WriteError::TooLarge { bytes, limit: LIMIT }) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert!((LIMIT + 1..LIMIT + 2 * TEXT).contains(bytes), "{bytes} bytes, of {} in all", rows.len() * TEXT);
    assert_eq!(all(ns).await, rows, "nothing was done");
}
