//! What the edition does not allow.

use agentdb_tests::harness::Service;
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

use super::{case::Case, refused};

#[tokio::test(flavor = "multi_thread")]
async fn over_the_edition_is_refused_with_the_limit_and_nothing_is_made() -> Result<()> {
    let service = Service::start().await?;
    let account = service.community_account().await?;
    for name in ["one", "two", "three"] {
        account.namespace(name).await?;
    }
    for name in ["one", "two"] {
        account.key(name, "*", &["read"]).await?;
    }
    let lists = async || -> Result<_> {
        let namespaces = account.api.get(&account.path("/namespaces")).await?.expect(200)?.json;
        Ok((namespaces, account.api.get(&account.path("/api-keys")).await?.expect(200)?.json))
    };
    let before = lists().await?;
    let key = json!({"name": "three", "namespaces": "*", "scopes": ["read"]});
    let cases = [
        Case::post("a fourth namespace", &account.api, account.path("/namespaces/four"), &json!({}), "3")
            .method(Method::PUT)
            .answers(403, "limit_exceeded"),
        Case::post("a third key", &account.api, account.path("/api-keys"), &key, "2").answers(403, "limit_exceeded"),
    ];
    assert_eq!(refused(&cases).await?, [""; 0]);
    assert_eq!(lists().await?, before);
    service.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_months_included_amount_stops_queries_with_429_and_a_time_to_wait() -> Result<()> {
    let service = Service::start().await?;
    let account = service.community_account().await?;
    let operator = service.operator().await?;
    operator
        .override_limits(&account.org, &json!({"query_milli_units_per_month": 3_000, "request_burst": 1_000}))
        .await?;
    account.namespace("small").await?;
    let words = account.data().await?.collection("small", "words");
    words.create(&json!({"text": {}})).await?.expect(201)?;
    words.upsert(&[json!({"id": "a", "text": "a word"})]).await?.expect(200)?;
    let ask = json!({"text": "word"});
    let mut answered = 0;
    let stopped = loop {
        let reply = words.query(&ask).await?;
        if reply.status != 200 {
            break reply;
        }
        answered += 1;
        assert!(answered < 10, "nothing stops at 3 query units");
    };
    assert_eq!((stopped.status, stopped.code()), (429, "included_amount_used"), "{}", stopped.text());
    assert_eq!(answered, 3);
    let wait: u64 = stopped.header("retry-after").unwrap_or_default().parse()?;
    assert!((1..=31 * 24 * 3_600).contains(&wait), "{wait}");
    words.upsert(&[json!({"id": "b", "text": "writes have an amount of their own"})]).await?.expect(200)?;
    let invoice = account.invoice().await?;
    assert_eq!(invoice["total"], json!({"amount": "0.00", "currency": "USD"}));
    service.stop().await
}
