//! `agentdb doctor`: looks at every part the service needs, and says what is wrong and what to do. It makes no directory
//! and leaves nothing behind: the lock of the data directory and the addresses are taken for a moment, and the object store
//! is probed with an object that is removed again.

mod database;
mod parts;

use std::process::ExitCode;

use super::Failure;
use crate::config::Config;

/// What was found out about one part.
pub struct Finding {
    part: &'static str,
    verdict: Verdict,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Wrong,
    /// Cannot be judged now, and need not be right now.
    Later,
}

impl Finding {
    fn ok(part: &'static str, detail: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Ok, detail: detail.into() }
    }

    fn wrong(part: &'static str, detail: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Wrong, detail: detail.into() }
    }

    fn later(part: &'static str, detail: impl Into<String>) -> Self {
        Self { part, verdict: Verdict::Later, detail: detail.into() }
    }
}

/// Prints a line for each part; fails when one is wrong.
pub async fn run(config: &Config) -> Result<ExitCode, Failure> {
    let path = config.data_dir()?;
    let (in_use, data_dir) = parts::data_dir(&path);
    let mut findings = vec![data_dir, parts::address("public address", config.listen, in_use).await];
    findings.push(parts::address("internal address", config.internal.listen, in_use).await);
    findings.push(parts::transport(config));
    findings.extend(database::look(config, &path).await);
    findings.push(parts::encryption(config, &path));
    findings.push(parts::object_store(config, &path).await);
    findings.push(parts::model(config).await);

    for Finding { part, verdict, detail } in &findings {
        let word = match verdict {
            Verdict::Ok => "ok",
            Verdict::Wrong => "WRONG",
            Verdict::Later => "later",
        };
        println!("{word:<6} {part:<17} {detail}");
    }
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    if wrong > 0 {
        println!("{wrong} of {} parts would keep the service from working", findings.len());
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
