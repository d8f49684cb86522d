use std::fs;

use agentdb_data_plane_embedding::{Embedder, EmbeddingError, MAX_TEXTS, MODEL};

use super::support::{embedder, model_dir, similarity};

#[test]
fn a_missing_file_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::copy(model_dir().join("tokenizer.json"), dir.path().join("tokenizer.json")).expect("copied");
    let error = Embedder::load(dir.path()).expect_err("there are no weights");
    assert!(matches!(error, EmbeddingError::Missing { .. }));
    let said = error.to_string();
    assert!(said.contains("model.safetensors") && said.contains("make setup"), "{said}");
}

#[test]
fn an_altered_file_is_refused_by_its_digest() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::copy(model_dir().join("tokenizer.json"), dir.path().join("tokenizer.json")).expect("copied");
    let mut weights = fs::read(model_dir().join("model.safetensors")).expect("weights");
    let middle = weights.len() / 2;
    weights[middle] ^= 1;
    fs::write(dir.path().join("model.safetensors"), weights).expect("written");
    let error = Embedder::load(dir.path()).expect_err("one bit is wrong");
    assert!(matches!(error, EmbeddingError::Altered { .. }));
    assert!(error.to_string().contains("model.safetensors"), "{error}");
}

#[tokio::test]
async fn too_many_texts_are_refused_and_none_is_fine() {
    let refused = embedder().embed(vec![String::new(); MAX_TEXTS + 1]).await;
    assert!(matches!(refused, Err(EmbeddingError::TooMany { given: 1001, most: 1000 })), "{refused:?}");
    let none = embedder().embed(Vec::new()).await.expect("nothing to do");
    assert!(none.vectors.is_empty() && none.tokens.is_empty());
}

#[tokio::test]
async fn a_text_of_nothing_but_marks_and_controls_has_a_vector() {
    let odd = ["", " ", "\u{0}\u{1}\u{7f}", "[CLS] [SEP] [PAD] [MASK] [UNK]", "\u{fffd}\u{202e}\u{feff}"];
    let found = embedder().embed(odd.map(str::to_owned).to_vec()).await.expect("embedded");
    assert_eq!(found.vectors.len(), odd.len());
    for (text, vector) in odd.iter().zip(&found.vectors) {
        assert_eq!(vector.len(), MODEL.dimension, "{text:?}");
        let length = similarity(vector, vector).sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{text:?} has a vector of length {length}");
    }
}
