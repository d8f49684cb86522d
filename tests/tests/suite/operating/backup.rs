//! The metadata are backed up while the service runs, and brought back.

use std::process::Output;

use agentdb_tests::harness::{Account, Program, Service};
use anyhow::Result;
use serde_json::json;

/// A command of the program on the service's data directory.
fn run(service: &Service, arguments: &[&str]) -> Result<Output> {
    let data_dir = service.data_dir().display().to_string();
    Ok(Program::agentdb(&[arguments, &["--data-dir", &data_dir]].concat(), &[])?.output()?)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn people_keys_namespaces_and_usage_come_back_and_what_came_later_is_gone() -> Result<()> {
    let mut service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("kept").await?;
    let key = account.data().await?;
    let papers = key.collection("kept", "papers");
    papers.create(&json!({"vector": {"dimension": 2, "metric": "cosine"}})).await?.expect(201)?;
    let written = papers.upsert(&[json!({"id": "a", "vector": [0.5, 0.5]})]).await?.expect(200)?.units("write");
    let usage = account.usage_when("usage is stored", |usage| usage.of("write") >= written).await?.of("write");
    let backup = service.data_dir().with_file_name("backup");
    let directory = backup.display().to_string();

    let taken = run(&service, &["backup", &directory])?;
    assert!(taken.status.success(), "{}", said(&taken));
    assert!(backup.join("manifest.json").is_file() && backup.join("metadata.dump").is_file());
    let late = service.account().await?;
    let running = run(&service, &["restore", &directory, "--replace", "agentdb"])?;
    assert_eq!(running.status.code(), Some(3), "a service uses it: {}", said(&running));

    service.terminate().await?;
    let refused = run(&service, &["restore", &directory])?;
    assert!(!refused.status.success() && said(&refused).contains("--replace agentdb"), "{}", said(&refused));
    let other = run(&service, &["restore", &directory, "--replace", "another"])?;
    assert!(!other.status.success() && said(&other).contains("nothing was touched"), "{}", said(&other));
    let again = run(&service, &["backup", &directory])?;
    assert!(!again.status.success(), "a backup is not written over: {}", said(&again));
    // Of a service that is stopped, too.
    let second = service.data_dir().with_file_name("second").display().to_string();
    let stopped = run(&service, &["backup", &second])?;
    assert!(stopped.status.success(), "{}", said(&stopped));
    let restored = run(&service, &["restore", &directory, "--replace", "agentdb"])?;
    assert!(restored.status.success(), "{}", said(&restored));

    service.start_again().await?;
    let back = Account::log_in(&service.anonymous()?, &account.email, &account.password).await?;
    assert_eq!(back.org, account.org);
    assert_eq!(papers.fetch(&["a"]).await?.expect(200)?.ids(), ["a"], "the key and the namespace are there");
    assert!(back.usage().await?.of("write") >= usage, "usage that was billed stays so");
    let body = json!({"email": late.email, "password": late.password});
    assert_eq!(service.anonymous()?.post("/v1/auth/login", &body).await?.status, 401, "who came later is gone");

    // And what came later comes back with the later backup.
    service.terminate().await?;
    let forward = run(&service, &["restore", &second, "--replace", "agentdb"])?;
    assert!(forward.status.success(), "{}", said(&forward));
    service.start_again().await?;
    Account::log_in(&service.anonymous()?, &late.email, &late.password).await?;
    service.stop().await
}
