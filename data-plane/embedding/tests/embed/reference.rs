//! Against `reference/vectors.json`, which `reference/make.py` computes without this crate.

use agentdb_data_plane_embedding::TokenCounter;
use serde_json::Value;

use super::support::{distance, embedder, model_dir, similarity};

fn rows() -> Vec<Value> {
    serde_json::from_str(include_str!("../reference/vectors.json")).expect("the reference is JSON")
}

fn text(row: &Value) -> String {
    row["text"].as_str().expect("a text").to_owned()
}

fn vector(row: &Value) -> Vec<f32> {
    row["vector"].as_array().expect("a vector").iter().map(|v| v.as_f64().expect("a number") as f32).collect()
}

#[tokio::test]
async fn every_component_meets_the_reference() {
    let rows = rows();
    let found = embedder().embed(rows.iter().map(text).collect()).await.expect("embedded");
    for (row, found) in rows.iter().zip(&found.vectors) {
        let away = distance(&vector(row), found);
        assert!(away < 1e-5, "{:?} is {away} away from the reference", text(row));
        assert!((similarity(found, found) - 1.0).abs() < 1e-5, "{:?} has length 1", text(row));
    }
}

#[tokio::test]
async fn tokens_and_truncation_meet_the_reference() {
    let rows = rows();
    let found = embedder().embed(rows.iter().map(text).collect()).await.expect("embedded");
    let tokens: Vec<u64> = rows.iter().map(|row| row["tokens"].as_u64().expect("a count")).collect();
    assert_eq!(found.tokens.iter().map(|&count| u64::from(count)).collect::<Vec<_>>(), tokens);
    let truncated: Vec<usize> =
        (0..rows.len()).filter(|&index| rows[index]["truncated"].as_bool() == Some(true)).collect();
    assert!(!truncated.is_empty(), "the reference has a text that is too long");
    assert_eq!(found.truncated, truncated);
}

#[test]
fn token_ids_meet_the_reference() {
    let counter = TokenCounter::load(&model_dir()).expect("the tokenizer loads");
    for row in rows() {
        let expected: Vec<u32> =
            row["ids"].as_array().expect("ids").iter().map(|id| id.as_u64().expect("an id") as u32).collect();
        let found = counter.tokens(&text(&row)).expect("tokens");
        assert_eq!(found.ids[..expected.len()], expected, "{:?}", text(&row));
    }
}

#[tokio::test]
async fn meaning_decides_nearness_not_words() {
    let texts = [
        "How do I get back into my account when I forgot the password?",
        "Steps to recover lost login credentials",
        "How do I get my bicycle back into the garage?",
        "The cat sat quietly on the warm windowsill.",
    ];
    let found = embedder().embed(texts.map(str::to_owned).to_vec()).await.expect("embedded").vectors;
    let near = |index: usize| similarity(&found[0], &found[index]);
    assert!(near(1) > near(2) && near(2) > near(3), "{} {} {}", near(1), near(2), near(3));
}

#[test]
fn a_long_text_is_read_as_its_beginning_would_be() {
    let counter = TokenCounter::load(&model_dir()).expect("the tokenizer loads");
    let sentence = "Réindexing, (concurrently) 表 doesn't-block 42.5% of writers\t";
    let long = counter.tokens(&sentence.repeat(50_000)).expect("tokens");
    let short = counter.tokens(&sentence.repeat(40)).expect("tokens");
    assert!(long.truncated && short.truncated);
    assert_eq!(long.ids.len(), 256);
    assert_eq!(long.ids, short.ids);
    let blank = counter.tokens(&format!("{}end", " ".repeat(100_000))).expect("tokens");
    assert_eq!((blank.ids.len(), blank.truncated), (3, false), "leading space is not taken for the whole text");
}
