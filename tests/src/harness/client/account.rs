//! A person with an organisation, made the way a newcomer makes one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Api, Collection, Reply, Tally, Usage};
use crate::harness::{eventually, eventually_every};

const PASSWORD: &str = "correct horse battery staple";

/// How long a report may take to arrive: nodes report every 5 s.
const REPORT: Duration = Duration::from_secs(40);
/// A person may ask five times a second.
const LOOK: Duration = Duration::from_millis(300);

/// A signed-in person.
#[derive(Clone)]
pub struct Account {
    /// The address signed up with.
    pub email: String,
    /// The password signed up with.
    pub password: String,
    /// The organisation's identifier.
    pub org: String,
    /// The console session.
    pub api: Api,
}

/// An API key, just created.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its identifier.
    pub id: String,
    /// The text that callers send.
    pub secret: String,
}

impl Account {
    /// Signs up, reads the captured mail, follows its link: a signed-in owner of a new organisation.
    pub async fn sign_up(anonymous: &Api) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let email = format!("person-{number}-{}@example.com", std::process::id());
        let organization = format!("Organisation {number}");
        let body = json!({"email": email, "password": PASSWORD, "organization_name": organization});
        anonymous.post("/v1/auth/signup", &body).await?.expect(202)?;
        let token = captured_token(anonymous, &email, "/verify").await?;
        let reply =
            anonymous.post("/v1/auth/verify", &json!({"token": token, "password": PASSWORD})).await?.expect(200)?;
        Self::of_session(anonymous, &email, PASSWORD, &reply).await
    }

    /// Signs in again.
    pub async fn log_in(anonymous: &Api, email: &str, password: &str) -> Result<Self> {
        let body = json!({"email": email, "password": password});
        let reply = anonymous.post("/v1/auth/login", &body).await?.expect(200)?;
        Self::of_session(anonymous, email, password, &reply).await
    }

    async fn of_session(anonymous: &Api, email: &str, password: &str, reply: &Reply) -> Result<Self> {
        let cookie = reply.header("set-cookie").and_then(|value| value.split(';').next()).context("no cookie")?;
        let csrf = reply.json["csrf_token"].as_str().context("no csrf_token")?;
        let api = anonymous.with_session(cookie, csrf);
        let me = api.get("/v1/me").await?.expect(200)?;
        let org = me.json["organizations"][0]["id"].as_str().context("no organisation")?.to_owned();
        Ok(Self { email: email.to_owned(), password: password.to_owned(), org, api })
    }

    /// `/v1/orgs/{org}` + `rest`.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/orgs/{}{rest}", self.org)
    }

    /// Creates an API key.
    pub async fn key(&self, name: &str, namespaces: &str, scopes: &[&str]) -> Result<Key> {
        let body = json!({"name": name, "namespaces": namespaces, "scopes": scopes});
        let reply = self.api.post(&self.path("/api-keys"), &body).await?.expect(201)?;
        let text = |field: &str| reply.json[field].as_str().map(str::to_owned);
        Ok(Key { id: text("id").context("no id")?, secret: text("secret").context("no secret")? })
    }

    /// Invites somebody to the organisation.
    pub async fn invite(&self, email: &str, role: &str) -> Result<Reply> {
        self.api.post(&self.path("/invitations"), &json!({"email": email, "role": role})).await
    }

    /// Lets somebody who has an account join the organisation; gives their identifier.
    pub async fn colleague(&self, other: &Self, role: &str) -> Result<String> {
        self.invite(&other.email, role).await?.expect(201)?;
        let token = captured_token(&other.api, &other.email, "/invitation").await?;
        other.api.post("/v1/me/invitations/accept", &json!({ "token": token })).await?.expect(200)?;
        let me = other.api.get("/v1/me").await?.expect(200)?;
        Ok(me.json["user"]["id"].as_str().context("no id")?.to_owned())
    }

    /// A caller with a new key that may read and write everything in the organisation.
    pub async fn data(&self) -> Result<Api> {
        let key = self.key("data", "*", &["read", "write"]).await?;
        Ok(self.api.with_key(&key.secret))
    }

    /// Creates a namespace and waits until it takes requests; gives its identifier.
    pub async fn namespace(&self, name: &str) -> Result<String> {
        let path = self.path(&format!("/namespaces/{name}"));
        self.api.put(&path, &json!({})).await?.ok()?;
        eventually(&format!("namespace {name} ready"), Duration::from_secs(30), async || {
            let reply = self.api.get(&path).await?.expect(200)?;
            let ready = reply.json["status"] == "ready";
            Ok(ready.then(|| reply.json["id"].as_str().unwrap_or_default().to_owned()))
        })
        .await
    }

    /// Usage so far, by hour, meter, key and namespace.
    pub async fn usage(&self) -> Result<Usage> {
        let path = self.path("/usage?group_by=meter,key,namespace&limit=5000");
        Usage::read(&self.api.get(&path).await?.expect(200)?.json)
    }

    /// Usage once it satisfies `settled`; what it was at last when it never does.
    pub async fn usage_when(&self, what: &str, settled: impl Fn(&Usage) -> bool) -> Result<Usage> {
        let mut last = Usage::default();
        let outcome = eventually_every(LOOK, what, REPORT, async || {
            last = self.usage().await?;
            Ok(settled(&last).then_some(()))
        })
        .await;
        outcome.with_context(|| format!("usage at last: {:?}", last.rows))?;
        Ok(last)
    }

    /// Usage that equals the tally, and still does after one more request: what was counted twice would show in a
    /// report that follows the first equality.
    pub async fn usage_settles(&self, what: &str, things: &Collection, tally: &mut Tally) -> Result<Usage> {
        self.usage_when(what, |usage| tally.equals(usage)).await?;
        tally.add(things.count(&json!({})).await?.expect(200)?);
        self.usage_when(&format!("{what}, and of one count"), |usage| tally.equals(usage)).await
    }

    /// The running period's invoice.
    pub async fn invoice(&self) -> Result<Value> {
        Ok(self.api.get(&self.path("/billing/invoices/preview")).await?.expect(200)?.json)
    }
}

/// The token in the newest link to a page that is in a mail captured for an address.
async fn captured_token(api: &Api, email: &str, page: &str) -> Result<String> {
    eventually(&format!("a mail that leads to {page}"), Duration::from_secs(20), async || {
        let reply = api.get(&format!("/v1/auth/captured-mail?email={email}")).await?.expect(200)?;
        let mails = reply.json["messages"].as_array().context("no messages")?;
        let mut links = mails.iter().filter_map(|mail| mail["link"].as_str());
        let Some(link) = links.find(|link| link.contains(page)) else { return Ok(None) };
        let link = url::Url::parse(link).with_context(|| format!("the link {link}"))?;
        let token = link.query_pairs().find(|(name, _)| name == "token").map(|(_, value)| value.into_owned());
        token.map(Some).with_context(|| format!("no token in {link}"))
    })
    .await
}
