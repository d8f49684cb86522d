//! Parts of requests that are refused while they are read, so that a body never takes much more memory than
//! its own length: the error names the list, and nothing behind its bound is kept.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Values for one filter.
const MAX_PARAMS: usize = 256;
/// Values in a list that is one parameter of a filter.
const MAX_LIST_PARAM: usize = 1_000;

/// For `deserialize_with`: a list of at most `MOST`.
pub(crate) fn list<'de, D, T, const MOST: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    List::<T, MOST>::deserialize(deserializer).map(|list| list.0)
}

/// For `deserialize_with`: a list of at most `MOST`, or null.
pub(crate) fn optional_list<'de, D, T, const MOST: usize>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<List<T, MOST>>::deserialize(deserializer).map(|list| list.map(|list| list.0))
}

/// For `deserialize_with`: an object of at most `MOST` members.
pub(crate) fn map<'de, D, T, const MOST: usize>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_map(MapOf::<T, MOST>(PhantomData))
}

/// For `deserialize_with`: the values of a filter's `$1`, `$2`, …: at most 256, each a plain value or a list
/// of at most 1,000.
pub(crate) fn params<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<serde_json::Value>, D::Error> {
    let params = List::<Param, MAX_PARAMS>::deserialize(deserializer)?;
    Ok(params.0.into_iter().map(|param| param.0).collect())
}

/// For `deserialize_with`: a member that is there, also when it is null.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A list of at most `MOST`.
struct List<T, const MOST: usize>(Vec<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for List<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListOf::<T, MOST>(PhantomData)).map(Self)
    }
}

struct ListOf<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for ListOf<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MOST}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while list.len() < MOST {
            let Some(item) = items.next_element()? else { return Ok(list) };
            list.push(item);
        }
        match items.next_element::<IgnoredAny>()? {
            None => Ok(list),
            Some(_) => Err(de::Error::custom(format_args!("at most {MOST} are taken at once"))),
        }
    }
}

struct MapOf<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for MapOf<T, MOST> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object of at most {MOST} members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(name) = members.next_key()? {
            if map.len() == MOST {
                return Err(de::Error::custom(format_args!("at most {MOST} members are taken")));
            }
            map.insert(name, members.next_value()?);
        }
        Ok(map)
    }
}

/// A value for a filter: a plain one, or a list of plain ones.
struct Param(serde_json::Value);

impl<'de> Deserialize<'de> for Param {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParamOf { lists: true }).map(Self)
    }
}

/// A plain value in a list.
struct Plain(serde_json::Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParamOf { lists: false }).map(Self)
    }
}

struct ParamOf {
    lists: bool,
}

impl<'de> Visitor<'de> for ParamOf {
    type Value = serde_json::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true or false")?;
        if self.lists { f.write_str(", or a list of these") } else { Ok(()) }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(serde_json::Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        if !self.lists {
            return Err(de::Error::invalid_type(de::Unexpected::Seq, &self));
        }
        let list = ListOf::<Plain, MAX_LIST_PARAM>(PhantomData).visit_seq(items)?;
        Ok(list.into_iter().map(|item| item.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Request {
        #[serde(default, deserialize_with = "list::<_, _, 2>")]
        ids: Vec<String>,
        #[serde(default, deserialize_with = "optional_list::<_, _, 2>")]
        vector: Option<Vec<f32>>,
        #[serde(default, deserialize_with = "map::<_, _, 2>")]
        attributes: BTreeMap<String, u8>,
        #[serde(default, deserialize_with = "params")]
        params: Vec<serde_json::Value>,
    }

    fn read(json: &serde_json::Value) -> Result<Request, String> {
        serde_json::from_str(&json.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_within_the_bounds_is_read_as_it_is() {
        let params = json!(["a", 1, -1, 1.5, true, null, ["x", 2]]);
        let request = json!({"ids": ["a", "b"], "vector": [1, 2], "attributes": {"a": 1, "b": 2}, "params": params});
        let request = read(&request).expect("within the bounds");
        assert_eq!(request.ids, ["a", "b"]);
        assert_eq!(request.vector, Some(vec![1.0, 2.0]));
        assert_eq!(request.attributes.len(), 2);
        assert_eq!(serde_json::Value::from(request.params), params);
        assert_eq!(read(&json!({"vector": null})).expect("null is nothing").vector, None);
    }

    #[test]
    fn what_is_beyond_them_is_refused() {
        for (request, expected) in [
            (json!({"ids": ["a", "b", "c"]}), "at most 2 are taken"),
            (json!({"vector": [1, 2, 3]}), "at most 2 are taken"),
            (json!({"attributes": {"a": 1, "b": 2, "c": 3}}), "at most 2 members"),
            (json!({"params": vec![1; 257]}), "at most 256 are taken"),
            (json!({"params": [vec![1; 1_001]]}), "at most 1000 are taken"),
            (json!({"params": [[[1]]]}), "expected a string, a number, true or false"),
            (json!({"params": [{"a": 1}]}), "or a list of these"),
        ] {
            let error = read(&request).expect_err(expected);
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }

    /// The list has no end: whoever reads on meets malformed JSON instead of the bound.
    #[test]
    fn nothing_behind_the_bound_is_read() {
        let mut items = vec!["1"; 100_000].join(",").into_bytes();
        items.insert(0, b'[');
        let mut reader = serde_json::Deserializer::from_slice(&items);
        let error = list::<_, u8, 10>(&mut reader).expect_err("too many");
        assert!(error.to_string().starts_with("at most 10 are taken"), "{error}");
    }
}
