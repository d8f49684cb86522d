//! Filters: what is allowed, what it means, and how a refusal says where.

use crate::support::*;
use agentdb_data_plane_engine::{Filter, FilterError, Include, WriteMeta};
use serde_json::json;

fn refused(text: &str, params: &[serde_json::Value]) -> FilterError {
    Filter::parse(text, params, &schema()).expect_err(text)
}

#[test]
fn refusals_name_field_and_place() {
    for (text, position) in [
        ("", 1),
        ("nothing = 1", 1),
        ("page = 'x'", 8),
        ("page = 1 AND", 13),
        ("page = 1 OR topic <> 5", 22),
        ("page == 1", 7),
        ("(page = 1", 10),
        ("page = 1)", 9),
        ("topic LIKE 5", 12),
        ("page LIKE 'x'", 11),
        ("tags = 'x'", 1),
        ("topic HAS 'x'", 11),
        ("public > true", 1),
        ("page = NULL", 8),
        ("page IN ()", 10),
        ("metadata = 1", 1),
        ("topic = 'open", 9),
        ("page = 99999999999999999999", 8),
        ("weight = 1e999", 10),
        ("seen > 'yesterday'", 8),
        ("page = 1; DROP TABLE x", 9),
        ("lower(topic) = 'x'", 1),
        ("page = page", 8),
        ("page = $0", 8),
        ("page = 12abc", 8),
    ] {
        let error = refused(text, &[]);
        assert_eq!((error.field.as_str(), error.position), ("filter", Some(position)), "{text}: {error}");
    }
}

#[test]
fn parameters_are_typed_bound_and_all_used() {
    assert!(Filter::parse("page = $1 AND topic = $2", &[json!(3), json!("x")], &schema()).is_ok());
    assert!(Filter::parse("topic IN ($1)", &[json!(["a", "b"])], &schema()).is_ok());
    assert_eq!(refused("page = $1", &[json!("3")]).field, "params[0]");
    assert_eq!(refused("page = $1", &[json!(3), json!(4)]).field, "params[1]");
    assert_eq!(refused("page = $2", &[json!(3)]).position, Some(8));
    assert_eq!(refused("page = $1", &[json!(null)]).field, "params[0]");
    // Text in a parameter is never read as a filter.
    assert!(Filter::parse("topic = $1", &[json!("' OR 1 = 1 --")], &schema()).is_ok());
}

#[test]
fn size_and_depth_are_bounded() {
    let deep = format!("{}page = 1{}", "(".repeat(40), ")".repeat(40));
    assert!(refused(&deep, &[]).why.contains("nested"));
    let nots = format!("{}public", "NOT ".repeat(5000));
    assert!(Filter::parse(&nots, &[], &schema()).is_err());
    let wide = vec!["page = 1"; 300].join(" OR ");
    assert!(refused(&wide, &[]).why.contains("comparisons"));
    let long = format!("topic = '{}'", "x".repeat(20_000));
    assert_eq!(refused(&long, &[]).position, None);
    let many: Vec<String> = (0..2000).map(|n| n.to_string()).collect();
    assert!(refused(&format!("page IN ({})", many.join(",")), &[]).why.contains("IN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn null_is_unknown_and_metadata_is_compared_by_its_own_type() {
    let objects = memory();
    let ns = open(&store(&objects), 1).await;
    ns.create_collection(DOCS, schema(), WriteMeta::default()).await.expect("created");
    let mut bare = record(1, 0);
    bare.attributes.clear();
    bare.metadata = Some(json!({"a": {"b": 5}, "s": "5", "f": 2.5, "list": ["x", "y"], "null": null, "yes": true}));
    let mut full = record(2, 0);
    full.metadata = None;
    ns.upsert(DOCS, vec![bare, full], WriteMeta::default()).await.expect("written");
    for folded in [false, true] {
        for (text, wanted) in [
            ("page = 62 OR page != 62", vec!["r0002"]),
            ("NOT page = 0", vec!["r0002"]),
            ("page IS NULL", vec!["r0001"]),
            ("page IS NOT NULL", vec!["r0002"]),
            ("tags IS NULL OR public IS NULL", vec!["r0001"]),
            ("metadata.a.b = 5", vec!["r0001"]),
            ("metadata.a.b > 4.5 AND metadata.a.b BETWEEN 5 AND 6", vec!["r0001"]),
            ("metadata.s = 5", vec![]),
            ("metadata.s = '5'", vec!["r0001"]),
            ("metadata.f >= 2", vec!["r0001"]),
            ("metadata.list HAS 'y'", vec!["r0001"]),
            ("metadata.yes = true", vec!["r0001"]),
            ("metadata.null IS NULL", vec!["r0001", "r0002"]),
            ("metadata.\"a\".\"b\" NOT IN (1, 2)", vec!["r0001"]),
            ("metadata.s LIKE '_'", vec!["r0001"]),
            ("id LIKE 'r%1'", vec!["r0001"]),
            ("id IN ('r0002', 'r0009')", vec!["r0002"]),
        ] {
            let filter = Filter::parse(text, &[], &schema()).expect(text);
            let found = ns.scan(DOCS, Some(filter), None, 10, Include::ID).await.expect("scan").value.records;
            let ids: Vec<_> = found.iter().map(|r| r.id.as_str()).collect();
            assert_eq!(ids, wanted, "{text} (folded: {folded})");
        }
        ns.fold().await.expect("fold");
    }
}
