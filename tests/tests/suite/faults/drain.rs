//! SIGTERM ends the service cleanly, and a second start resumes.

use agentdb_tests::harness::{Collection, Service, eventually};
use anyhow::{Result, ensure};
use rustix::process::Signal;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

const WRITERS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_service_keeps_what_it_acknowledged_leaves_nothing_running_and_starts_again() -> Result<()> {
    let mut service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("drain").await?;
    let records = account.data().await?.collection("drain", "records");
    records.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;

    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write_until_refused(records.clone(), writer));
    }
    eventually("some writes are in, others on their way", Duration::from_secs(60), async || {
        let counted = records.count(&json!({})).await?.expect(200)?;
        Ok((counted.result()["count"].as_u64() >= Some(100)).then_some(()))
    })
    .await?;
    let began = tokio::time::Instant::now();
    service.program()?.signal(Signal::TERM)?;
    let status = service.program()?.ended(Duration::from_secs(60)).await?;
    ensure!(status.success(), "ended with {status} after SIGTERM");
    println!("drained in {:.1} s", began.elapsed().as_secs_f64());
    let left = agentdb_tests::harness::processes_in(service.data_dir());
    assert!(left.is_empty(), "processes {left:?} are left in the data directory");

    let mut acknowledged = Vec::new();
    while let Some(ids) = writers.join_next().await {
        acknowledged.extend(ids??);
    }
    let began = tokio::time::Instant::now();
    service.start_again().await?;
    println!("ready again in {:.1} s", began.elapsed().as_secs_f64());
    for part in acknowledged.chunks(100) {
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        let reply = records.fetch(&part).await?.expect(200)?;
        assert_eq!(reply.ids().len(), part.len(), "{}", reply.text());
    }
    service.stop().await
}

/// Writes until the service refuses as one that drains, or takes no connection any more. A request that it has taken is
/// answered.
async fn write_until_refused(records: Collection, writer: usize) -> Result<Vec<String>> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        let id = format!("w{writer}-{n}");
        let reply = match records.upsert(&[json!({"id": id, "attributes": {"n": n}})]).await {
            Ok(reply) => reply,
            Err(error) if error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect) => break,
            Err(error) => return Err(error.context(format!("{id} was broken off"))),
        };
        match reply.status {
            200 => acknowledged.push(id),
            503 => {
                ensure!(reply.header("retry-after").is_some(), "a refusal says when to come back: {}", reply.text());
                break;
            }
            _ => anyhow::bail!("{id}: {} {}", reply.status, reply.text()),
        }
    }
    Ok(acknowledged)
}
