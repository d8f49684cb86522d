//! `/v1/namespaces/{ns}/collections/{c}/…`

use agentdb_tests::harness::{Collection, Service, Tally};
use anyhow::Result;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_atomic_replays_are_free_and_the_latest_write_of_a_record_wins() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("records").await?;
    let key = account.key("records", "*", &["read", "write"]).await?;
    let things = account.api.with_key(&key.secret).collection("records", "things");
    let schema =
        json!({"vector": {"dimension": 2, "metric": "dot"}, "attributes": {"n": "int", "tags": "string_list"}});
    let mut tally = Tally::default();
    tally.add(things.create(&schema).await?.expect(201)?);

    a_batch_with_one_wrong_record_stores_nothing(&things, &mut tally).await?;
    the_latest_write_wins(&things, &mut tally).await?;
    a_replay_is_answered_from_memory(&things, &mut tally).await?;
    filters_mean_the_same_on_every_operation(&things, &mut tally).await?;
    answers_can_be_bounded_grouped_ordered_and_asked_together(&things, &mut tally).await?;
    parts_are_changed_and_conditions_hold(&things, &mut tally).await?;
    account.usage_settles("all but the replay is counted", &things, &mut tally).await?;
    service.stop().await
}

async fn a_batch_with_one_wrong_record_stores_nothing(things: &Collection, tally: &mut Tally) -> Result<()> {
    let batch = [json!({"id": "right", "vector": [1, 2]}), json!({"id": "wrong", "vector": [1, 2, 3]})];
    let refused = things.upsert(&batch).await?.expect(400)?;
    let pointer = refused.json["errors"][0]["pointer"].as_str().unwrap_or_default();
    assert!(pointer.starts_with("/records/1/vector"), "{}", refused.text());
    assert!(tally.add(things.fetch(&["right"]).await?.expect(200)?).records().is_empty());
    Ok(())
}

async fn the_latest_write_wins(things: &Collection, tally: &mut Tally) -> Result<()> {
    for n in 0..5 {
        let record = json!({"id": "same", "vector": [n, 1], "attributes": {"n": n}});
        tally.add(things.upsert(&[record]).await?.expect(200)?);
    }
    let fetched = tally.add(things.fetch(&["same"]).await?.expect(200)?);
    assert_eq!(fetched.records()[0]["attributes"]["n"], 4, "{}", fetched.text());
    assert_eq!(tally.add(things.count(&json!({})).await?.expect(200)?).result()["count"], 1);
    tally.add(things.delete(&["same"]).await?.expect(200)?);
    assert!(tally.add(things.fetch(&["same"]).await?.expect(200)?).records().is_empty());
    let query = tally.add(things.query(&json!({"vector": [1, 1], "top_k": 10})).await?.expect(200)?);
    assert!(query.hits().is_empty(), "{}", query.text());
    Ok(())
}

async fn a_replay_is_answered_from_memory(things: &Collection, tally: &mut Tally) -> Result<()> {
    let record = [json!({"id": "once", "vector": [1, 1], "attributes": {"n": 1}})];
    let first = tally.add(things.upsert_once("key-1", &record).await?.expect(200)?);
    let replay = things.upsert_once("key-1", &record).await?.expect(200)?;
    assert_eq!((first.header("idempotency-replayed"), replay.header("idempotency-replayed")), (None, Some("true")));
    assert_eq!((first.units("write"), replay.units("write")), (2_000, 0), "{}", replay.text());
    assert_eq!(first.result(), replay.result());
    assert_eq!(first.commit()?, replay.commit()?, "the stored answer: {}", replay.text());
    let other = [json!({"id": "twice", "vector": [1, 1]})];
    let conflict = things.upsert_once("key-1", &other).await?;
    assert_eq!((conflict.status, conflict.code()), (409, "idempotency_conflict"), "{}", conflict.text());
    Ok(())
}

async fn filters_mean_the_same_on_every_operation(things: &Collection, tally: &mut Tally) -> Result<()> {
    let records: Vec<Value> = (0..20)
        .map(|n| {
            let tags = if n % 2 == 0 { vec!["even"] } else { vec!["odd", "strange"] };
            json!({"id": format!("f{n:02}"), "vector": [1, n], "attributes": {"n": 100 + n, "tags": tags}})
        })
        .collect();
    tally.add(things.upsert(&records).await?.expect(200)?);
    let filter = json!({"filter": "n >= $1 AND tags HAS $2", "params": [110, "odd"]});
    let with = |more: Value| {
        let mut body = filter.clone();
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    let expected = ["f11", "f13", "f15", "f17", "f19"];
    assert_eq!(tally.add(things.count(&filter).await?.expect(200)?).result()["count"], 5);
    assert_eq!(tally.add(things.scan(&with(json!({"limit": 100}))).await?.expect(200)?).ids(), expected);
    let mut found = tally.add(things.query(&with(json!({"vector": [0, 1], "top_k": 100}))).await?.expect(200)?);
    assert_eq!(found.ids().first(), Some(&"f19"), "the largest product first: {}", found.text());
    if let Some(hits) = found.json["result"]["hits"].as_array_mut() {
        hits.sort_by_key(|hit| hit["id"].to_string());
    }
    assert_eq!(found.ids(), expected);
    Ok(())
}

/// On the records of the step before: ids f00 to f19, vectors [1, n], `n` 100 to 119, tags by parity.
async fn parts_are_changed_and_conditions_hold(things: &Collection, tally: &mut Tally) -> Result<()> {
    let record = json!({"id": "part", "vector": [3, 3], "attributes": {"n": 1_000, "tags": ["a"]}});
    let made = json!({"records": [record], "if": "absent"});
    let first = tally.add(things.act("upsert", &made).await?.expect(200)?);
    let refused = things.act("upsert", &made).await?.expect(412)?;
    assert_eq!(refused.json["current_commit"].as_u64(), Some(first.commit()?), "{}", refused.text());
    let patches = json!({"patches": [{"id": "part", "attributes": {"n": 1_001}}], "if": {"commit": first.commit()?}});
    let patched = tally.add(things.act("patch", &patches).await?.expect(200)?);
    assert_eq!(patched.result()["patched"], 1, "{}", patched.text());
    things.act("patch", &patches).await?.expect(412)?;
    let fetched = tally.add(things.fetch(&["part"]).await?.expect(200)?);
    let part = &fetched.records()[0];
    assert_eq!(part["attributes"], json!({"n": 1_001, "tags": ["a"]}), "{}", fetched.text());
    assert_eq!(part["commit"].as_u64(), Some(patched.commit()?));
    let gone = json!({"filter": "n >= $1", "params": [1_000]});
    let gone = tally.add(things.act("delete", &gone).await?.expect(200)?);
    assert_eq!(gone.result(), &json!({"deleted": 1, "more": false}), "{}", gone.text());
    Ok(())
}

async fn answers_can_be_bounded_grouped_ordered_and_asked_together(
    things: &Collection,
    tally: &mut Tally,
) -> Result<()> {
    // The distance of the dot product is minus the product.
    let near = json!({"vector": [0, 1], "top_k": 100, "max_distance": -17, "filter": "n >= 100"});
    assert_eq!(tally.add(things.query(&near).await?.expect(200)?).ids(), ["f19", "f18", "f17"]);
    let groups = json!({"vector": [0, 1], "top_k": 2, "group_by": "n", "filter": "n >= 100"});
    let grouped = tally.add(things.query(&groups).await?.expect(200)?);
    assert_eq!(grouped.hits()[0]["group"], 119, "{}", grouped.text());
    assert_eq!(grouped.ids(), ["f19", "f18"]);
    let together = tally.add(things.act("multi-query", &json!({"queries": [near, groups]})).await?.expect(200)?);
    let answers = &together.result()["answers"];
    assert_eq!(answers[0]["hits"].as_array().map(Vec::len), Some(3), "{}", together.text());
    assert_eq!(answers[1]["hits"][1]["id"], "f18");
    assert_eq!(together.units("query"), 2 * grouped.units("query"), "each is counted");
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let order = json!({"attribute": "n", "descending": true});
        let body = json!({"filter": "n >= 110", "order_by": order, "limit": 4, "cursor": cursor});
        let page = tally.add(things.scan(&body).await?.expect(200)?);
        seen.extend(page.ids().iter().map(ToString::to_string));
        cursor = page.result()["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let wanted: Vec<String> = (10..20).rev().map(|n| format!("f{n}")).collect();
    assert_eq!(seen, wanted);
    Ok(())
}
