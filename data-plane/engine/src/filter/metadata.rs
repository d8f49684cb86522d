//! Paths into a record's metadata, without building what is beside the path.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// The JSON at `path`, or `None` when there is nothing or null.
pub(super) fn at_path(metadata: &str, path: &[String]) -> Option<Json> {
    let mut json = serde_json::Deserializer::from_str(metadata);
    // Only text that the engine itself wrote comes here.
    Walk(path).deserialize(&mut json).ok().flatten().filter(|found| !found.is_null())
}

/// Walks down the rest of a path.
struct Walk<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Option<Json>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            return serde::Deserialize::deserialize(deserializer).map(Some);
        }
        deserializer.deserialize_any(self)
    }
}

/// Anything but an object has nothing further down.
impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Option<Json>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.0[0] {
                found = map.next_value_seed(Walk(&self.0[1..]))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_through_objects_only() {
        let text = r#"{"a":{"b":[1,{"c":2}],"d":"x"},"e\u0066":null,"n":1}"#;
        let at = |path: &[&str]| at_path(text, &path.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(at(&["a", "d"]), Some("x".into()));
        assert_eq!(at(&["a", "b"]), Some(serde_json::json!([1, {"c": 2}])));
        for nothing in [&["a", "b", "c"][..], &["x"], &["ef"], &["n", "m"], &["a", "d", "x"]] {
            assert_eq!(at(nothing), None, "{nothing:?}");
        }
    }
}
