//! A fold that dies at any call of the store, before or after the call did its work, loses nothing and
//! leaves nothing that was deleted.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use agentdb_data_plane_engine::{Include, Namespace, Record, Store, WriteMeta};
use object_store::ObjectStore;
use support::faulty::{Faulty, Rates};
use support::*;

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
    let found = ns.scan(DOCS, None, None, 1000, Include::ALL).await.expect("scan").value;
    assert_eq!(found, rows.values().cloned().collect::<Vec<_>>(), "{what}");
    assert_eq!(ns.count("other", None).await.expect("count").value, 5, "{what}");
    let bytes: u64 = rows.values().map(Record::logical_bytes).sum();
    assert_eq!(ns.logical_bytes_of(DOCS), Some(bytes), "{what}");
    assert_eq!(ns.usage()[0].1, 4, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_steps_of_a_fold() {
    let mut call = 0;
    let mut died = 0;
    loop {
        call += 1;
        let mut survived = false;
        for crash_after in [false, true] {
            let objects = memory();
            let rows = prepare(&objects).await;
            let faulty = Arc::new(Faulty::new(Arc::clone(&objects), u64::from(crash_after), Rates::default()));
            let dying = open(&Store::over(faulty.clone(), 1 << 30), 2).await;
            faulty.crash_in(call);
            let folded = dying.fold().await;
            let dead = faulty.is_dead();
            drop(dying);
            survived |= !dead;
            died += u64::from(dead);
            assert!(dead || folded.is_ok(), "a fold with a healthy store succeeds");
            let what =
                format!("died at call {call}, {}", if crash_after { "after it worked" } else { "before it worked" });
            for generation in 3..5 {
                let ns = open(&store(&objects), generation).await;
                check(&ns, &rows, &what).await;
                ns.fold().await.expect("fold");
                check(&ns, &rows, &what).await;
                ns.close().await;
            }
        }
        if survived {
            break;
        }
    }
    assert!(died > 20, "a fold has many steps to die at; this one had {died}");
}
