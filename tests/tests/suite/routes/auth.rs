//! `/v1/auth`

use agentdb_tests::harness::{Account, Reply, Service};
use anyhow::{Context as _, Result};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_does_not_tell_who_has_an_account_and_a_link_works_once() -> Result<()> {
    let service = Service::start().await?;
    let anyone = service.anonymous()?;
    let account = service.community_account().await?;

    let sign_up = |email: &str| {
        let body = json!({"email": email, "password": "another long password", "organization_name": "Other"});
        let anyone = anyone.clone();
        async move { anyone.post("/v1/auth/signup", &body).await?.expect(202) }
    };
    let known = sign_up(&account.email).await?;
    let unknown = sign_up("nobody-yet@example.com").await?;
    assert_eq!(known.text(), unknown.text());
    assert!(Account::log_in(&anyone, &account.email, &account.password).await.is_ok(), "the account is untouched");

    let unverified = json!({"email": "nobody-yet@example.com", "password": "another long password"});
    let unverified = anyone.post("/v1/auth/login", &unverified).await?.expect(401)?;
    let wrong = json!({"email": account.email, "password": "not the password"});
    let wrong = anyone.post("/v1/auth/login", &wrong).await?.expect(401)?;
    assert_eq!(unverified.without_request_id(), wrong.without_request_id(), "a refusal does not tell why");

    let mails = anyone.get("/v1/auth/captured-mail?email=nobody-yet@example.com").await?.expect(200)?;
    let link = mails.json["messages"][0]["link"].as_str().context("a link")?;
    let token = link.rsplit_once("token=").context("a token")?.1;
    let verify = async |password: Option<&str>| {
        anyone.post("/v1/auth/verify", &json!({ "token": token, "password": password })).await
    };
    let refused = |reply: &Reply| (reply.status, reply.json["errors"][0]["code"].as_str().map(str::to_owned));
    // The link alone shows that the mail was read, not who signed up.
    assert_eq!(refused(&verify(None).await?), (400, Some("password_required".to_owned())));
    assert_eq!(refused(&verify(Some("not the password")).await?), (400, Some("wrong_password".to_owned())));
    verify(Some("another long password")).await?.expect(200)?;
    assert_eq!(refused(&verify(Some("another long password")).await?), (400, Some("invalid_token".to_owned())));
    service.stop().await
}
