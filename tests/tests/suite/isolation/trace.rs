//! What an organisation has, as its owner sees it and as the database holds it.

use agentdb_tests::harness::{Account, Collection, Operator, Tally, Usage};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _};

/// What the owner reads of the data; tallied, since reading is counted.
pub async fn data(papers: &Collection, tally: &mut Tally) -> Result<Vec<Value>> {
    let mut seen = Vec::new();
    seen.push(tally.add(papers.describe().await?.expect(200)?).result().clone());
    seen.push(tally.add(papers.count(&json!({})).await?.expect(200)?).result().clone());
    let whole = json!({"include": ["text", "attributes", "metadata", "vector"]});
    seen.push(tally.add(papers.scan(&whole).await?.expect(200)?).result().clone());
    Ok(seen)
}

/// What the owner reads of the organisation.
pub async fn organisation(owner: &Account) -> Result<Vec<Value>> {
    let mut seen = Vec::new();
    for rest in ["", "/edition", "/members", "/invitations", "/api-keys", "/namespaces", "/audit-events"] {
        seen.push(without_last_uses(owner.api.get(&owner.path(rest)).await?.expect(200)?.json));
    }
    Ok(seen)
}

/// A list of keys without what its owner's own requests change.
pub fn without_last_uses(mut list: Value) -> Value {
    for key in list.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(key) = key.as_object_mut() {
            key.retain(|member, _| !member.starts_with("last_used_"));
        }
    }
    list
}

/// A digest of all rows of the organisation outside of usage, that of keys too, whatever tables there are.
pub async fn rows(operator: &Operator, owner: &Account) -> Result<Vec<(String, i64, String)>> {
    let org: agentdb_ids::OrgId = owner.org.parse().context("an organisation's id")?;
    let mut connection = operator.connect().await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.columns
         WHERE column_name = 'org_id' AND table_schema NOT IN ('pg_catalog', 'information_schema')
           AND table_name NOT LIKE 'usage\\_%' AND table_name <> 'key_uses' ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await?;
    let mut digests = Vec::new();
    for table in tables {
        let digest = format!(
            "SELECT count(*), coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM {table} t
             WHERE org_id = $1"
        );
        let (count, digest) = sqlx::query_as(AssertSqlSafe(digest)).bind(org.uuid()).fetch_one(&mut connection).await?;
        digests.push((table, count, digest));
    }
    connection.close().await?;
    Ok(digests)
}

/// The owner's usage once it is all reported, without storage, which accrues by itself.
pub async fn usage(owner: &Account, tally: &Tally) -> Result<Usage> {
    let mut usage = owner.usage_when("the owner's usage is reported", |usage| tally.equals(usage)).await?;
    usage.rows.retain(|row| row.meter != "storage_byte_hours");
    Ok(usage)
}

/// Waits until everything that was done on the node before this call has been reported: what the witness does now is
/// reported no earlier.
pub async fn reported(witness: &Account, papers: &Collection, tally: &mut Tally) -> Result<()> {
    tally.add(papers.count(&json!({})).await?.expect(200)?);
    witness.usage_when("the witness's usage is reported", |usage| tally.equals(usage)).await?;
    Ok(())
}
