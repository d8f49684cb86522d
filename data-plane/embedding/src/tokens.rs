//! From text to the numbers the model reads.

use std::path::Path;

use tokenizers::Tokenizer;

use crate::error::{EmbeddingError, Result};
use crate::files;
use crate::model::MODEL;

/// `[CLS]`, before every text.
const START: u32 = 101;
/// `[SEP]`, after every text.
const END: u32 = 102;
/// Bytes of a text that are looked at first. 256 tokens of prose are about 1,200 bytes, so one look is
/// usual, and a text of megabytes costs no more than a long paragraph.
const FIRST_LOOK: usize = 4096;

/// A text as the model reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Ids with the start and end marks, at most [`Model::max_tokens`](crate::Model::max_tokens).
    pub ids: Vec<u32>,
    /// The text went on beyond what the model can read.
    pub truncated: bool,
}

/// The model's tokenizer alone: counts tokens without loading the weights.
#[derive(Debug)]
pub struct TokenCounter {
    tokenizer: Tokenizer,
}

impl TokenCounter {
    /// Loads `tokenizer.json` from the model's directory.
    ///
    /// # Errors
    /// The file is missing, unreadable or not the expected one.
    pub fn load(dir: &Path) -> Result<Self> {
        Self::from_bytes(&files::read_tokenizer(dir)?)
    }

    pub(crate) fn from_bytes(json: &[u8]) -> Result<Self> {
        let load = |error: tokenizers::Error| EmbeddingError::Load(error.to_string());
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(load)?;
        // The file asks for 128 tokens, padded; length is decided here and texts are never padded.
        tokenizer.with_truncation(None).map_err(load)?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer })
    }

    /// The tokens of a text. Empty text is the two marks.
    ///
    /// # Errors
    /// The tokenizer refuses the text; no text that does is known.
    pub fn tokens(&self, text: &str) -> Result<Tokens> {
        let room = MODEL.max_tokens - 2;
        let mut look = FIRST_LOOK;
        loop {
            let part = prefix(text, look);
            let encoding = self
                .tokenizer
                .encode_fast(part, false)
                .map_err(|error| EmbeddingError::Inference(error.to_string()))?;
            let found = encoding.get_ids();
            if found.len() <= room && part.len() < text.len() {
                look *= 2;
                continue;
            }
            let kept = &found[..found.len().min(room)];
            let mut ids = Vec::with_capacity(kept.len() + 2);
            ids.push(START);
            ids.extend_from_slice(kept);
            ids.push(END);
            return Ok(Tokens { ids, truncated: found.len() > room });
        }
    }
}

/// The first `look` bytes of a text or a little less, cut where the tokenizer always starts a new token, so
/// that the tokens of the part are the first tokens of the whole. With nowhere to cut, the whole text.
fn prefix(text: &str, look: usize) -> &str {
    if text.len() <= look {
        return text;
    }
    let end = text.floor_char_boundary(look);
    text[..end].rfind(starts_token).map_or(text, |cut| &text[..cut])
}

/// White space ends a token, and each of these ideographs is one. Other white space is no safe place: the
/// tokenizer removes control characters and joins what stood on both sides.
fn starts_token(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\t' | '\r' | '\u{4E00}'..='\u{9FFF}')
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn a_prefix_ends_before_white_space() {
        assert_eq!(prefix("one two three", 9), "one two");
        assert_eq!(prefix("one two three", 13), "one two three");
        assert_eq!(prefix("äöü äöü", 8), "äöü");
    }

    #[test]
    fn ideographs_can_be_cut_apart() {
        assert_eq!(prefix("数据库数据库", 8), "数");
    }

    #[test]
    fn a_text_with_nowhere_to_cut_is_looked_at_whole() {
        assert_eq!(prefix("abcdefgh", 4), "abcdefgh");
    }
}
