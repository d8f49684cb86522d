//! A data directory has one process.

use std::time::Duration;

use agentdb_tests::harness::{Program, Service};
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_data_directory_is_refused_and_does_no_harm() -> Result<()> {
    let mut service = Service::start().await?;
    let log = service.log("rival");
    let mut rival = Program::start("rival", service.rival()?, &log)?;
    let status = rival.ended(Duration::from_secs(30)).await?;
    let said = rival.log();
    assert!(!status.success(), "{status}: {said}");
    assert!(said.contains(&service.data_dir().display().to_string()), "the refusal names the directory: {said}");
    let pid = service.program()?.pid();
    assert!(said.contains(&format!("process {pid}")), "the refusal names the holder: {said}");

    let account = service.account().await?;
    account.namespace("unharmed").await?;
    service.stop().await
}
