//! `make neighbour`, second part: how exactly a rate binds at five times its load, in requests and in units.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::neighbour::{Asked, Options, collection};
use super::open_loop::Offered;
use super::{machine, page};
use crate::harness::{Place, Roles, eventually};

const TIMES: f64 = 5.0;
const REQUESTS: (u64, u64) = (50, 100);
const UNITS: (u64, u64) = (50_000, 100_000);
/// Milli-units of a small write.
const WRITE: u64 = 2_000;
const WIDE: u64 = 1 << 40;

struct Row {
    what: &'static str,
    rate: (u64, u64),
    offered: Offered,
    admitted: u64,
}

/// Measures, prints and writes the page.
///
/// # Errors
/// Anything that did not answer as it should, and a rate that was passed by more than 5 %.
pub async fn run(options: Options) -> Result<()> {
    let machine = machine();
    let roles = Roles::start(Place::Directory).await?;
    let rows = [requests(&roles, options.time()).await?, units(&roles, options.time()).await?];
    roles.stop().await?;
    let page = report(&machine, &rows);
    println!("\n{page}");
    page::put(options.out(), "limits", &page)?;
    for row in &rows {
        let share = row.admitted as f64 / expected(row);
        ensure!((0.95..=1.05).contains(&share), "{}: {share:.3} of what the rate allows was admitted", row.what);
    }
    Ok(())
}

async fn requests(roles: &Roles, time: Duration) -> Result<Row> {
    let (rate, burst) = REQUESTS;
    let asked = bound(roles, &json!({"requests_per_second": rate, "request_burst": burst}), "\"requests\"").await?;
    let offered = asked.offer(TIMES * rate as f64, time).await?;
    let admitted = offered.admitted();
    Ok(Row { what: "requests", rate: REQUESTS, offered, admitted })
}

async fn units(roles: &Roles, time: Duration) -> Result<Row> {
    let (rate, burst) = UNITS;
    let limits = json!({"write_milli_units_per_second": rate, "write_milli_units_burst": burst});
    let asked = bound(roles, &limits, "\"write_milli_units\"").await?;
    let offered = asked.offer(TIMES * rate as f64 / WRITE as f64, time).await?;
    let admitted = offered.units;
    Ok(Row { what: "write milli-units", rate: UNITS, offered, admitted })
}

/// Small writes of a new organisation that is bound by `limits` alone, with all of its burst left.
async fn bound(roles: &Roles, limits: &Value, named: &str) -> Result<Asked> {
    let account = roles.account().await?;
    let api = collection(&account, &roles.node_base(), &[]).await?;
    let mut overrides = json!({
        "requests_per_second": 1_000_000, "request_burst": 1_000_000, "concurrent_requests": 10_000,
        "write_milli_units_per_second": WIDE, "write_milli_units_burst": WIDE, "storage_bytes": WIDE,
        "query_milli_units_per_second": WIDE, "query_milli_units_burst": WIDE,
        "query_milli_units_per_month": null, "write_milli_units_per_month": null,
    });
    for (name, value) in limits.as_object().into_iter().flatten() {
        overrides[name] = value.clone();
    }
    roles.operator().await?.override_limits(&account.org, &overrides).await?;
    let quota = limits.as_object().and_then(|limits| limits.iter().find(|(name, _)| name.ends_with("burst")));
    let quota = format!("{named};q={};", quota.map_or(0, |(_, burst)| burst.as_u64().unwrap_or(0)));
    let vector = vec![1.0_f32; super::data::DIMENSION];
    let bodies = (0..100).map(|n| json!({"records": [{"id": format!("r{n}"), "vector": vector}]}));
    let asked = Asked::new(&api, api.collection("bench", "vectors").path().to_owned() + "/upsert", bodies);
    eventually("the limits at the node", Duration::from_secs(150), async || {
        let reply = api.post("/v1/namespaces/bench/collections/vectors/delete", &json!({"ids": ["none"]})).await?;
        Ok(reply.header("ratelimit-policy").is_some_and(|policy| policy.contains(&quota)).then_some(()))
    })
    .await?;
    // The burst comes back.
    tokio::time::sleep(Duration::from_secs(5)).await;
    Ok(asked)
}

fn expected(row: &Row) -> f64 {
    row.rate.0 as f64 * row.offered.time.as_secs_f64() + row.rate.1 as f64
}

fn report(machine: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "## Rates under five times their load\n\nWritten by `make neighbour`, on this machine:\n{machine}. Small writes, five \
         times as many as the rate allows, in time whether answered or not. *Allowed* is the rate times the seconds, and \
         the burst.\n\n| limit | a second | burst | seconds | requests offered | admitted | allowed | of it | answers \
         |\n|---|---:|---:|---:|---:|---:|---:|---:|---|\n"
    );
    for row in rows {
        let (offered, allowed) = (row.offered.answered() + row.offered.left_out + row.offered.broken, expected(row));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.1} | {offered} | {} | {allowed:.0} | {:.1} % | {:?} |",
            row.what,
            row.rate.0,
            row.rate.1,
            row.offered.time.as_secs_f64(),
            row.admitted,
            row.admitted as f64 / allowed * 100.0,
            row.offered.statuses,
        );
    }
    text
}
