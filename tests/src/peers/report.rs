//! The table, and what it says about us.

use std::fmt::Write as _;

use super::course::WANTED;
use super::figures::{Loop, OfShare, Outcome};
use super::options::{CHROMA, ENGINE, HNSW, LANCEDB, PGVECTOR, SERVICE};
use super::share::Share;

/// Everything that was measured.
pub struct Report {
    pub machine: String,
    pub vectors: usize,
    pub clusters: usize,
    pub contenders: Vec<(String, Outcome)>,
}

impl Report {
    /// The part of `docs/performance.md`.
    pub fn text(&self) -> String {
        let mut text = format!(
            "## Beside other stores: {} vectors\n\n`make peers ARGS=\"--vectors {}\"` on {}. Vectors of 384 numbers, of \
             length 1, around {} centres; the 10 nearest; recall and times on queries that the effort was not chosen by. \
             The client is on the same machine.\n\n",
            self.vectors, self.vectors, self.machine, self.clusters
        );
        text.push_str(
            "| | rows that pass | effort | recall | p50 | p99 | queries/s, 2 clients | 8 clients | built in | memory |\n\
             |---|---:|---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for (name, outcome) in &self.contenders {
            for share in &outcome.shares {
                self.row(&mut text, name, outcome, share);
            }
        }
        text.push('\n');
        for line in self.comparisons() {
            let _ = writeln!(text, "- {line}");
        }
        text
    }

    fn row(&self, text: &mut String, name: &str, outcome: &Outcome, share: &OfShare) {
        let at = |clients| share.with(clients);
        let times = |of: fn(&Loop) -> f64| at(1).map_or_else(String::new, |each| format!("{:.2} ms", of(each)));
        let speed = |clients| at(clients).map_or_else(String::new, |each| format!("{:.0}", each.per_second));
        let short = if share.recall < WANTED { " (not reached)" } else { "" };
        let _ = write!(
            text,
            "| {name} | {} % | {} | {:.3}{short} | {} | {} | {} | {} |",
            share.below,
            share.effort,
            share.recall,
            times(|each| each.p50),
            times(|each| each.p99),
            speed(2),
            speed(8),
        );
        if share.below == Share::All.below() {
            let _ = writeln!(text, " {:.0} s | {} MiB |", outcome.build.as_secs_f64(), outcome.memory >> 20);
        } else {
            text.push_str(" | |\n");
        }
    }

    /// Our queries a second as a share of the others', for each filter.
    fn comparisons(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (ours, theirs) in
            [(ENGINE, HNSW), (SERVICE, ENGINE), (SERVICE, LANCEDB), (SERVICE, CHROMA), (SERVICE, PGVECTOR)]
        {
            let Some((_, own)) = self.contenders.iter().find(|each| is(each, ours)) else { continue };
            for (name, other) in self.contenders.iter().filter(|each| is(each, theirs)) {
                lines.push(format!("queries/s of {ours} in % of {name}: {}", ratios(own, other).join("; ")));
            }
        }
        lines
    }
}

/// LanceDB has a name for each kind of index.
fn is(contender: &(String, Outcome), name: &str) -> bool {
    contender.0 == name || (name == LANCEDB && contender.0.starts_with(name))
}

fn ratios(ours: &Outcome, theirs: &Outcome) -> Vec<String> {
    let of = |share: Share, clients| {
        let speed = |outcome: &Outcome| Some(outcome.of(share.below())?.with(clients)?.per_second);
        Some(speed(ours)? / speed(theirs)? * 100.0)
    };
    let told = |share: Share| {
        let figures: Vec<String> =
            [1, 2, 8].into_iter().filter_map(|n| Some(format!("{:.0} ({n})", of(share, n)?))).collect();
        format!("{} % pass: {}", share.below(), figures.join(", "))
    };
    Share::EACH.into_iter().map(told).collect()
}
