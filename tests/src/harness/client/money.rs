//! Amounts of money as the API writes them.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Millionths of a currency unit, exactly, of `{"amount": "12.345678", ...}`.
pub fn micros(money: &Value) -> Result<i128> {
    let text = money["amount"].as_str().with_context(|| format!("no amount in {money}"))?;
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    ensure!(part.len() <= 6, "{text} is finer than a millionth");
    let value: i128 = format!("{whole}{part:0<6}").parse().with_context(|| text.to_owned())?;
    Ok(if negative { -value } else { value })
}
