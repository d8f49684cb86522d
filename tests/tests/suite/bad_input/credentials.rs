//! Requests whose caller, or whose aim, is the wrong one.

use std::time::Duration;

use agentdb_tests::harness::eventually;
use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::json;

use super::{Ground, case::Case};

pub async fn cases(ground: &Ground) -> Result<Vec<Case>> {
    let account = &ground.account;
    let with = |secret: &str| ground.key.with_key(secret);
    let reader = account.key("reads", "*", &["read"]).await?;
    let elsewhere = account.key("elsewhere", "other-*", &["read", "write"]).await?;
    let revoked = account.key("revoked", "*", &["read", "write"]).await?;
    account.api.delete(&account.path(&format!("/api-keys/{}", revoked.id))).await?.ok()?;
    account.namespace("deleted").await?;
    let gone = account.api.collection("deleted", "things").as_seen_by(&ground.key);
    gone.create(&json!({"vector": {"dimension": 2}})).await?.expect(201)?;
    let deleted = account.path("/namespaces/deleted");
    account.api.delete(&deleted).await?.ok()?;
    eventually("the end of a deleted namespace", Duration::from_secs(60), async || {
        Ok((gone.count(&json!({})).await?.status == 404).then_some(()))
    })
    .await?;

    let upsert = json!({"records": [{"id": "x", "vector": [1, 2]}]});
    let points = ground.points.path();
    let write = |what, api| Case::post(what, &api, format!("{points}/upsert"), &upsert, "");
    let mut flipped = reader.secret.clone();
    let last = flipped.pop();
    flipped.push(if last == Some('0') { '1' } else { '0' });
    let credentials = json!({"email": account.email, "password": account.password});
    let session = ground.key.without_credential().post("/v1/auth/login", &credentials).await?.expect(200)?;
    let cookie = session.header("set-cookie").and_then(|value| value.split(';').next()).context("no cookie")?;
    let forged = account.api.with_session(cookie, "forged");
    Ok(vec![
        write("no key", ground.key.without_credential()).answers(401, "unauthenticated"),
        write("malformed key", with("adb_x")).answers(401, "unauthenticated"),
        write("one letter of the key changed", with(&flipped)).answers(401, "unauthenticated"),
        write("revoked key", with(&revoked.secret)).answers(401, "unauthenticated"),
        write("a session on data", account.api.clone()).answers(401, "unauthenticated"),
        Case { names: "write", ..write("key that only reads", with(&reader.secret)) }.answers(403, "forbidden"),
        write("key of other namespaces", with(&elsewhere.secret)).answers(404, "not_found"),
        Case::get("key without admin", &ground.key, account.path("/api-keys"), "admin").answers(403, "forbidden"),
        Case::post("forged CSRF token", &forged, account.path("/api-keys"), &json!({}), "csrf")
            .answers(403, "csrf_failed"),
        Case::post("deleted namespace", &ground.key, format!("{}/upsert", gone.path()), &upsert, "")
            .answers(404, "not_found"),
        Case::post("no such collection", &ground.key, "/v1/namespaces/good/collections/none/upsert", &upsert, "")
            .answers(404, "not_found"),
        Case::get("no such namespace", &ground.key, "/v1/namespaces/none/collections", "").answers(404, "not_found"),
        Case::get("deleted key", &account.api, account.path("/api-keys/key_01jc00000000000000000000zz"), "")
            .method(Method::DELETE)
            .answers(404, "not_found"),
    ])
}
