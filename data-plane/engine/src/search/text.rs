//! Text into terms. The same function serves records and queries, memtables and tables.

use std::cell::RefCell;
use std::collections::HashMap;

use frostem::{Algorithm, Stemmer};
use xxhash_rust::xxh3::xxh3_64;

use crate::schema::Language;

/// Longer words are cut: they are data, not language.
const MAX_WORD_CHARS: usize = 64;

/// Stems a thread remembers; a few MiB.
const MAX_STEMS: usize = 32_768;

/// A term, known by its hash; 64 bits make a clash of two words of one query and one text a curiosity.
pub(crate) type Term = u64;

/// The terms of one text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Terms {
    /// Distinct terms with their counts, by term.
    pub(crate) counts: Box<[(Term, u32)]>,
    /// Terms in all.
    pub(crate) length: u32,
}

impl Terms {
    /// How often `term` occurs.
    pub(crate) fn count(&self, term: Term) -> u32 {
        self.counts.binary_search_by_key(&term, |(t, _)| *t).map_or(0, |at| self.counts[at].1)
    }
}

/// Cuts a text into terms: runs of letters and digits, lowercased and stemmed; runs of Chinese, Japanese and
/// Korean characters, which have no spaces, as single characters and overlapping pairs.
pub(crate) fn analyze(text: &str, language: Language) -> Terms {
    let mut all: Vec<Term> = Vec::with_capacity(text.len() / 5);
    STEMS.with_borrow_mut(|stems| {
        each_word(text, |word| {
            all.push(if language == Language::English && word.is_ascii() {
                stems.term(word)
            } else {
                xxh3_64(word.as_bytes())
            });
        });
    });
    let length = u32::try_from(all.len()).unwrap_or(u32::MAX);
    all.sort_unstable();
    let runs = all.chunk_by(|a, b| a == b);
    let counts = runs.map(|run| (run[0], u32::try_from(run.len()).unwrap_or(u32::MAX))).collect();
    Terms { counts, length }
}

thread_local! {
    static STEMS: RefCell<Stems> = RefCell::new(Stems::default());
}

/// Words whose stem is known. Stemming is the dearest step, and texts repeat their words.
struct Stems {
    stemmer: Stemmer,
    known: HashMap<Box<str>, Term>,
}

impl Default for Stems {
    fn default() -> Self {
        Self { stemmer: Stemmer::new(Algorithm::English), known: HashMap::new() }
    }
}

impl Stems {
    fn term(&mut self, word: &str) -> Term {
        if let Some(term) = self.known.get(word) {
            return *term;
        }
        if self.known.len() >= MAX_STEMS {
            self.known.clear();
        }
        let term = xxh3_64(self.stemmer.stem(word).as_bytes());
        self.known.insert(word.into(), term);
        term
    }
}

/// Visits lowercased words, CJK characters and CJK pairs.
fn each_word(text: &str, mut emit: impl FnMut(&str)) {
    let mut word = String::new();
    let mut chars = 0;
    let mut previous: Option<char> = None;
    let mut pair = String::new();
    for c in text.chars() {
        if is_cjk(c) {
            flush(&mut word, &mut emit);
            chars = 0;
            pair.clear();
            if let Some(before) = previous {
                pair.push(before);
                pair.push(c);
                emit(&pair);
                pair.clear();
            }
            pair.push(c);
            emit(&pair);
            previous = Some(c);
            continue;
        }
        previous = None;
        if c.is_alphanumeric() {
            if chars < MAX_WORD_CHARS {
                word.extend(c.to_lowercase());
            }
            chars += 1;
        } else if !is_joiner(c) || word.is_empty() {
            flush(&mut word, &mut emit);
            chars = 0;
        }
    }
    flush(&mut word, &mut emit);
}

fn flush(word: &mut String, emit: &mut impl FnMut(&str)) {
    if !word.is_empty() {
        emit(word);
        word.clear();
    }
}

/// An apostrophe and combining marks do not end a word.
fn is_joiner(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{300}'..='\u{36f}')
}

fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' // kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // han
        | '\u{ac00}'..='\u{d7af}' // hangul
        | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        each_word(text, |word| out.push(word.to_owned()));
        out
    }

    #[test]
    fn english_is_lowercased_and_stemmed() {
        assert_eq!(words("Running indexes, it's FAST!"), ["running", "indexes", "its", "fast"]);
        assert_eq!(analyze("run RUN running", Language::English).counts.len(), 1);
        assert_eq!(analyze("run RUN running", Language::Unstemmed).counts.len(), 2);
        assert_eq!(analyze("indexes", Language::English), analyze("index", Language::English));
    }

    #[test]
    fn chinese_and_japanese_become_characters_and_pairs() {
        assert_eq!(words("数据库 v2"), ["数", "数据", "据", "据库", "库", "v2"]);
        let text = analyze("データベースの検索", Language::English);
        let query = analyze("検索", Language::English);
        assert!(query.counts.iter().all(|(t, _)| text.count(*t) > 0));
    }

    #[test]
    fn lengths_count_repetitions() {
        let terms = analyze("a b a", Language::Unstemmed);
        assert_eq!((terms.length, terms.counts.len()), (3, 2));
    }
}
