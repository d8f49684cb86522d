//! From sign-up to a metered, billed answer.

use agentdb_tests::harness::{Account, Collection, Place, Service, Tally, micros};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

const ARTICLES: [(&str, &str, &str); 4] = [
    ("password", "en", "To reset your password open the account page and choose 'Forgotten password'; a mail follows."),
    ("invoice", "en", "Invoices are issued on the first day of the month and can be downloaded as PDF."),
    ("backup", "en", "A snapshot of the database is taken every night and kept for thirty days."),
    ("rechnung", "de", "Rechnungen stehen am ersten Tag des Monats bereit."),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_a_metered_and_billed_answer_from_a_directory() -> Result<()> {
    journey(Place::Directory).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_a_metered_and_billed_answer_from_s3() -> Result<()> {
    journey(Place::S3).await
}

async fn journey(place: Place) -> Result<()> {
    let mut service = Service::on(place).await?;
    let account = service.community_account().await?;
    let key = account.key("first", "support*", &["read", "write"]).await?;
    let namespace = account.namespace("support").await?;
    let articles = account.api.with_key(&key.secret).collection("support", "articles");

    let mut tally = Tally::default();
    write(&articles, &mut tally).await?;
    ask(&articles, &mut tally).await?;
    let usage = account.usage_when("usage equals the receipts", |usage| tally.equals(usage)).await?;
    for row in usage.rows.iter().filter(|row| row.meter != "storage_byte_hours") {
        assert_eq!(row.key_id.as_deref(), Some(key.id.as_str()), "{row:?}");
        assert_eq!(row.namespace_id.as_deref(), Some(namespace.as_str()), "{row:?}");
    }
    assert!(tally.of("embedding_tokens") > 0 && tally.of("egress_bytes") > 0, "{usage:?}");
    check_invoice(&account, &tally).await?;

    service.kill().await?;
    service.start_again().await?;
    ask(&articles, &mut tally).await?;
    account.usage_settles("usage goes on where it was", &articles, &mut tally).await?;

    service.operator().await?.subscribe(&account, "professional").await?;
    let invoice = account.invoice().await?;
    assert_eq!(micros(&invoice["total"])?, 500_000_000, "the fee, and all usage within what it includes: {invoice}");
    service.stop().await
}

async fn write(articles: &Collection, tally: &mut Tally) -> Result<()> {
    let schema = json!({"embedding_model": "all-MiniLM-L6-v2", "attributes": {"lang": "string", "length": "int"}});
    tally.add(articles.create(&schema).await?.expect(201)?);
    tally.add(articles.create(&schema).await?.expect(200)?);
    let records: Vec<Value> = ARTICLES
        .iter()
        .map(|(id, lang, text)| {
            let attributes = json!({"lang": lang, "length": text.len()});
            json!({"id": id, "text": text, "attributes": attributes, "metadata": {"source": {"page": id}}})
        })
        .collect();
    let written = tally.add(articles.upsert(&records).await?.expect(200)?);
    ensure!(written.units("write") == 4_000, "four small records are four write units: {}", written.text());

    let extra = json!({"id": "obsolete", "text": "This page is out of date."});
    tally.add(articles.upsert_once("the-same-again", std::slice::from_ref(&extra)).await?.expect(200)?);
    let replay = tally.add(articles.upsert_once("the-same-again", &[extra]).await?.expect(200)?);
    ensure!(replay.result() != &Value::Null, "a replay has the stored answer: {}", replay.text());
    ensure!(replay.units("write") + replay.units("embedding_tokens") == 0, "a replay is free: {}", replay.text());
    let deleted = tally.add(articles.delete(&["obsolete"]).await?.expect(200)?);
    ensure!(deleted.commit()? > written.commit()?, "commits rise: {}", deleted.text());
    Ok(())
}

async fn ask(articles: &Collection, tally: &mut Tally) -> Result<()> {
    let question = json!({"text": "how do I reset my password", "top_k": 2, "include": ["text", "metadata"]});
    let answer = tally.add(articles.query(&question).await?.expect(200)?);
    assert_eq!((answer.hits().len(), answer.ids().first()), (2, Some(&"password")), "{}", answer.text());
    assert_eq!(answer.hits()[0]["metadata"]["source"]["page"], "password");
    assert_eq!(answer.units("query"), 1_000);
    assert_eq!(answer.header("x-request-id"), answer.json["receipt"]["request_id"].as_str());

    for mode in ["semantic", "text", "hybrid"] {
        let body = json!({"text": "Rechnungen", "mode": mode, "filter": "lang = $1", "params": ["de"]});
        let answer = tally.add(articles.query(&body).await?.expect(200)?);
        assert_eq!(answer.ids(), ["rechnung"], "{mode}: {}", answer.text());
    }

    let fetched = tally.add(articles.fetch(&["backup", "obsolete"]).await?.expect(200)?);
    let text = fetched.text();
    assert!(text.contains("every night") && !text.contains("out of date"), "{text}");
    let counted = tally.add(articles.count(&json!({"filter": "lang = 'en' AND length > 10"})).await?.expect(200)?);
    assert_eq!(counted.result()["count"], 3, "{}", counted.text());
    let first = tally.add(articles.scan(&json!({"limit": 3})).await?.expect(200)?);
    let cursor = first.result()["next_cursor"].as_str().context("a scan that is cut has a cursor")?;
    let second = tally.add(articles.scan(&json!({"limit": 3, "cursor": cursor})).await?.expect(200)?);
    assert_eq!([first.ids(), second.ids()].concat(), ["backup", "invoice", "password", "rechnung"]);
    Ok(())
}

/// The invoice names what was used, charges nothing in Community, and its lines add up to its total.
async fn check_invoice(account: &Account, tally: &Tally) -> Result<()> {
    let invoice = account.invoice().await?;
    let lines = invoice["lines"].as_array().context("no lines")?;
    let mut total = 0;
    for line in lines {
        total += micros(&line["amount"])?;
        assert_eq!(micros(&line["amount"])?, 0, "Community is never charged: {line}");
        if line["meter"].is_string() {
            assert_eq!(line["billable_quantity"], 0, "{line}");
        }
    }
    assert_eq!(micros(&invoice["total"])?, total, "{invoice}");
    for meter in ["query", "write", "embedding_tokens", "egress_bytes"] {
        let line = lines.iter().find(|line| line["meter"] == meter).with_context(|| format!("no line for {meter}"))?;
        assert_eq!(line["quantity"].as_u64(), Some(tally.of(meter)), "{line}");
    }
    Ok(())
}
