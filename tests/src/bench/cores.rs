//! Which processor cores processes may use.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// The core of what is measured, and that of everything else; the same one when the machine has no other.
pub fn two() -> (usize, usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (0, usize::from(cores > 1))
}

/// Keeps a process with all its threads, and all that they start, on one core.
pub fn pin(pid: u32, core: usize) -> Result<()> {
    let status = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", &core.to_string(), &pid.to_string()])
        .stdout(Stdio::null())
        .status()
        .context("taskset, a part of util-linux, cannot be run")?;
    ensure!(status.success(), "taskset cannot keep process {pid} on core {core}");
    Ok(())
}

/// Keeps this process and all that it has started, but for `but`, on one core.
pub fn pin_all_but(but: u32, core: usize) -> Result<()> {
    let mut all = vec![std::process::id()];
    let parents = parents();
    let mut at = 0;
    while at < all.len() {
        let of = all[at];
        all.extend(parents.iter().filter(|(pid, parent)| *parent == of && *pid != but).map(|(pid, _)| *pid));
        at += 1;
    }
    for pid in all {
        // One that has ended meanwhile needs no core.
        if let Err(error) = pin(pid, core)
            && std::path::Path::new(&format!("/proc/{pid}")).exists()
        {
            return Err(error);
        }
    }
    Ok(())
}

/// Every process and its parent.
fn parents() -> Vec<(u32, u32)> {
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before it may hold anything, but ends with the last parenthesis.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((pid, parent))
    })
    .collect()
}
