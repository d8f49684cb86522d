//! What is promised of every request, shown on many.

mod freshness;
mod usage_per_key;
