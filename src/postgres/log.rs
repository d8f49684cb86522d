//! What the server writes to its standard error becomes our log, so that there is one log and no file that grows.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Lines kept for the message of a failed start.
const KEPT: usize = 20;
/// A longer line is cut: it is somebody's statement, not a message.
const MAX_LINE: usize = 2_000;

/// The last lines a server wrote.
#[derive(Clone, Default)]
pub struct LastLines(Arc<Mutex<VecDeque<String>>>);

impl LastLines {
    /// Reads until the server closes its end.
    pub async fn follow(self, stderr: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(stderr).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let mut line = String::from_utf8_lossy(&line).into_owned();
            if line.len() > MAX_LINE {
                line.truncate(line.floor_char_boundary(MAX_LINE));
            }
            emit(&line);
            let mut kept = self.0.lock();
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(line);
        }
    }

    /// The kept lines as one text.
    pub fn text(&self) -> String {
        self.0.lock().iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

fn emit(line: &str) {
    match severity(line) {
        "PANIC" => tracing::error!(target: "postgres", "{line}"),
        // FATAL ends one connection, for example each one that is open when the server stops.
        "FATAL" | "ERROR" | "WARNING" => tracing::warn!(target: "postgres", "{line}"),
        _ => tracing::debug!(target: "postgres", "{line}"),
    }
}

/// The word before the first `:  `, as in `[1234] FATAL:  the database system is starting up`.
fn severity(line: &str) -> &str {
    line.split_once(":  ").and_then(|(head, _)| head.rsplit(' ').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_severity_stands_before_the_message() {
        assert_eq!(severity("[77] FATAL:  the database system is starting up"), "FATAL");
        assert_eq!(severity("[77] app@agentdb ERROR:  relation \"x\" does not exist"), "ERROR");
        assert_eq!(severity("\tcontinued"), "");
    }

    #[tokio::test]
    async fn only_the_last_lines_are_kept() {
        let all: String = (0..50).map(|n| format!("line {n}\n")).collect();
        let kept = LastLines::default();
        kept.clone().follow(all.as_bytes()).await;
        let text = kept.text();
        assert_eq!(text.lines().count(), KEPT);
        assert!(text.starts_with("line 30") && text.ends_with("line 49"));
    }
}
