//! Collections that cannot be made.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Ground, case::Case};

pub fn cases(ground: &Ground) -> Vec<Case> {
    let put = |what, name: &str, schema: &Value, names| {
        let path = format!("/v1/namespaces/good/collections/{name}");
        Case::post(what, &ground.key, path, schema, names).method(Method::PUT)
    };
    let vector = |dimension: i64, metric: &str| json!({"vector": {"dimension": dimension, "metric": metric}});
    let attribute = |name: &str, kind: &str| json!({"text": {}, "attributes": {name: kind}});
    vec![
        put("no dimension", "new", &json!({"vector": {"metric": "dot"}}), "dimension"),
        put("dimension 0", "new", &vector(0, "dot"), "dimension"),
        put("dimension 4097", "new", &vector(4_097, "dot"), "dimension"),
        put("negative dimension", "new", &vector(-1, "dot"), "/vector/dimension"),
        put("unknown metric", "new", &vector(2, "hamming"), "/vector/metric"),
        put("unknown language", "new", &json!({"text": {"language": "xx"}}), "/text/language"),
        put("unknown model", "new", &json!({"embedding_model": "gpt-9"}), "embedding_model"),
        put("model of another dimension", "new", &model_with_dimension(3), "dimension"),
        put("unknown attribute type", "new", &attribute("a", "decimal"), "/attributes/a"),
        put("attribute with the name of a column", "new", &attribute("vector", "int"), "attributes"),
        put("attribute with a blank", "new", &attribute("a b", "int"), "attributes"),
        put("unknown field", "new", &json!({"text": {}, "replicas": 3}), "/replicas"),
        put("name with a blank", "a%20b", &json!({"text": {}}), "collection"),
        put("name of a hyphen", "-", &json!({"text": {}}), "collection"),
        put("long name", &"n".repeat(129), &json!({"text": {}}), "collection"),
        put("another schema", "words", &vector(2, "dot"), "schema").answers(409, "conflict"),
    ]
}

fn model_with_dimension(dimension: u32) -> Value {
    json!({"embedding_model": "all-MiniLM-L6-v2", "vector": {"dimension": dimension, "metric": "cosine"}})
}
