//! What the demo prints.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::tally::Tally;
use crate::harness::{Usage, micros};

/// Meters that are compared. Storage is not among them: it is sampled on the hour, whatever was asked.
const METERS: [&str; 4] = ["query", "write", "embedding_tokens", "egress_bytes"];

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Minutes and seconds.
pub fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// Whether usage by meter is what the client counted and, where receipts name the meter, what they say.
pub fn agree(tally: &Tally, usage: &Usage) -> bool {
    METERS.iter().all(|&meter| {
        let used = usage.of(meter);
        let own = tally.own.get(meter).copied().unwrap_or(0);
        used == own && tally.receipts.get(meter).is_none_or(|said| *said == used)
    })
}

/// Prints the comparison; true when invoice and usage agree as well.
pub fn print_usage(tally: &Tally, usage: &Usage, invoice: &Value) -> bool {
    let mut right = true;
    println!("\n| meter | the client counted | receipts say | usage says | invoice says | |");
    println!("|---|---:|---:|---:|---:|---|");
    for meter in METERS {
        let own = tally.own.get(meter).copied().unwrap_or(0);
        let said = tally.receipts.get(meter).copied();
        let used = usage.of(meter);
        let billed = invoice_units(invoice, meter);
        let equal = own == used && said.is_none_or(|said| said == used) && billed == Some(used);
        right &= equal;
        println!(
            "| {meter} | {} | {} | {} | {} | {} |",
            thousands(own),
            said.map_or_else(|| "not named".to_owned(), thousands),
            thousands(used),
            billed.map_or_else(|| "no line".to_owned(), thousands),
            if equal { "equal" } else { "DIFFERENT" },
        );
    }
    let others: BTreeSet<&str> =
        usage.rows.iter().map(|row| row.meter.as_str()).filter(|meter| !METERS.contains(meter)).collect();
    for meter in others {
        println!("| {meter} | | | {} | | sampled, not compared |", thousands(usage.of(meter)));
    }
    right
}

/// Units of a meter on the invoice; `None` when it has no line of it.
fn invoice_units(invoice: &Value, meter: &str) -> Option<u64> {
    let lines = invoice["lines"].as_array()?;
    lines.iter().find(|line| line["meter"] == meter)?["quantity"].as_u64()
}

/// Whether the invoice's lines add up to its total, in its smallest units.
pub fn adds_up(invoice: &Value) -> bool {
    let lines = invoice["lines"].as_array().into_iter().flatten();
    let sum = lines.map(|line| micros(&line["amount"]).ok()).try_fold(0_i128, |sum, amount| Some(sum + amount?));
    sum.is_some() && sum == micros(&invoice["total"]).ok()
}

/// Prints the invoice preview.
pub fn print_invoice(invoice: &Value) {
    println!("\ninvoice preview of the running period ({}):", invoice["edition"].as_str().unwrap_or("?"));
    println!("| line | quantity | included | charged | amount |\n|---|---:|---:|---:|---:|");
    let number = |value: &Value| value.as_u64().map_or_else(String::new, thousands);
    for line in invoice["lines"].as_array().into_iter().flatten() {
        println!(
            "| {} ({}) | {} | {} | {} | {} |",
            line["description"].as_str().unwrap_or("?"),
            line["counted_in"].as_str().unwrap_or("once"),
            number(&line["quantity"]),
            number(&line["included_quantity"]),
            number(&line["billable_quantity"]),
            money(&line["amount"]),
        );
    }
    println!("| total | | | | {} |", money(&invoice["total"]));
}

/// `0.001234 USD`.
pub fn money(value: &Value) -> String {
    match (value["amount"].as_str(), value["currency"].as_str()) {
        (Some(amount), Some(currency)) => format!("{amount} {currency}"),
        _ => value.to_string(),
    }
}
