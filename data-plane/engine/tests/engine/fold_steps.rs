//! A fold that dies at any call of the store, before or after the call did its work, loses nothing and
//! leaves nothing that was deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::faulty::{Faulty, Rates};
use crate::support::*;
use agentdb_data_plane_engine::{Include, Namespace, Record, Store, WriteMeta};
use object_store::ObjectStore;
use object_store::memory::InMemory;

/// Calls tried at the same time.
const BATCH: u64 = 8;

async fn prepare(objects: &Arc<dyn ObjectStore>) -> BTreeMap<String, Record> {
    let ns = open(&store(objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.create_collection("other", schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..30).map(|i| record(i, 0)).collect(), usage(1, 1)).await.expect("written");
    ns.fold().await.expect("fold");
    ns.upsert(DOCS, (10..20).map(|i| record(i, 1)).collect(), usage(1, 1)).await.expect("written");
    ns.upsert("other", (0..5).map(|i| record(i, 2)).collect(), usage(1, 1)).await.expect("written");
    ns.delete(DOCS, (0..5).map(|i| record(i, 0).id).collect(), usage(1, 1)).await.expect("deleted");
    ns.close().await;
    let rows = (5..30).map(|i| if (10..20).contains(&i) { record(i, 1) } else { record(i, 0) });
    rows.map(|r| (r.id.clone(), r)).collect()
}

async fn check(ns: &Namespace, rows: &BTreeMap<String, Record>, what: &str) {
    let found = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value.records;
    assert_eq!(found, rows.values().cloned().collect::<Vec<_>>(), "{what}");
    assert_eq!(ns.count("other", None).await.expect("count").value, 5, "{what}");
    let bytes: u64 = rows.values().map(Record::logical_bytes).sum();
    assert_eq!(ns.logical_bytes_of(DOCS), Some(bytes), "{what}");
    assert_eq!(ns.usage()[0].1, 4, "{what}");
}

/// Dies at the `call`th call of a fold, then checks what the next owners find. False when the fold was done
/// before it could die.
async fn die_at(objects: Arc<dyn ObjectStore>, rows: Arc<BTreeMap<String, Record>>, call: u64, worked: bool) -> bool {
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), u64::from(worked), Rates::default()));
    let dying = open(&Store::over(faulty.clone(), 1 << 30), 2).await;
    faulty.crash_in(call);
    let folded = dying.fold().await;
    let dead = faulty.is_dead();
    drop(dying);
    assert!(dead || folded.is_ok(), "a fold with a healthy store succeeds");
    let what = format!("died at call {call}, {}", if worked { "after it worked" } else { "before it worked" });
    let ns = open(&store(&objects), 3).await;
    check(&ns, &rows, &what).await;
    ns.fold().await.expect("fold");
    check(&ns, &rows, &what).await;
    ns.close().await;
    let ns = open(&store(&objects), 4).await;
    check(&ns, &rows, &what).await;
    ns.close().await;
    dead
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_steps_of_a_fold() {
    let prepared = Arc::new(InMemory::new());
    let rows = Arc::new(prepare(&(Arc::clone(&prepared) as Arc<dyn ObjectStore>)).await);
    let mut first = 1;
    let mut deaths = 0;
    loop {
        // Side by side, for a dying fold mostly waits for a store that is gone.
        let runs = (first..first + BATCH).flat_map(|call| [(call, false), (call, true)]).map(|(call, worked)| {
            let objects: Arc<dyn ObjectStore> = Arc::new(prepared.fork());
            tokio::spawn(die_at(objects, Arc::clone(&rows), call, worked))
        });
        let runs: Vec<_> = runs.collect();
        let mut died = 0;
        for run in runs {
            died += u64::from(run.await.expect("every check holds"));
        }
        deaths += died;
        if died < 2 * BATCH {
            break;
        }
        first += BATCH;
    }
    assert!(deaths > 20, "a fold has many steps to die at; this one had {deaths}");
    println!("{deaths} deaths");
}
