//! What the service says was used.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// A row of the usage report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// The UTC hour.
    pub hour: String,
    /// `query`, `write` and so on.
    pub meter: String,
    /// Who asked, where the report is grouped by key.
    pub key_id: Option<String>,
    /// Where, where the report is grouped by namespace.
    pub namespace_id: Option<String>,
    /// In the meter's own unit.
    pub units: u64,
}

/// A usage report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All rows.
    pub rows: Vec<UsageRow>,
}

impl Usage {
    pub(super) fn read(json: &Value) -> Result<Self> {
        let rows = json["rows"].as_array().with_context(|| format!("no rows in {json}"))?;
        let text = |row: &Value, field: &str| row[field].as_str().map(str::to_owned);
        let rows = rows.iter().map(|row| {
            Ok(UsageRow {
                hour: text(row, "hour").unwrap_or_default(),
                meter: text(row, "meter").with_context(|| format!("no meter in {row}"))?,
                key_id: text(row, "key_id"),
                namespace_id: text(row, "namespace_id"),
                units: row["quantity"].as_u64().with_context(|| format!("no units in {row}"))?,
            })
        });
        Ok(Self { rows: rows.collect::<Result<_>>()? })
    }

    /// All units of a meter.
    pub fn of(&self, meter: &str) -> u64 {
        self.rows.iter().filter(|row| row.meter == meter).map(|row| row.units).sum()
    }

    /// All units of a meter that a key asked for.
    pub fn of_key(&self, meter: &str, key_id: &str) -> u64 {
        let rows = self.rows.iter().filter(|row| row.meter == meter && row.key_id.as_deref() == Some(key_id));
        rows.map(|row| row.units).sum()
    }
}
