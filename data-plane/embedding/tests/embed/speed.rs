//! Not a check: prints sentences per second. Run it alone:
//! `cargo test -p agentdb-data-plane-embedding --test embed speed -- --ignored --nocapture`

use std::time::Instant;

use super::support::embedder;

const TEXT: &str = "PostgreSQL provides various lock modes to control concurrent access to data in tables. \
    These modes can be used for application controlled locking in situations where MVCC does not give the \
    desired behavior. Also, most PostgreSQL commands automatically acquire locks of appropriate modes to \
    ensure that referenced tables are not dropped or modified in incompatible ways while the command \
    executes. For example, TRUNCATE cannot safely be executed concurrently with other operations on the \
    same table.";

#[tokio::test]
#[ignore = "a measurement, for a machine that does nothing else"]
#[expect(clippy::disallowed_methods, reason = "measures the machine")]
async fn sentences_per_second() {
    let embedder = embedder();
    for (count, rounds) in [(1, 40), (8, 10), (400, 1)] {
        let texts = vec![TEXT.to_owned(); count];
        embedder.embed(texts.clone()).await.expect("embedded");
        let started = Instant::now();
        let mut tokens = 0;
        for _ in 0..rounds {
            tokens += embedder.embed(texts.clone()).await.expect("embedded").tokens.iter().sum::<u32>();
        }
        let seconds = started.elapsed().as_secs_f64();
        let done = (count * rounds) as f64;
        println!(
            "{count:4} texts a call: {:7.1} texts/s, {:8.0} tokens/s, {:6.1} ms a call ({} tokens a text)",
            done / seconds,
            f64::from(tokens) / seconds,
            seconds * 1000.0 / rounds as f64,
            f64::from(tokens) / done,
        );
    }
}
