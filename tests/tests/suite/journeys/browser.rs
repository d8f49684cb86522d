//! The console in a real browser: its own end-to-end suite, against this service.

use std::path::Path;

use agentdb_tests::harness::Service;
use anyhow::{Context as _, Result, ensure};

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_goes_from_sign_up_to_the_first_result_and_the_usage_page() -> Result<()> {
    let service = Service::start().await?;
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("../console");
    let output = tokio::process::Command::new("npm")
        .args(["run", "e2e"])
        .current_dir(&console)
        .env("AGENTDB_URL", service.base())
        .env("CI", "1")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot run npm")?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{}\n{said}", output.status);
    // A suite that ran nothing would also end well.
    ensure!(said.contains(" passed"), "no browser test ran:\n{said}");
    println!("{said}");
    service.stop().await
}
