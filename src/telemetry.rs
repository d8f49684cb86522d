//! Logs and metrics of the process.

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{ConfigError, Log, LogFormat};

/// Bounds of the histograms of durations, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Libraries that tell at `info` what only their own developers want to know; said for a bare level, not for directives.
const QUIET: &str = "lance=warn,sqlx::postgres::notice=warn,h2=info,hyper=info,rustls=info,datafusion=info";

/// Sends the log to standard error. Called once, first of all.
pub fn start_log(log: &Log) -> Result<(), ConfigError> {
    let bare = log.level.parse::<tracing::Level>().is_ok();
    let directives = if bare { format!("{},{QUIET}", log.level) } else { log.level.clone() };
    let refused = |why: &str| ConfigError::Value {
        place: "log.level".to_owned(),
        why: format!("`{}`: {why}; give error, warn, info, debug, trace, or target=level, ...", log.level),
    };
    // The filter itself would take any word for the name of a target.
    if !directives.split(',').all(|one| one.contains('=') || one.trim().parse::<LevelFilter>().is_ok()) {
        return Err(refused("it names no level"));
    }
    let filter = EnvFilter::try_new(directives).map_err(|error| refused(&error.to_string()))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).init(),
    }
    Ok(())
}

/// Starts collecting metrics and gives what renders them.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(5));
        loop {
            every.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}
