//! The object store ends and comes back: nothing is acknowledged that is not there, nothing acknowledged is lost.

use std::time::Duration;

use agentdb_tests::harness::{Collection, Place, Service, eventually};
use anyhow::{Result, ensure};
use serde_json::json;

const WRITES: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn without_its_object_store_the_service_refuses_writes_and_afterwards_has_all_it_acknowledged() -> Result<()> {
    let mut service = Service::on(Place::S3).await?;
    let account = service.account().await?;
    account.namespace("steady").await?;
    let records = account.data().await?.collection("steady", "records");
    records.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;
    for n in 0..WRITES {
        write(&records, &format!("before-{n}")).await?.expect(200)?;
    }

    service.s3()?.kill()?;
    let began = tokio::time::Instant::now();
    let refused = write(&records, "while-away").await?;
    println!("refused after {:.1} s", began.elapsed().as_secs_f64());
    ensure!(refused.status == 503, "{} {}", refused.status, refused.text());
    ensure!(refused.header("retry-after").is_some(), "a refusal says when to come back: {}", refused.text());

    // What is in memory would still be right, but the node cannot know: it has not been able to renew its lease.
    eventually("reads are refused as well", Duration::from_secs(30), async || {
        let read = records.fetch(&["before-0"]).await?;
        ensure!(read.status == 200 || read.header("retry-after").is_some(), "{} {}", read.status, read.text());
        Ok((read.status == 503).then_some(()))
    })
    .await?;

    service.s3()?.start_again().await?;
    let began = tokio::time::Instant::now();
    eventually("writes go on", Duration::from_secs(60), async || {
        Ok((write(&records, "after").await?.status == 200).then_some(()))
    })
    .await?;
    println!("writes go on {:.1} s after the store came back", began.elapsed().as_secs_f64());
    let ids: Vec<String> = (0..WRITES).map(|n| format!("before-{n}")).chain(["after".to_owned()]).collect();
    let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
    let there = records.fetch(&wanted).await?.expect(200)?;
    assert_eq!(there.ids(), wanted);
    // The refused one was never acknowledged, so it may be there or not; all else would be somebody's invention.
    let counted = records.count(&json!({})).await?.expect(200)?.result()["count"].as_u64().unwrap_or_default();
    assert!((ids.len() as u64..=ids.len() as u64 + 1).contains(&counted), "{counted}");
    service.stop().await
}

async fn write(records: &Collection, id: &str) -> Result<agentdb_tests::harness::Reply> {
    records.upsert(&[json!({"id": id, "attributes": {"n": 1}})]).await
}
