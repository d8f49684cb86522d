//! Values that may come as text (environment, flags) or as what they are (file).

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Integer(i64),
    Text(String),
}

/// Deserializes a number or a truth value, also out of its text.
pub fn parse<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    let text = match Scalar::deserialize(deserializer)? {
        Scalar::Bool(value) => value.to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Text(value) => value,
    };
    text.trim().parse().map_err(|error| de::Error::custom(format!("`{text}`: {error}")))
}
