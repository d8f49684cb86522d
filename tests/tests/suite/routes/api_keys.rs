//! `/v1/orgs/{org}/api-keys`

use std::time::Duration;

use agentdb_tests::harness::{Service, eventually, eventually_every};
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_bound_to_its_scopes_and_names_and_stops_within_a_second_of_its_revocation() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("prod-eu").await?;
    account.namespace("dev").await?;
    let writer = account.key("writer", "*", &["read", "write"]).await?;
    let reader = account.key("reader", "prod-*", &["read"]).await?;

    let listed = account.api.get(&account.path("/api-keys")).await?.expect(200)?;
    assert!(listed.text().contains(&reader.id), "{}", listed.text());
    for secret in [&writer.secret, &reader.secret] {
        assert!(!listed.text().contains(secret.as_str()), "the list shows a secret");
    }

    let path = account.path(&format!("/api-keys/{}", reader.id));
    let described = account.api.get(&path).await?.expect(200)?;
    assert!(
        described.json.get("secret").is_none() && !described.text().contains(&reader.secret),
        "{}",
        described.text()
    );

    let write = account.api.with_key(&writer.secret);
    let schema = json!({"attributes": {"n": "int"}});
    for namespace in ["prod-eu", "dev"] {
        write.collection(namespace, "things").create(&schema).await?.expect(201)?;
    }
    let read = account.api.with_key(&reader.secret);
    let things = read.collection("prod-eu", "things");
    things.count(&json!({})).await?.expect(200)?;
    let refused = things.upsert(&[json!({"id": "one"})]).await?;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"), "{}", refused.text());
    let outside = read.collection("dev", "things").count(&json!({})).await?.expect(404)?;
    let invented = read.collection("prod-invented", "things").count(&json!({})).await?.expect(404)?;
    assert_eq!(outside.without_request_id(), invented.without_request_id(), "a name outside the pattern is not told");
    let admin = read.get(&account.path("/namespaces")).await?;
    assert_eq!((admin.status, admin.code()), (403, "forbidden"), "{}", admin.text());

    let began = tokio::time::Instant::now();
    account.api.delete(&path).await?.expect(204)?;
    eventually("the revoked key is refused", Duration::from_secs(1), async || {
        let reply = things.count(&json!({})).await?;
        Ok((reply.status == 401).then_some(()))
    })
    .await?;
    println!("a revoked key stopped within {:.2} s", began.elapsed().as_secs_f64());
    write.collection("prod-eu", "things").count(&json!({})).await?.expect(200)?;
    service.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_and_one_whose_addresses_changed_stop_within_a_second_and_last_uses_are_shown() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("prod").await?;
    let (rotated, bound) =
        (account.key("rotated", "*", &["read", "write"]).await?, account.key("bound", "*", &["read"]).await?);
    let things = account.api.with_key(&rotated.secret).collection("prod", "things");
    things.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;
    let read = account.api.with_key(&bound.secret).collection("prod", "things");
    read.count(&json!({})).await?.expect(200)?;

    let path = account.path(&format!("/api-keys/{}", rotated.id));
    let new = account.api.post(&format!("{path}/rotate"), &json!({"overlap_s": 0})).await?.expect(201)?;
    eventually("the rotated key is refused", Duration::from_secs(1), async || {
        let reply = things.count(&json!({})).await?;
        Ok((reply.status == 401).then_some(()))
    })
    .await?;
    let secret = new.json["secret"].as_str().unwrap_or_default();
    account.api.with_key(secret).collection("prod", "things").count(&json!({})).await?.expect(200)?;

    let path = account.path(&format!("/api-keys/{}", bound.id));
    // Seldom: a person's requests are limited, too.
    eventually_every(Duration::from_secs(1), "the last use is shown", Duration::from_secs(30), async || {
        let key = account.api.get(&path).await?.expect(200)?;
        Ok(key.json["last_used_address"].is_string().then_some(()))
    })
    .await?;
    let elsewhere = json!({"allowed_addresses": ["192.0.2.0/24"]});
    account.api.call(Method::PATCH, &path, Some(&elsewhere)).await?.expect(200)?;
    eventually("the key is refused from here", Duration::from_secs(1), async || {
        let reply = read.count(&json!({})).await?;
        Ok(((reply.status, reply.code()) == (403, "forbidden")).then_some(()))
    })
    .await?;
    service.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn community_has_two_keys_and_ten_requests_a_second_and_says_so() -> Result<()> {
    let service = Service::start().await?;
    let account = service.community_account().await?;
    account.namespace("small").await?;
    let key = account.key("one", "*", &["read", "write"]).await?;
    account.key("two", "*", &["read"]).await?;
    let body = json!({"name": "three", "namespaces": "*", "scopes": ["read"]});
    let third = account.api.post(&account.path("/api-keys"), &body).await?;
    assert_eq!((third.status, third.code()), (403, "limit_exceeded"), "{}", third.text());

    let things = account.api.with_key(&key.secret).collection("small", "things");
    let created = things.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;
    assert!(
        created.header("ratelimit").is_some() && created.header("ratelimit-policy").is_some(),
        "{:?}",
        created.headers
    );

    let began = tokio::time::Instant::now();
    let mut admitted = 0;
    let mut refused = 0;
    while began.elapsed() < Duration::from_secs(3) {
        let reply = things.count(&json!({})).await?;
        match reply.status {
            200 => admitted += 1,
            429 => {
                assert_eq!(reply.code(), "rate_limited", "{}", reply.text());
                let wait = reply.header("retry-after").and_then(|text| text.parse::<u64>().ok());
                assert!(wait.is_some_and(|seconds| seconds >= 1), "{:?}", reply.headers);
                refused += 1;
            }
            _ => anyhow::bail!("{} {}", reply.status, reply.text()),
        }
    }
    // Rate x time + burst, and the creation before took one of the burst.
    let allowed = 10.0_f64.mul_add(began.elapsed().as_secs_f64(), 20.0);
    assert!(f64::from(admitted) <= allowed * 1.05, "{admitted} admitted, {allowed} allowed");
    assert!(admitted >= 40 && refused > 0, "{admitted} admitted, {refused} refused");
    service.stop().await
}
