use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::data::{CLUSTERS, Data};
use super::figures::Outcome;
use super::lance::lance;
use super::options::{LANCEDB, Options, place};
use super::report::Report;
use super::signal::{ToldToStop, unless_told_to_stop};
use crate::bench::{machine, page};
use crate::harness::{Program, Scratch, cache};

/// How long a contender may take in all; a million vectors take each the better part of an hour.
const LIMIT: Duration = Duration::from_secs(2 * 3600);
/// How long a contender may take to end its servers.
const STOP: Duration = Duration::from_secs(60);

/// Measures, prints and writes the page and the JSON.
///
/// # Errors
/// Anything that did not answer as it should.
pub async fn run(options: Options) -> Result<()> {
    let machine = machine();
    let mut scratch = Scratch::new()?;
    let started = Instant::now();
    let told = |what: &str| println!("{:>5} s  {what}", started.elapsed().as_secs());
    let dir = scratch.dir("peers")?;
    let made = dir.clone();
    tokio::task::spawn_blocking(move || Data::make(&made, options.vectors)).await??;
    told("vectors and exact answers made");
    let earlier = options.with.as_deref().map(|file| earlier(file, &options)).transpose()?;
    let (mut contenders, mut failed) = (Vec::new(), Vec::new());
    for name in &options.contenders {
        match measure(name, &dir, &scratch, options.time).await {
            Ok(outcome) => {
                told(&format!("{name} measured"));
                contenders.push((name.clone(), outcome));
            }
            Err(error) if error.is::<ToldToStop>() => return Err(error),
            // What the others gave is not lost for it.
            Err(error) => {
                told(&format!("{name} failed: {error:#}"));
                failed.push(name.clone());
            }
        }
    }
    if failed.is_empty() {
        scratch.succeed();
    }
    let machine = match earlier {
        Some((before, others)) => {
            let names: Vec<&str> = others.iter().map(|(name, _)| name.as_str()).collect();
            let machine = format!("{machine}; {} in an earlier run on {before}", names.join(", "));
            contenders.extend(others);
            contenders.sort_by_key(|(name, _)| place(name));
            machine
        }
        None => machine,
    };
    let json: Map<String, Value> = contenders.iter().map(|(name, each)| (name.clone(), each.to_json())).collect();
    let json = json!({"machine": machine, "vectors": options.vectors, "contenders": json});
    let file = cache()?.join(format!("peers-{}.json", options.vectors));
    std::fs::write(&file, json.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
    let text = Report { machine, vectors: options.vectors, clusters: CLUSTERS, contenders }.text();
    println!("\n{text}");
    page::put(&options.out, &format!("peers {}", options.vectors), &text)?;
    println!("written to {} and {}", options.out.display(), file.display());
    ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    Ok(())
}

/// The machine and the contenders of an earlier run with the same vectors, but for those that are measured now.
fn earlier(file: &Path, options: &Options) -> Result<(String, Vec<(String, Outcome)>)> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let json: Value = serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", file.display()))?;
    ensure!(json["vectors"] == options.vectors, "{} is of {} vectors", file.display(), json["vectors"]);
    let of = json["contenders"].as_object().context("it names no contenders")?;
    let others = of.iter().filter(|(name, _)| !options.contenders.contains(name));
    let others = others.map(|(name, outcome)| Ok((name.clone(), Outcome::from_json(outcome)?)));
    Ok((json["machine"].as_str().unwrap_or_default().to_owned(), others.collect::<Result<_>>()?))
}

/// A contender in a process of its own, which writes its outcome into the directory.
async fn measure(name: &str, dir: &Path, scratch: &Scratch, time: Duration) -> Result<Outcome> {
    let command = match name.strip_prefix(LANCEDB) {
        Some(kind) => lance(dir, time, kind)?,
        None => {
            let mut command = Command::new(std::env::current_exe().context("the path of this program is unknown")?);
            command.args(["peer", name]).arg(dir).arg(time.as_secs_f64().to_string());
            command
        }
    };
    let mut program = Program::start(name, command, &scratch.log(name))?;
    let status = match unless_told_to_stop(program.ended(LIMIT)).await {
        Ok(status) => status,
        Err(error) => {
            // It may have ended by itself, by the same signal.
            let _ = program.terminate(STOP).await;
            return Err(error);
        }
    };
    ensure!(status.success(), "ended with {status}");
    let outcome = std::fs::read(dir.join(format!("{name}.json"))).context("left no outcome")?;
    Outcome::from_json(&serde_json::from_slice(&outcome)?)
}
