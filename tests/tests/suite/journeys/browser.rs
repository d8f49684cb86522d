//! The console in a real browser: its own end-to-end suite, against this service.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use agentdb_tests::harness::{Program, Service};
use anyhow::{Result, ensure};
use rustix::process::Signal;

/// All journeys of one part, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(540);

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_goes_from_sign_up_to_the_first_result_and_the_usage_page() -> Result<()> {
    run("data").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_looks_after_an_account_with_its_password_address_and_sessions() -> Result<()> {
    run("account").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_looks_after_an_organisation_of_several_people_its_keys_and_its_audit_log() -> Result<()> {
    run("organization").await
}

/// One part of the suite, a project of `console/e2e/playwright.config.ts`.
async fn run(project: &str) -> Result<()> {
    let service = Service::start().await?;
    let mut command = Command::new("npm");
    command
        .args(["run", "e2e", "--", "--project", project])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../console"))
        .env("AGENTDB_URL", service.base())
        .env("CI", "1");
    let mut browser = Program::start("browser", command, &service.log("browser"))?;
    let outcome = browser.ended(PATIENCE).await;
    if outcome.is_err() {
        // It passes the signal on to the browser, which must not stay behind.
        browser.signal(Signal::TERM)?;
        let _ = browser.ended(Duration::from_secs(20)).await;
    }
    let status = outcome?;
    ensure!(status.success(), "{status}; see the log of `browser`");
    // A suite that ran nothing would also end well.
    let said = browser.log();
    ensure!(said.contains(" passed") && !said.contains(" skipped"), "not every browser test ran: {said}");
    println!("{}", browser.log());
    service.stop().await
}
