//! Writes that the engine does not take now: a refusal says when to come again, and the same write is done later.

use std::{
    fs,
    path::{Path, PathBuf},
};

use agentdb_control_plane_contract::Meter;
use futures::{StreamExt as _, stream::FuturesUnordered};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    held::Gate,
    world::{Life, Reply, World, until_asked},
};

const UPSERT: &str = "main/collections/docs/upsert";

/// Writes the record `n`, of more than 1,500 bytes.
async fn write(life: &Life, n: usize) -> (usize, Reply) {
    let record = json!({"id": format!("r{n}"), "vector": [1, 0], "text": "x".repeat(1_500)});
    (n, life.post(UPSERT, json!({"records": [record]})).await)
}

/// Writes a record to another collection.
async fn write_elsewhere(life: &Life) -> Reply {
    life.post("main/collections/other/upsert", json!({"records": [{"id": "x"}]})).await
}

async fn count(life: &Life) -> Value {
    life.post("main/collections/docs/count", json!({})).await.ok().body["result"]["count"].clone()
}

fn is_refused_for_now(reply: &Reply, retry_after: &str) {
    assert_eq!(reply.refusal(), (503, "unavailable", ""), "{}", reply.body);
    assert_eq!((&reply.body["type"], &reply.body["status"]), (&json!("/docs/errors/unavailable"), &json!(503)));
    assert_eq!((reply.header("content-type"), reply.header("retry-after")), ("application/problem+json", retry_after));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_write_more_than_may_wait_is_refused_and_done_when_it_is_sent_again() {
    let (world, log) = (World::new().await, Gate::before("/log/"));
    let one_waits = |config: &mut agentdb_data_plane_node::NodeConfig| config.engine.max_pending_writes = 1;
    let life = world.start_behind(|objects| log.stand_before(objects), one_waits).await.with_docs().await;
    let held = log.hold().await;
    let mut first = Box::pin(write(&life, 0));
    tokio::select! {
        (_, reply) = &mut first => panic!("answered before it is in the log: {}", reply.body),
        () = log.held() => {}
    }
    // One of them waits behind the first.
    let mut others: FuturesUnordered<_> = (1..4).map(|n| write(&life, n)).collect();
    let mut refused = Vec::new();
    for _ in 0..2 {
        let (n, reply) = others.next().await.expect("a reply");
        is_refused_for_now(&reply, "1");
        assert!(reply.body["detail"].as_str().is_some_and(|detail| detail.contains("waiting")), "{}", reply.body);
        refused.push(n);
    }
    drop(held);
    first.await.1.ok();
    others.next().await.expect("a reply").1.ok();
    assert_eq!(count(&life).await, 2, "what was refused left nothing");
    for n in refused {
        write(&life, n).await.1.ok();
    }
    assert_eq!(count(&life).await, 4);
    life.node.drain().await;
    assert_eq!(world.plane.billed(Meter::Write, None), 5 * 2_000, "the collection and four records");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_folded_is_bounded_and_a_fold_makes_room() {
    let (world, checkpoint) = (World::new().await, Gate::before("/checkpoint/"));
    let little = |config: &mut agentdb_data_plane_node::NodeConfig| {
        config.engine.max_memtable_bytes = 2_000;
        config.engine.fold_rows = 1;
    };
    let life = world.start_behind(|objects| checkpoint.stand_before(objects), little).await.with_docs().await;
    // Folds begin, and do not come to their end.
    let held = checkpoint.hold().await;
    let mut written = 0;
    let refused = loop {
        let (_, reply) = write(&life, written).await;
        if reply.status == StatusCode::SERVICE_UNAVAILABLE {
            break reply;
        }
        reply.ok();
        written += 1;
        assert!(written < 10, "nothing bounds them");
    };
    is_refused_for_now(&refused, "1");
    assert_eq!(count(&life).await, written, "what was refused left nothing");
    drop(held);
    until_asked("there is room again", || async { write(&life, written).await.1.status == StatusCode::OK }).await;
    assert_eq!(count(&life).await, written + 1);
    life.node.drain().await;
}

/// The manifests of the one table that there is, taken out of the store.
struct Damage {
    versions: PathBuf,
    aside: PathBuf,
}

impl Damage {
    fn of(world: &World) -> Self {
        let tables = fs::read_dir(world.objects().join(format!("ns/{}/tables", world.namespace_id))).expect("tables");
        let tables: Vec<PathBuf> = tables.map(|table| table.expect("readable").path()).collect();
        let [table] = &tables[..] else { panic!("not one table: {tables:?}") };
        let damage = Self { versions: table.join("_versions"), aside: world.dir.path().join("aside") };
        fs::create_dir(&damage.aside).expect("made");
        assert!(move_all(&damage.versions, &damage.aside) > 0);
        damage
    }

    fn mend(self) {
        move_all(&self.aside, &self.versions);
    }
}

/// Says how many files were there.
fn move_all(from: &Path, to: &Path) -> usize {
    let mut moved = 0;
    for file in fs::read_dir(from).expect("a folder") {
        let file = file.expect("readable");
        fs::rename(file.path(), to.join(file.file_name())).expect("moved");
        moved += 1;
    }
    moved
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_is_set_aside_takes_no_writes_until_its_table_takes_what_it_has() {
    let world = World::new().await;
    let life = world.start().await.with_docs().await;
    write(&life, 0).await.1.ok();
    life.node.drain().await;
    drop(life);

    let life = world.start_with(|config| config.engine.fold_rows = 1).await;
    life.put("main/collections/other", json!({})).await.ok();
    life.post("main/collections/docs/scan", json!({})).await.ok();
    // Its rows are in memory, and its table cannot be opened any more.
    let damage = Damage::of(&world);
    write(&life, 1).await.1.ok();
    until_asked("the collection is set aside", || async { write(&life, 1).await.1.status != StatusCode::OK }).await;
    let (_, refused) = write(&life, 2).await;
    is_refused_for_now(&refused, "60");
    assert!(refused.body["detail"].as_str().is_some_and(|detail| detail.contains("`docs`")), "{}", refused.body);
    for (verb, body) in [
        ("patch", json!({"patches": [{"id": "r0", "text": "y"}]})),
        ("delete", json!({"ids": ["r0"]})),
        ("delete", json!({"filter": "page = 1"})),
    ] {
        is_refused_for_now(&life.post(&format!("main/collections/docs/{verb}"), body).await, "60");
    }
    let fetched = life.post("main/collections/docs/fetch", json!({"ids": ["r0", "r1", "r2"]})).await.ok();
    assert_eq!(fetched.body["result"]["missing"], json!(["r2"]), "what was acknowledged is read");
    write_elsewhere(&life).await.ok();

    damage.mend();
    // A write to another collection has everything folded.
    until_asked("it takes writes again", || async {
        write_elsewhere(&life).await.ok();
        write(&life, 2).await.1.status == StatusCode::OK
    })
    .await;
    assert_eq!(count(&life).await, 3);
    life.node.drain().await;
}
