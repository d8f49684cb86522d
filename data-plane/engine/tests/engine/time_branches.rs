//! A branch begins as its parent was at a commit, copies no rows, and goes its own way.

use std::sync::Arc;
use std::time::Duration;

use crate::support::faulty::{Faulty, Rates};
use crate::support::killed::killed_at_each_call;
use crate::support::s3::S3;
use crate::support::timeline::*;
use crate::support::*;
use agentdb_data_plane_engine::{Config, Moment, Namespace, Store, StoreConfig, TimeError, WriteError, WriteMeta};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

async fn open_branch(line: &Timeline, name: &str, generation: u64) -> Arc<Namespace> {
    let found = line.ns.branches().expect("serves").into_iter().find(|b| b.name == name).expect("there is one");
    open_at(&store(&line.objects), &found.prefix, generation, &line.config, &line.clock).await
}

async fn objects_under(objects: &Arc<dyn ObjectStore>, prefix: &str) -> (usize, u64) {
    let found: Vec<_> = objects.list(Some(&Path::from(prefix))).try_collect().await.expect("list");
    (found.len(), found.iter().map(|meta| meta.size).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_of_any_commit_hold_it_and_neither_side_sees_the_other() {
    for seed in 0..3 {
        let mut line = Timeline::new(seed, config()).await;
        for _ in 0..50 {
            line.step().await;
        }
        let newest = line.ns.commit();
        let commits: Vec<u64> = (0..4).map(|_| line.pick(0..=newest)).collect();
        for (at, commit) in commits.iter().enumerate() {
            let name = format!("b{at}");
            let made = line.ns.create_branch(&name, Some(&Moment::Commit(*commit)), WriteMeta::default()).await;
            assert_eq!(made.expect("made").commit, *commit);
        }
        for (at, commit) in commits.iter().enumerate() {
            let what = format!("seed {seed}, branch of {commit}");
            let branch = open_branch(&line, &format!("b{at}"), 1).await;
            let mut rows = line.at(*commit).clone();
            assert_eq!(all_rows(&branch).await, rows, "{what}");
            assert!(branch.usage().is_empty(), "{what}");
            for name in NAMES {
                if rows.contains_key(name) {
                    branch
                        .upsert(name, vec![record(3, 777), record(90, 0)], WriteMeta::default())
                        .await
                        .expect("written");
                    branch.delete(name, vec![record(5, 0).id], WriteMeta::default()).await.expect("deleted");
                    let rows = rows.get_mut(name).expect("there");
                    rows.extend([record(3, 777), record(90, 0)].map(|r| (r.id.clone(), r)));
                    rows.remove(&record(5, 0).id);
                }
            }
            branch.create_collection("own", schema(), WriteMeta::default()).await.expect("created");
            rows.insert("own".to_owned(), Default::default());
            branch.fold().await.expect("fold");
            assert_eq!(all_rows(&branch).await, rows, "{what}");
            branch.close().await;
            let branch = open_branch(&line, &format!("b{at}"), 2).await;
            assert_eq!(all_rows(&branch).await, rows, "{what}, opened again");
            let past = branch.at_commit(*commit).await.expect("its first commit");
            assert_eq!(past_rows(&past).await, *line.at(*commit), "{what}");
            branch.close().await;
        }
        line.check_now("the parent").await;
        for _ in 0..20 {
            line.step().await;
        }
        line.check_past(0, "the parent").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_branch_needs_stays_until_it_is_deleted() {
    let config = Config { history: Duration::ZERO, ..config() };
    let mut line = Timeline::new(1, config).await;
    line.ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    line.ns.upsert(DOCS, (0..200).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
    line.ns.fold().await.expect("fold");
    let before = objects_under(&line.objects, PREFIX).await;
    let made = line.ns.create_branch("b", None, WriteMeta::default()).await.expect("made");
    let after = objects_under(&line.objects, PREFIX).await;
    let tables = objects_under(&line.objects, &format!("{PREFIX}/tables")).await;
    assert!(after.1 - before.1 < tables.1 / 2, "{} bytes for a branch of {}", after.1 - before.1, tables.1);
    let rows = all_rows(&line.ns).await;
    line.ns.drop_collection(DOCS, WriteMeta::default()).await.expect("dropped");
    for _ in 0..6 {
        line.clock.advance(Duration::from_secs(3600));
        line.ns.create_collection("x", schema(), WriteMeta::default()).await.expect("created");
        line.ns.fold().await.expect("fold");
        line.ns.drop_collection("x", WriteMeta::default()).await.expect("dropped");
        line.ns.fold().await.expect("fold");
        line.ns.clean_up().await.expect("cleaned");
    }
    line.reopen().await;
    let branch = open_branch(&line, "b", 1).await;
    assert_eq!(all_rows(&branch).await, rows);
    branch.close().await;
    line.ns.delete_branch("b", WriteMeta::default()).await.expect("deleted");
    let gone = line.ns.delete_branch("b", WriteMeta::default()).await;
    assert_eq!(gone.expect_err("gone"), TimeError::NoSuchBranch);
    assert_eq!(objects_under(&line.objects, &made.prefix).await.0, 0);
    line.clock.advance(Duration::from_secs(3600));
    line.ns.create_collection("y", schema(), WriteMeta::default()).await.expect("created");
    line.ns.fold().await.expect("fold");
    assert_eq!(objects_under(&line.objects, &format!("{PREFIX}/tables")).await.0, 0, "the dropped table goes, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_have_branches_and_limits() {
    let config = Config { max_branches: 2, ..config() };
    let mut line = Timeline::new(1, config).await;
    for _ in 0..25 {
        line.step().await;
    }
    line.ns.create_snapshot("then", None, WriteMeta::default()).await.expect("made");
    let then = line.now.clone();
    for _ in 0..10 {
        line.step().await;
    }
    // A branch of a snapshot is how one restores it beside the present.
    let of = Moment::Snapshot("then".to_owned());
    line.ns.create_branch("a", Some(&of), WriteMeta::default()).await.expect("made");
    let twice = line.ns.create_branch("a", None, WriteMeta::default()).await;
    assert!(matches!(twice, Err(TimeError::Write(WriteError::BadRequest { field: "branch", .. }))), "{twice:?}");
    line.ns.create_branch("b", None, WriteMeta::default()).await.expect("made");
    let full = line.ns.create_branch("c", None, WriteMeta::default()).await;
    assert!(matches!(full, Err(TimeError::Write(WriteError::BadRequest { field: "branch", .. }))), "{full:?}");
    let a = open_branch(&line, "a", 1).await;
    assert_eq!(all_rows(&a).await, then);
    a.create_collection("in-a", schema(), WriteMeta::default()).await.expect("created");
    let inner = a.create_branch("inner", None, WriteMeta::default()).await.expect("made");
    let refused = line.ns.delete_branch("a", WriteMeta::default()).await;
    assert_eq!(refused.expect_err("refused"), TimeError::HasBranches { names: vec!["inner".to_owned()] });
    let inner = open_at(&store(&line.objects), &inner.prefix, 1, &line.config, &line.clock).await;
    let mut rows = then;
    rows.insert("in-a".to_owned(), Default::default());
    assert_eq!(all_rows(&inner).await, rows);
    inner.close().await;
    a.delete_branch("inner", WriteMeta::default()).await.expect("deleted");
    a.close().await;
    line.ns.delete_branch("a", WriteMeta::default()).await.expect("deleted");
    let names: Vec<_> = line.ns.branches().expect("serves").into_iter().map(|b| b.name).collect();
    assert_eq!(names, ["b"]);
}

/// Dies at the `call`th call of making a branch. False when it was made before that.
async fn die_at(objects: Arc<dyn ObjectStore>, to: u64, rows: Arc<Rows>, call: u64, worked: bool) -> bool {
    let faulty = Arc::new(Faulty::new(Arc::clone(&objects), u64::from(worked), Rates::default()));
    let dying = open(&Store::over(faulty.clone(), 1 << 30), 2).await;
    faulty.crash_in(call);
    let moment = Moment::Commit(to);
    let making = dying.create_branch("b", Some(&moment), WriteMeta::default());
    let made = tokio::select! {
        made = making => made.is_ok(),
        () = faulty.death() => false,
    };
    let dead = faulty.is_dead();
    drop(dying);
    let what = format!("died at call {call}, {}", if worked { "after it worked" } else { "before it worked" });
    let ns = open(&store(&objects), 3).await;
    let before = all_rows(&ns).await;
    let found = ns.branches().expect("serves");
    assert!(found.len() == 1 || !made, "{what}");
    if found.is_empty() {
        ns.create_branch("b", Some(&moment), WriteMeta::default()).await.expect("made");
    }
    let found = ns.branches().expect("serves").remove(0);
    let environment = environment(7);
    let branch =
        Namespace::open(&store(&objects), &found.prefix, writer(1), config(), environment).await.expect("opens");
    assert_eq!(all_rows(&branch).await, *rows, "{what}");
    branch.close().await;
    // Nothing is left of the one that was not finished.
    let kept = found.prefix.rsplit('/').next().expect("an id").to_owned();
    let all: Vec<_> = objects.list(Some(&Path::from(format!("{PREFIX}/branches")))).try_collect().await.expect("list");
    assert!(all.iter().all(|meta| meta.location.as_ref().contains(&kept)), "{what}");
    assert_eq!(all_rows(&ns).await, before, "{what}");
    ns.fold().await.expect("fold");
    ns.close().await;
    dead
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_steps_of_making_a_branch() {
    let prepared = Arc::new(InMemory::new());
    let objects = Arc::clone(&prepared) as Arc<dyn ObjectStore>;
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    ns.upsert(DOCS, (0..20).map(|i| record(i, 0)).collect(), usage(1, 1)).await.expect("written");
    ns.fold().await.expect("fold");
    let to = ns.upsert(DOCS, (5..10).map(|i| record(i, 1)).collect(), usage(1, 1)).await.expect("written").commit;
    let rows = Arc::new(all_rows(&ns).await);
    ns.upsert(DOCS, (0..30).map(|i| record(i, 2)).collect(), usage(1, 1)).await.expect("written");
    ns.fold().await.expect("fold");
    ns.close().await;
    killed_at_each_call(&prepared, 8, |objects, call, worked| die_at(objects, to, Arc::clone(&rows), call, worked))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_the_same_on_a_directory_and_on_s3() {
    let directory = tempfile::tempdir().expect("a directory");
    let s3 = S3::start().await;
    for config in [StoreConfig::directory(directory.path()), s3.bucket("agentdb").await] {
        let store = Store::open(&config).await.expect("store");
        let ns = open(&store, 1).await;
        ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
        ns.upsert(DOCS, (0..20).map(|i| record(i, 0)).collect(), WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        ns.delete(DOCS, vec![record(1, 0).id], WriteMeta::default()).await.expect("deleted");
        ns.fold().await.expect("fold");
        ns.upsert(DOCS, vec![record(3, 1)], WriteMeta::default()).await.expect("written");
        let mut rows = all_rows(&ns).await;
        let branch = ns.create_branch("b", None, WriteMeta::default()).await.expect("made");
        ns.upsert(DOCS, (0..30).map(|i| record(i, 2)).collect(), WriteMeta::default()).await.expect("written");
        ns.fold().await.expect("fold");
        for generation in 1..4 {
            let environment = environment(generation);
            let opened =
                Namespace::open(&store, &branch.prefix, writer(generation), crate::support::config(), environment);
            let opened = opened.await.expect("opens");
            assert_eq!(all_rows(&opened).await, rows);
            let new = record(4 + generation as usize, 4);
            opened.upsert(DOCS, vec![new.clone()], WriteMeta::default()).await.expect("written");
            opened.delete(DOCS, vec![record(10, 0).id], WriteMeta::default()).await.expect("deleted");
            opened.fold().await.expect("fold");
            opened.close().await;
            let docs = rows.get_mut(DOCS).expect("there");
            docs.insert(new.id.clone(), new);
            docs.remove(&record(10, 0).id);
        }
        ns.delete_branch("b", WriteMeta::default()).await.expect("deleted");
        assert!(ns.branches().expect("serves").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_branch_that_was_not_finished_has_left_goes_without_another_branch() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let made = ns.create_branch("b", None, WriteMeta::default()).await.expect("made");
    let left = Path::from(format!("{PREFIX}/branches/{}/tables/t/data/d.lance", "0".repeat(32)));
    objects.put(&left, bytes::Bytes::from_static(b"half a table").into()).await.expect("put");
    let (all, _) = objects_under(&objects, &format!("{PREFIX}/branches")).await;
    ns.upsert(DOCS, vec![record(1, 0)], WriteMeta::default()).await.expect("written");
    ns.fold().await.expect("fold");
    assert_eq!(objects_under(&objects, &format!("{PREFIX}/branches")).await.0, all - 1);
    assert_eq!(objects_under(&objects, &made.prefix).await.0, all - 1, "the branch that is there stays");
}
