//! `agentdb doctor` tells what keeps the service from working, and a wrong configuration is refused by name.

use std::process::Output;
use std::time::Duration;

use agentdb_tests::harness::{Program, Scratch, Service};
use anyhow::Result;

fn run(arguments: &[&str], settings: &[(&str, String)]) -> Result<Output> {
    let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Ok(Program::agentdb(arguments, &settings)?.output()?)
}

fn line<'a>(report: &'a str, part: &str) -> &'a str {
    report.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no line about {part}:\n{report}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_a_running_service_well_and_migrated() -> Result<()> {
    let service = Service::start().await?;
    let data = service.data_dir();
    let objects = data.with_file_name("objects");
    let settings =
        [("data_dir", data.display().to_string()), ("object_store.url", format!("file://{}", objects.display()))];
    let output = run(&["doctor"], &settings)?;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in ["data directory", "PostgreSQL", "database", "encryption keys", "object store", "embedding model"] {
        assert!(line(&report, part).starts_with("ok"), "{report}");
    }
    let pid = std::fs::read_to_string(data.join("lock"))?;
    assert!(line(&report, "data directory").contains(&format!("process {}", pid.trim())), "{report}");
    service.stop().await
}

#[tokio::test]
async fn doctor_names_each_part_that_is_wrong_and_fails() -> Result<()> {
    let mut scratch = Scratch::new()?;
    let settings = [
        ("data_dir", scratch.dir("data")?.display().to_string()),
        ("database.url", "postgres://nobody:nothing@127.0.0.1:1/nowhere".to_owned()),
        ("object_store.url", "s3://bucket/prefix".to_owned()),
        ("embeddings.model_dir", scratch.dir("empty")?.display().to_string()),
    ];
    let output = run(&["doctor"], &settings)?;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(
        line(&report, "database").starts_with("WRONG") && line(&report, "database").contains("refused"),
        "{report}"
    );
    assert!(line(&report, "object store").contains("AGENTDB_OBJECT_STORE_ACCESS_KEY_ID"), "{report}");
    assert!(line(&report, "embedding model").contains("make setup"), "{report}");
    assert!(!report.contains("nothing"), "the password is not shown: {report}");
    scratch.succeed();
    Ok(())
}

#[tokio::test]
async fn a_wrong_setting_is_refused_by_name_before_anything_is_touched() -> Result<()> {
    let mut scratch = Scratch::new()?;
    let data = scratch.path().join("data");
    let of = |name: &'static str, value: &str| [("data_dir", data.display().to_string()), (name, value.to_owned())];
    for (settings, said) in [
        (of("listen", "8080"), "AGENTDB_LISTEN"),
        (of("mail.smtp_port", "many"), "AGENTDB_MAIL_SMTP_PORT"),
        (of("object_store.urll", "s3://x"), "AGENTDB_OBJECT_STORE_URL"),
        (of("log.level", "loud!!"), "log.level"),
    ] {
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        let log = scratch.log("refused");
        let mut program = Program::start("refused", Program::agentdb(&["up"], &settings)?, &log)?;
        let status = program.ended(Duration::from_secs(30)).await?;
        let text = program.log();
        assert_eq!(status.code(), Some(2), "{text}");
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!data.exists());
    scratch.succeed();
    Ok(())
}
