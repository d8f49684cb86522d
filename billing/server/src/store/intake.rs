//! Taking a report in: one transaction, a fixed number of statements however many counters it has.
//!
//! Rows are locked in the order of their keys, table after table, so two reports at once wait for each other and do not
//! deadlock. What is new in a counter is known from the row that was locked, so hours and months are raised by exactly
//! that, whoever else reports at the same time.

use std::collections::BTreeMap;

use agentdb_billing_rating::Period;
use agentdb_control_plane_contract::{Checkpoint, Counter, MonthTotals, Source};
use agentdb_ids::ApiKeyId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Store, StoreError, month};

/// The largest believable value of a counter: ten million GiB held for an hour. Some 860 counters as large as that do not
/// fit into one sum of 64 bits; a report with them is refused, as sums are added with a check.
pub(crate) const MAX_VALUE: u64 = 10_000_000 << 30;

/// Identifies a counter; ordered as the primary key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct CounterKey {
    org_id: Uuid,
    source_kind: &'static str,
    source_id: Uuid,
    namespace_id: Uuid,
    key_id: Uuid,
    meter: &'static str,
    hour: i64,
}

impl CounterKey {
    fn of(counter: &Counter) -> Self {
        let (source_kind, source_id) = match counter.source {
            Source::Log(namespace) => ("log", namespace.uuid()),
            Source::Node(incarnation) => ("node", incarnation.uuid()),
        };
        Self {
            org_id: counter.org_id.uuid(),
            source_kind,
            source_id,
            namespace_id: counter.namespace_id.uuid(),
            key_id: counter.key_id.map_or(Uuid::nil(), ApiKeyId::uuid),
            meter: counter.meter.as_str(),
            hour: counter.hour,
        }
    }
}

/// Something a person should look at.
struct Alert {
    kind: &'static str,
    key: CounterKey,
    kept: i64,
    reported: i64,
}

impl Store {
    /// Makes a report durable and tells the totals of the running month of every organisation that it names.
    pub(crate) async fn take_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        running: Period,
        now: DateTime<Utc>,
    ) -> Result<Vec<MonthTotals>, StoreError> {
        let mut reported: BTreeMap<CounterKey, i64> = BTreeMap::new();
        for counter in &checkpoint.counters {
            let value = i64::try_from(counter.value)
                .map_err(|_| StoreError::Corrupt(format!("a report of {}", counter.value)))?;
            let largest = reported.entry(CounterKey::of(counter)).or_default();
            *largest = value.max(*largest);
        }
        let mut tx = agentdb_transaction::begin(&self.pools.jobs).await?;
        if !reported.is_empty() {
            let changes = raise_counters(&mut tx, &reported, now).await?;
            let alerts = alerts(&reported, &changes, now.timestamp().div_euclid(3600));
            raise_hours(&mut tx, &changes).await?;
            raise_months(&mut tx, &changes).await?;
            record(&mut tx, checkpoint, &alerts, now).await?;
        }
        let orgs = checkpoint.counters.iter().map(|counter| counter.org_id).chain(checkpoint.interest.iter().copied());
        let totals = month::totals(&mut tx, orgs, running).await?;
        tx.commit().await?;
        Ok(totals)
    }
}

/// What a report did to a counter that it named with another value than was known.
struct Change {
    value: i64,
    raised_by: i64,
}

async fn raise_counters(
    connection: &mut PgConnection,
    reported: &BTreeMap<CounterKey, i64>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<CounterKey, Change>, StoreError> {
    let keys: Vec<CounterKey> = reported.keys().copied().collect();
    let rows = sqlx::query!(
        r#"
        INSERT INTO billing.usage_counters AS kept
            (org_id, source_kind, source_id, namespace_id, key_id, meter, hour, value, updated_at)
        SELECT org_id, source_kind, source_id, namespace_id, key_id, meter, hour, value, $9
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[])
            WITH ORDINALITY
            AS reported (org_id, source_kind, source_id, namespace_id, key_id, meter, hour, value, place)
        ORDER BY place
        ON CONFLICT (org_id, source_kind, source_id, namespace_id, key_id, meter, hour) DO UPDATE
            SET previous = kept.value, value = greatest(kept.value, excluded.value), updated_at = excluded.updated_at
            WHERE kept.value <> excluded.value
        RETURNING org_id, source_kind, source_id, namespace_id, key_id, meter, hour, value, value - previous AS "raised_by!"
        "#,
        &column(&keys, |key| key.org_id),
        &column(&keys, |key| key.source_kind.to_owned()),
        &column(&keys, |key| key.source_id),
        &column(&keys, |key| key.namespace_id),
        &column(&keys, |key| key.key_id),
        &column(&keys, |key| key.meter.to_owned()),
        &column(&keys, |key| key.hour),
        &reported.values().copied().collect::<Vec<_>>(),
        now
    )
    .fetch_all(connection)
    .await?;
    let mut changes = BTreeMap::new();
    for row in rows {
        let known = keys.binary_search_by(|key| {
            (key.org_id, key.source_kind, key.source_id, key.namespace_id, key.key_id, key.meter, key.hour).cmp(&(
                row.org_id,
                row.source_kind.as_str(),
                row.source_id,
                row.namespace_id,
                row.key_id,
                row.meter.as_str(),
                row.hour,
            ))
        });
        let place = known.map_err(|_| StoreError::Corrupt("a counter that was not reported".to_owned()))?;
        changes.insert(keys[place], Change { value: row.value, raised_by: row.raised_by });
    }
    Ok(changes)
}

fn column<K, T>(keys: &[K], of: impl Fn(&K) -> T) -> Vec<T> {
    keys.iter().map(of).collect()
}

fn alerts(
    reported: &BTreeMap<CounterKey, i64>,
    changes: &BTreeMap<CounterKey, Change>,
    current_hour: i64,
) -> Vec<Alert> {
    changes
        .iter()
        .filter_map(|(key, change)| {
            let reported = reported.get(key).copied().unwrap_or_default();
            let kind = if reported < change.value {
                "decrease"
            } else if key.hour > current_hour + 1 {
                "future_hour"
            } else {
                return None;
            };
            Some(Alert { kind, key: *key, kept: change.value, reported })
        })
        .collect()
}

fn raise(sum: &mut i64, change: &Change) -> Result<(), StoreError> {
    *sum = sum.checked_add(change.raised_by).ok_or(StoreError::SumTooLarge)?;
    Ok(())
}

/// The database adds with a check as well; 22003 is its refusal.
fn not_added(error: sqlx::Error) -> StoreError {
    let overflow =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "22003");
    if overflow { StoreError::SumTooLarge } else { error.into() }
}

async fn raise_hours(connection: &mut PgConnection, changes: &BTreeMap<CounterKey, Change>) -> Result<(), StoreError> {
    let mut hours: BTreeMap<(Uuid, i64, &str, Uuid, Uuid), i64> = BTreeMap::new();
    for (key, change) in changes {
        raise(hours.entry((key.org_id, key.hour, key.meter, key.namespace_id, key.key_id)).or_default(), change)?;
    }
    hours.retain(|_, raised_by| *raised_by > 0);
    let keys: Vec<_> = hours.keys().copied().collect();
    sqlx::query!(
        r#"
        INSERT INTO billing.usage_hourly AS kept (org_id, hour, meter, namespace_id, key_id, quantity)
        SELECT org_id, hour, meter, namespace_id, key_id, quantity
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[]) WITH ORDINALITY
            AS raised (org_id, hour, meter, namespace_id, key_id, quantity, place)
        ORDER BY place
        ON CONFLICT (org_id, hour, meter, namespace_id, key_id) DO UPDATE
            SET quantity = kept.quantity + excluded.quantity
        "#,
        &column(&keys, |key| key.0),
        &column(&keys, |key| key.1),
        &column(&keys, |key| key.2.to_owned()),
        &column(&keys, |key| key.3),
        &column(&keys, |key| key.4),
        &hours.values().copied().collect::<Vec<_>>()
    )
    .execute(connection)
    .await
    .map_err(not_added)?;
    Ok(())
}

async fn raise_months(connection: &mut PgConnection, changes: &BTreeMap<CounterKey, Change>) -> Result<(), StoreError> {
    let mut months: BTreeMap<(Uuid, i64, &str), i64> = BTreeMap::new();
    for (key, change) in changes {
        let month = Period::month_of_hour(key.hour)
            .ok_or_else(|| StoreError::Corrupt(format!("hour {} is in no month", key.hour)))?;
        raise(months.entry((key.org_id, month.start_hour(), key.meter)).or_default(), change)?;
    }
    months.retain(|_, raised_by| *raised_by > 0);
    let keys: Vec<_> = months.keys().copied().collect();
    sqlx::query!(
        r#"
        INSERT INTO billing.usage_monthly AS kept (org_id, month_start_hour, meter, quantity)
        SELECT org_id, month_start_hour, meter, quantity
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[]) WITH ORDINALITY
            AS raised (org_id, month_start_hour, meter, quantity, place)
        ORDER BY place
        ON CONFLICT (org_id, month_start_hour, meter) DO UPDATE SET quantity = kept.quantity + excluded.quantity
        "#,
        &column(&keys, |key| key.0),
        &column(&keys, |key| key.1),
        &column(&keys, |key| key.2.to_owned()),
        &months.values().copied().collect::<Vec<_>>()
    )
    .execute(connection)
    .await
    .map_err(not_added)?;
    Ok(())
}

/// Keeps alerts, and warns once for the report.
async fn record(
    connection: &mut PgConnection,
    checkpoint: &Checkpoint,
    alerts: &[Alert],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(first) = alerts.first() else { return Ok(()) };
    sqlx::query!(
        r#"
        INSERT INTO billing.usage_alerts AS seen
            (org_id, kind, source_kind, source_id, namespace_id, key_id, meter, hour, kept, reported, node_id,
             first_seen_at, last_seen_at)
        SELECT org_id, kind, source_kind, source_id, namespace_id, key_id, meter, hour, kept, reported, $11, $12, $12
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::bigint[],
                    $9::bigint[], $10::bigint[]) WITH ORDINALITY
            AS alert (org_id, kind, source_kind, source_id, namespace_id, key_id, meter, hour, kept, reported, place)
        ORDER BY place
        ON CONFLICT (org_id, kind, source_kind, source_id, namespace_id, key_id, meter, hour) DO UPDATE
            SET kept = excluded.kept, reported = excluded.reported, node_id = excluded.node_id,
                last_seen_at = excluded.last_seen_at, occurrences = seen.occurrences + 1
        "#,
        &column(alerts, |alert| alert.key.org_id),
        &column(alerts, |alert| alert.kind.to_owned()),
        &column(alerts, |alert| alert.key.source_kind.to_owned()),
        &column(alerts, |alert| alert.key.source_id),
        &column(alerts, |alert| alert.key.namespace_id),
        &column(alerts, |alert| alert.key.key_id),
        &column(alerts, |alert| alert.key.meter.to_owned()),
        &column(alerts, |alert| alert.key.hour),
        &column(alerts, |alert| alert.kept),
        &column(alerts, |alert| alert.reported),
        checkpoint.node_id.uuid(),
        now
    )
    .execute(connection)
    .await?;
    tracing::warn!(
        node_id = %checkpoint.node_id, sequence = checkpoint.sequence, alerts = alerts.len(), first.kind,
        source = first.key.source_kind, source_id = %first.key.source_id, meter = first.key.meter,
        hour = first.key.hour, first.kept, first.reported,
        "a usage report contradicts what is known; recorded in billing.usage_alerts"
    );
    Ok(())
}
