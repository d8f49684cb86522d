//! What is wrong is refused with a code, a message that names the place, and no effect.

mod case;
mod collections;
mod credentials;
mod editions;
mod organisation;
mod queries;
mod records;

use agentdb_tests::harness::{Account, Api, Collection, Service};
use anyhow::{Context as _, Result};
use case::Case;
use serde_json::{Value, json};

use crate::isolation::trace::without_last_uses;

/// An organisation with a namespace `good`, and in it the collections `points` (two numbers, cosine, an integer and a
/// list of words) and `words` (text alone), each with one record.
pub struct Ground {
    pub account: Account,
    pub key: Api,
    pub points: Collection,
    pub words: Collection,
}

impl Ground {
    async fn new(service: &Service) -> Result<Self> {
        let account = service.account().await?;
        account.namespace("good").await?;
        let key = account.data().await?;
        let (points, words) = (key.collection("good", "points"), key.collection("good", "words"));
        let schema = json!({
            "vector": {"dimension": 2, "metric": "cosine"},
            "attributes": {"page": "int", "tags": "string_list", "at": "timestamp"},
        });
        points.create(&schema).await?.expect(201)?;
        points.upsert(&[json!({"id": "kept", "vector": [1, 1], "attributes": {"page": 1}})]).await?.expect(200)?;
        words.create(&json!({"text": {}})).await?.expect(201)?;
        words.upsert(&[json!({"id": "kept", "text": "a word"})]).await?.expect(200)?;
        Ok(Self { account, key, points, words })
    }

    /// Everything that a wrong request could have changed.
    async fn state(&self) -> Result<Vec<Value>> {
        let everything = json!({"include": ["text", "attributes", "metadata", "vector"]});
        let mut state = Vec::new();
        for collection in [&self.points, &self.words] {
            state.push(collection.scan(&everything).await?.expect(200)?.result().clone());
            state.push(collection.describe().await?.expect(200)?.result().clone());
        }
        state.push(self.key.get("/v1/namespaces/good/collections").await?.expect(200)?.result().clone());
        for rest in ["", "/api-keys", "/namespaces"] {
            let seen = self.account.api.get(&self.account.path(rest)).await?.expect(200)?.json;
            state.push(without_last_uses(seen));
        }
        Ok(state)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_request_is_refused_by_name_and_changes_nothing() -> Result<()> {
    let service = Service::start().await?;
    let ground = Ground::new(&service).await?;
    let mut cases = records::cases(&ground);
    cases.extend(queries::cases(&ground));
    cases.extend(collections::cases(&ground));
    cases.extend(organisation::cases(&ground));
    cases.extend(credentials::cases(&ground).await?);
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let before = ground.state().await?;
    let wrong = refused(&cases).await?;
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(ground.state().await?, before);
    service.stop().await
}

/// Sends every case; gives those that were not refused as they should be.
pub async fn refused(cases: &[Case]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for case in cases {
        let reply = case.api.send(case.request()?).await.with_context(|| case.what)?;
        wrong.extend(
            case.judge(&reply).map(|why| format!("- {}: {why}\n    {} {}", case.what, reply.status, reply.text())),
        );
    }
    Ok(wrong)
}
