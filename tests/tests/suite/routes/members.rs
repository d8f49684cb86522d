//! `/v1/orgs/{org}/members`

use std::time::Duration;

use agentdb_tests::harness::{Service, eventually};
use anyhow::{Context as _, Result};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_console_token_of_a_member_who_is_removed_stops_within_a_second() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("shared").await?;
    let other = service.community_account().await?;
    let member = account.colleague(&other, "developer").await?;
    let token = other.api.post(&account.path("/console-tokens"), &json!({})).await?.expect(201)?;
    let token = token.json["token"].as_str().context("no token")?;
    let things = other.api.with_key(token).collection("shared", "things");
    things.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;

    account.api.delete(&account.path(&format!("/members/{member}"))).await?.expect(204)?;
    eventually("the token is refused", Duration::from_secs(1), async || {
        Ok((things.count(&json!({})).await?.status == 401).then_some(()))
    })
    .await?;
    let gone = other.api.get(&account.path("")).await?.expect(404)?;
    let invented = other.api.get("/v1/orgs/org_01jc00000000000000000000zz").await?.expect(404)?;
    assert_eq!(gone.without_request_id(), invented.without_request_id());
    assert!(account.api.get(&account.path("/members")).await?.expect(200)?.json["items"][1].is_null());
    service.stop().await
}
