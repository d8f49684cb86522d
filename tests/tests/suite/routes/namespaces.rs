//! `/v1/orgs/{org}/namespaces`

use std::{path::Path, time::Duration};

use agentdb_tests::harness::{Account, Place, Reply, Service, eventually};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// The status of a namespace, as it is.
async fn status(account: &Account, called: &str) -> Result<Value> {
    let path = account.path(&format!("/namespaces/{called}"));
    Ok(account.api.get(&path).await?.expect(200)?.json["status"].clone())
}

async fn until(account: &Account, called: &str, wanted: &str) -> Result<()> {
    eventually(&format!("the namespace is {wanted}"), Duration::from_secs(30), async || {
        Ok((status(account, called).await? == wanted).then_some(()))
    })
    .await
}

/// Waits until the answer is that of a namespace that nobody has.
async fn until_unknown(ask: impl AsyncFn() -> Result<Reply>, unknown: &Reply) -> Result<()> {
    eventually("the namespace is gone for data", Duration::from_secs(10), async || {
        Ok((ask().await?.without_request_id() == unknown.without_request_id()).then_some(()))
    })
    .await
}

fn files_under(folder: &Path) -> Result<usize> {
    if !folder.exists() {
        return Ok(0);
    }
    let mut files = 0;
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        files += if path.is_dir() { files_under(&path)? } else { 1 };
    }
    Ok(files)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_namespace_is_as_if_it_had_never_been_and_its_name_is_free_again() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    let first = account.namespace("temporary").await?;
    let path = account.path("/namespaces/temporary");
    let labelled = account.api.put(&path, &json!({"labels": {"team": "search"}})).await?.expect(200)?;
    assert_eq!(labelled.json["labels"]["team"], "search", "{}", labelled.text());
    let listed = account.api.get(&account.path("/namespaces?label=team=search")).await?.expect(200)?;
    assert!(listed.text().contains(&first), "{}", listed.text());

    let api = account.data().await?;
    let things = api.collection("temporary", "things");
    things.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;
    things.upsert(&[json!({"id": "one"})]).await?.expect(200)?;
    account.api.delete(&path).await?.ok()?;
    let invented = api.collection("invented", "things").count(&json!({})).await?.expect(404)?;
    until_unknown(async || things.count(&json!({})).await, &invented).await?;

    let second = account.namespace("temporary").await?;
    assert_ne!(first, second, "a new namespace, not the old one again");
    assert_eq!(things.count(&json!({})).await?.status, 404, "nothing of the old one is in it");
    assert_eq!(status(&account, &first).await?, "deleting", "which is kept beside it");
    service.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_comes_back_with_every_record_at_the_commit_it_had() -> Result<()> {
    let mut service = Service::start().await?;
    let account = service.account().await?;
    let id = account.namespace("agents").await?;
    let api = account.data().await?;
    let things = api.collection("agents", "things");
    things.create(&json!({"vector": {"dimension": 2, "metric": "cosine"}, "text": {}})).await?.expect(201)?;
    let ids: Vec<String> = (0..50).map(|n| format!("thing-{n}")).collect();
    for (n, id) in ids.iter().enumerate() {
        let record = json!({"id": id, "vector": [1.0, n], "text": format!("thing number {n}")});
        things.upsert(&[record]).await?.expect(200)?;
    }
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let before = things.fetch(&names).await?.expect(200)?.result().clone();
    let found = json!({"vector": [1.0, 7.0], "top_k": 5, "exact": true});
    let best = things.query(&found).await?.expect(200)?.result().clone();

    let path = account.path("/namespaces/agents");
    account.api.delete(&path).await?.expect(202)?;
    let invented = api.collection("invented", "things").fetch(&names).await?.expect(404)?;
    until_unknown(async || things.fetch(&names).await, &invented).await?;
    // The node keeps it over its own death.
    service.kill().await?;
    service.start_again().await?;
    assert_eq!(things.fetch(&names).await?.status, 404);
    assert_eq!(status(&account, &id).await?, "deleting");
    let listed = account.api.get(&account.path("/namespaces?status=deleting")).await?.expect(200)?;
    assert_eq!(listed.json["items"][0]["id"], json!(id), "{}", listed.text());

    account.api.post(&account.path("/namespaces/agents/undelete"), &json!({})).await?.expect(200)?;
    until(&account, "agents", "ready").await?;
    assert_eq!(status(&account, &id).await?, "ready");
    assert_eq!(things.fetch(&names).await?.expect(200)?.result(), &before, "the same records at the same commits");
    assert_eq!(things.query(&found).await?.expect(200)?.result(), &best);
    things.upsert(&[json!({"id": "new", "vector": [0.5, 0.5], "text": "new"})]).await?.expect(200)?;
    service.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_namespace_refuses_until_it_is_resumed() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("agents").await?;
    let things = account.data().await?.collection("agents", "things");
    things.create(&json!({"text": {}})).await?.expect(201)?;
    let suspended = account.api.post(&account.path("/namespaces/agents/suspend"), &json!({})).await?.expect(200)?;
    assert_eq!(suspended.json["status"], "suspended", "{}", suspended.text());
    for refused in [things.count(&json!({})).await?, things.upsert(&[json!({"id": "a", "text": "a"})]).await?] {
        assert_eq!((refused.status, refused.code()), (403, "forbidden"), "{}", refused.text());
        assert_eq!(refused.json["suspended_by"], "organization");
    }
    account.api.post(&account.path("/namespaces/agents/resume"), &json!({})).await?.expect(200)?;
    until(&account, "agents", "ready").await?;
    things.upsert(&[json!({"id": "a", "text": "a"})]).await?.expect(200)?;
    assert_eq!(things.count(&json!({})).await?.expect(200)?.result()["count"], 1);
    service.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_grace_is_over_no_object_remains_in_a_directory() -> Result<()> {
    nothing_remains(Place::Directory).await
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_grace_is_over_no_object_remains_in_s3() -> Result<()> {
    nothing_remains(Place::S3).await
}

async fn nothing_remains(place: Place) -> Result<()> {
    let mut service = Service::on(place).await?;
    let account = service.account().await?;
    let (gone, kept) = (account.namespace("gone").await?, account.namespace("kept").await?);
    let api = account.data().await?;
    for namespace in ["gone", "kept"] {
        let things = api.collection(namespace, "things");
        things.create(&json!({"text": {}})).await?.expect(201)?;
        things.upsert(&[json!({"id": "a", "text": "a"})]).await?.expect(200)?;
    }
    assert!(objects(&mut service, place, &gone).await? > 0 && objects(&mut service, place, &kept).await? > 0);
    let path = account.path(&format!("/namespaces/{gone}"));
    account.api.delete(&path).await?.expect(202)?;
    let refused = account.api.delete(&format!("{path}?purge=true&confirm=kept")).await?;
    assert_eq!((refused.status, refused.code()), (400, "invalid_request"), "{}", refused.text());
    assert!(objects(&mut service, place, &gone).await? > 0, "its data are kept");
    account.api.post(&format!("{path}/undelete"), &json!({})).await?.expect(200)?;

    // An operator grants no days: the grace is over as soon as it begins.
    let grace = json!({"undelete_days": 0, "namespaces": 10});
    service.operator().await?.override_limits(&account.org, &grace).await?;
    account.api.delete(&path).await?.expect(202)?;
    until(&account, &gone, "deleted").await?;
    assert_eq!(objects(&mut service, place, &gone).await?, 0);
    assert!(objects(&mut service, place, &kept).await? > 0, "those of its neighbour do");
    let late = account.api.post(&format!("{path}/undelete"), &json!({})).await?;
    assert_eq!((late.status, late.code()), (409, "conflict"), "{}", late.text());
    service.stop().await
}

/// How many objects of a namespace are in the store.
async fn objects(service: &mut Service, place: Place, id: &str) -> Result<usize> {
    match place {
        Place::Directory => files_under(&service.objects_dir().join("ns").join(id)),
        Place::S3 => {
            let keys = service.s3()?.keys(&format!("agentdb/ns/{id}/")).await?;
            ensure!(keys.iter().all(|key| key.contains(id)), "{keys:?}");
            Ok(keys.len())
        }
    }
}
