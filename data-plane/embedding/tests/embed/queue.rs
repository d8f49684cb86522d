use std::time::Duration;

use agentdb_data_plane_embedding::{Embedder, EmbeddingError, KEPT_FOR_SINGLE_TEXTS, MAX_QUEUED_TEXTS, MAX_TEXTS};
use tokio::time::timeout;

use super::support::{distance, embedder, model_dir};

/// Long enough for a slow machine, short enough to end.
const DEADLINE: Duration = Duration::from_secs(120);

fn texts(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix} {n}: {}", "rows and columns ".repeat(n % 7))).collect()
}

#[tokio::test]
async fn a_text_has_the_same_vector_in_whatever_company() {
    let embedder = embedder();
    let all = texts("company", 60);
    let together = embedder.embed(all.clone()).await.expect("embedded");
    for index in [0, 1, 6, 33, 59] {
        let alone = embedder.embed(vec![all[index].clone()]).await.expect("embedded");
        assert!(distance(&alone.vectors[0], &together.vectors[index]) < 1e-5, "text {index}");
        assert_eq!(alone.tokens[0], together.tokens[index]);
    }
}

#[tokio::test]
async fn concurrent_callers_get_their_own_vectors_in_their_own_order() {
    let embedder = embedder();
    let calls: Vec<_> = (0..12)
        .map(|caller| {
            let embedder = embedder.clone();
            tokio::spawn(async move {
                let mine = texts(&format!("caller {caller}"), 1 + caller % 5);
                (mine.clone(), embedder.embed(mine).await.expect("embedded"))
            })
        })
        .collect();
    for call in calls {
        let (mine, found) = call.await.expect("the task ends");
        assert_eq!(found.vectors.len(), mine.len());
        for (index, text) in mine.into_iter().enumerate() {
            let alone = embedder.embed(vec![text]).await.expect("embedded");
            assert!(distance(&alone.vectors[0], &found.vectors[index]) < 1e-5);
        }
    }
}

#[tokio::test]
async fn a_question_does_not_wait_for_an_ingest() {
    // A model of its own: what other tests queue does not count.
    let embedder = Embedder::load(&model_dir()).expect("the model loads");
    let ingest = tokio::spawn({
        let embedder = embedder.clone();
        async move { embedder.embed(texts("ingest", MAX_TEXTS)).await }
    });
    while embedder.queued() == 0 {
        tokio::task::yield_now().await;
    }
    timeout(DEADLINE, embedder.embed(vec!["a question".to_owned()]))
        .await
        .expect("answered in time")
        .expect("embedded");
    assert!(!ingest.is_finished(), "the question was answered first");
    assert_eq!(ingest.await.expect("the task ends").expect("embedded").vectors.len(), MAX_TEXTS);
}

#[tokio::test]
async fn a_full_queue_says_busy_and_recovers() {
    let embedder = Embedder::load(&model_dir()).expect("the model loads");
    let mut waiting = Vec::new();
    let calls = (MAX_QUEUED_TEXTS - KEPT_FOR_SINGLE_TEXTS) / MAX_TEXTS;
    for call in 0..calls {
        let embedder = embedder.clone();
        waiting.push(tokio::spawn(async move { embedder.embed(texts(&format!("fill {call}"), MAX_TEXTS)).await }));
    }
    while embedder.queued() < calls * MAX_TEXTS {
        tokio::task::yield_now().await;
    }
    let refused = embedder.embed(texts("one too many", MAX_TEXTS)).await;
    assert!(matches!(refused, Err(EmbeddingError::Busy)), "{refused:?}");
    let single = timeout(DEADLINE, embedder.embed(vec!["a question".to_owned()])).await.expect("answered in time");
    assert!(single.is_ok(), "places are kept for single texts: {single:?}");
    // Whoever goes away gives the room back without being computed.
    for call in &waiting {
        call.abort();
    }
    let recovered = async {
        while embedder.queued() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        embedder.embed(texts("room again", 2)).await
    };
    let found = timeout(DEADLINE, recovered).await.expect("the queue drains").expect("embedded");
    assert_eq!(found.vectors.len(), 2);
}
