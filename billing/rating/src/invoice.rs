use serde::Serialize;
use utoipa::ToSchema;

use crate::{CountedIn, Money, Per};

/// A line: one meter, or the base fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Line {
    /// The meter or operation class; absent on the line of the base fee.
    pub meter: Option<String>,
    /// What the line is for.
    pub description: String,
    /// What one of the quantities is; absent on the line of the base fee.
    pub counted_in: Option<CountedIn>,
    /// What was used.
    pub quantity: u64,
    /// How much of it the edition includes.
    pub included_quantity: u64,
    /// How much of it is charged: what was used beyond the included amount, where the edition charges.
    pub billable_quantity: u64,
    /// The price of `per`; absent on the line of the base fee.
    pub unit_price: Option<Money>,
    /// How much the unit price is for, in what the meter is counted in.
    pub per: Option<Per>,
    /// `billable_quantity * unit_price / per`, rounded once to the currency's minor unit, half to even.
    pub amount: Money,
    /// The calculation in words.
    pub explanation: String,
}

/// What a period costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The base fee, then every price of the book in its order.
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total: Money,
}
