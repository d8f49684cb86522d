//! How much memory processes take.

use std::collections::HashMap;

use anyhow::{Context as _, Result};

/// Bytes of this process.
pub fn own() -> Result<u64> {
    of(std::process::id())
}

/// Bytes of a process: what is resident, pages shared with others by their share.
pub fn of(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).with_context(|| format!("{path}: no Pss"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().with_context(|| format!("{path}: {line}"))?;
    Ok(kib * 1024)
}

/// Bytes of a process and everything it started.
pub fn of_family(pid: u32) -> Result<u64> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").context("/proc")?.filter_map(Result::ok) {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // The name, in brackets, may hold blanks; behind it come the state and the parent.
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(child);
        }
    }
    let mut sum = of(pid)?;
    let mut open = children.remove(&pid).unwrap_or_default();
    while let Some(next) = open.pop() {
        // One that has ended meanwhile takes nothing.
        sum += of(next).unwrap_or_default();
        open.extend(children.remove(&next).unwrap_or_default());
    }
    Ok(sum)
}
