//! The page of figures.

use std::fmt::Write as _;
use std::time::Duration;

use super::measure::Figures;

/// One kind of query, measured both ways with the same numbers of clients.
pub struct Pair {
    pub what: String,
    pub engine: Vec<Figures>,
    pub http: Vec<Figures>,
}

/// Everything that was measured.
pub struct Report {
    pub machine: String,
    pub vectors: usize,
    pub passages: usize,
    pub embedded_per_second: f64,
    pub pairs: Vec<Pair>,
    pub admission: [Figures; 2],
}

impl Report {
    /// The part of `docs/performance.md`.
    pub fn page(&self) -> String {
        let mut page = format!(
            "## The service beside the engine\n\nWritten by `make bench`; the numbers are of the last run, on this machine:\n{}. Debian 12, \
             data in a directory with fsync, the build profile of `make run` and `make test` (what a request runs \
             through and the numeric crates optimised, the rest hardly). Client and service share the machine's cores.\n\n",
            self.machine
        );
        let _ = write!(
            page,
            "- `vectors`: {} clustered vectors of 384 numbers, the 10 nearest by cosine.\n- `passages`: {} passages of \
             the PostgreSQL manual with text and vector, the 10 best for ten questions.\n- A client asks, waits for \
             the answer and asks again. Engine: a call in the same process. HTTP: connections that stay open, through \
             authentication, admission, metering to the spool, and the receipt. Hybrid embeds the question in both.\n\n",
            self.vectors, self.passages
        );
        page.push_str(
            "| query | clients | engine p50 | p99 | per s | HTTP p50 | p99 | per s | HTTP adds at p50 | throughput kept |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for pair in &self.pairs {
            for (engine, http) in pair.engine.iter().zip(&pair.http) {
                let adds = millis(http.p50) - millis(engine.p50);
                let _ = writeln!(
                    page,
                    "| {} | {} | {:.2} ms | {:.2} ms | {:.0} | {:.2} ms | {:.2} ms | {:.0} | {adds:.2} ms ({:.2} x) | {:.0} % |",
                    pair.what,
                    engine.clients,
                    millis(engine.p50),
                    millis(engine.p99),
                    engine.per_second,
                    millis(http.p50),
                    millis(http.p99),
                    http.per_second,
                    millis(http.p50) / millis(engine.p50),
                    http.per_second / engine.per_second * 100.0,
                );
            }
        }
        page.push_str(
            "\nAdmission and metering alone (key, grant, scope, rate, concurrency, month's amounts, two counters in the \
             spool), in process:\n\n| callers | p50 | p99 | per s |\n|---:|---:|---:|---:|\n",
        );
        for figures in &self.admission {
            let micros = |time: Duration| time.as_secs_f64() * 1e6;
            let (p50, p99) = (micros(figures.p50), micros(figures.p99));
            let _ = writeln!(page, "| {} | {p50:.1} µs | {p99:.1} µs | {:.0} |", figures.clients, figures.per_second);
        }
        let _ = writeln!(
            page,
            "\nEmbedding the passages (up to 200 tokens each) in process: {:.0} a second.",
            self.embedded_per_second
        );
        page
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
