//! Text into terms. The same function serves records and queries, memtables and tables.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use frostem::{Algorithm, Stemmer};
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_64;

use super::width::folded;
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
    /// The places of those of `query` that occur here, ascending, with their counts. `query` is by term. The longer of
    /// the two is searched for the terms of the shorter.
    pub(crate) fn counts_of<'a, W>(&'a self, query: &'a [(Term, W)]) -> impl Iterator<Item = (usize, u32)> + 'a {
        let of_query = query.len() <= self.counts.len();
        let wanted =
            query.iter().take(if of_query { query.len() } else { 0 }).enumerate().filter_map(|(at, (term, _))| {
                let found = self.counts.binary_search_by_key(term, |(term, _)| *term).ok()?;
                Some((at, self.counts[found].1))
            });
        let held = self.counts.iter().take(if of_query { 0 } else { self.counts.len() });
        wanted.chain(
            held.filter_map(|(term, count)| Some((query.binary_search_by_key(term, |(term, _)| *term).ok()?, *count))),
        )
    }
}

/// Cuts a text into terms: runs of letters and digits, lowercased and stemmed; runs of Chinese, Japanese and
/// Korean characters, which have no spaces, as single characters and overlapping pairs. Full and half width are one.
pub(crate) fn analyze(text: &str, language: Language) -> Terms {
    terms(text, language, Cut::Text)
}

/// The same of a query, but that a run without spaces is looked for by its pairs; by its character when it is one.
/// Single characters are in every other text and would only blur the ranking.
pub(crate) fn analyze_query(text: &str, language: Language) -> Terms {
    terms(text, language, Cut::Query)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Text,
    Query,
}

fn terms(text: &str, language: Language, cut: Cut) -> Terms {
    let mut all: Vec<Term> = Vec::with_capacity(text.len() / 5);
    STEMS.with(|stems| {
        let mut known = stems.known.lock();
        each_word(text, cut, |word| {
            all.push(if language == Language::English && word.is_ascii() {
                stems.term(&mut known, word)
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

/// Forgets the words of all texts so far, on every thread. A text that is being cut is waited for.
pub(crate) fn forget_words() {
    for known in THREADS.lock().iter().filter_map(Weak::upgrade) {
        *known.lock() = Known::new();
    }
}

thread_local! {
    static STEMS: Stems = Stems::new();
}

/// What each thread knows.
static THREADS: Mutex<Vec<Weak<Mutex<Known>>>> = Mutex::new(Vec::new());

/// Words whose stem is known. Stemming is the dearest step, and texts repeat their words.
type Known = HashMap<Box<str>, Term>;

/// A thread's own. Its words are behind a lock for who forgets them alone.
struct Stems {
    stemmer: Stemmer,
    known: Arc<Mutex<Known>>,
}

impl Stems {
    fn new() -> Self {
        let known = Arc::new(Mutex::new(Known::new()));
        let mut threads = THREADS.lock();
        // Those that have ended.
        threads.retain(|known| known.strong_count() > 0);
        threads.push(Arc::downgrade(&known));
        Self { stemmer: Stemmer::new(Algorithm::English), known }
    }

    fn term(&self, known: &mut Known, word: &str) -> Term {
        if let Some(term) = known.get(word) {
            return *term;
        }
        if known.len() >= MAX_STEMS {
            known.clear();
        }
        let term = xxh3_64(self.stemmer.stem(word).as_bytes());
        known.insert(word.into(), term);
        term
    }
}

/// Visits lowercased words, CJK characters and CJK pairs.
fn each_word(text: &str, cut: Cut, mut emit: impl FnMut(&str)) {
    let mut word = String::new();
    let mut chars = 0;
    let mut run = Run::default();
    for c in folded(text) {
        if is_cjk(c) {
            flush(&mut word, &mut emit);
            chars = 0;
            run.push(c, cut, &mut emit);
            continue;
        }
        run.end(cut, &mut emit);
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
    run.end(cut, &mut emit);
    flush(&mut word, &mut emit);
}

/// A run of characters without spaces.
#[derive(Default)]
struct Run {
    /// The last character.
    last: Option<char>,
    length: usize,
    term: String,
}

impl Run {
    fn push(&mut self, c: char, cut: Cut, emit: &mut impl FnMut(&str)) {
        if let Some(last) = self.last.replace(c) {
            self.emit(&[last, c], emit);
        }
        if cut == Cut::Text {
            self.emit(&[c], emit);
        }
        self.length += 1;
    }

    fn end(&mut self, cut: Cut, emit: &mut impl FnMut(&str)) {
        if let Some(last) = self.last.take()
            && self.length == 1
            && cut == Cut::Query
        {
            self.emit(&[last], emit);
        }
        self.length = 0;
    }

    fn emit(&mut self, chars: &[char], emit: &mut impl FnMut(&str)) {
        self.term.clear();
        self.term.extend(chars);
        emit(&self.term);
    }
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
        '\u{3005}'..='\u{3007}' // marks of repetition, closing and zero, parts of words
        | '\u{3040}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' // kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // han
        | '\u{ac00}'..='\u{d7af}' // hangul
        | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, cut: Cut) -> Vec<String> {
        let mut out = Vec::new();
        each_word(text, cut, |word| out.push(word.to_owned()));
        out
    }

    fn words(text: &str) -> Vec<String> {
        cut(text, Cut::Text)
    }

    fn finds(query: &str, text: &str) -> bool {
        let text = analyze(text, Language::English);
        let query = analyze_query(query, Language::English);
        !query.counts.is_empty() && text.counts_of(&query.counts).count() == query.counts.len()
    }

    #[test]
    fn the_terms_of_a_query_are_counted_whichever_is_longer() {
        let text = analyze("a lock, a lock and an index", Language::English);
        for query in ["lock", "a lock and an index of some pages in a table", "pages", ""] {
            let query = analyze_query(query, Language::English);
            let found: Vec<(usize, u32)> = text.counts_of(&query.counts).collect();
            let expected = query
                .counts
                .iter()
                .enumerate()
                .filter_map(|(at, (term, _))| Some((at, text.counts.iter().find(|(held, _)| held == term)?.1)));
            assert_eq!(found, expected.collect::<Vec<_>>());
        }
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
        assert_eq!(words("々・タ"), ["々", "タ"]);
        assert!(finds("検索", "データベースの検索"));
        assert!(finds("人々", "様々な人々"));
        assert!(!finds("ター", "データ・ーの"));
    }

    #[test]
    fn a_query_looks_for_pairs_and_for_what_stands_alone() {
        assert_eq!(cut("数据库 v2", Cut::Query), ["数据", "据库", "v2"]);
        assert_eq!(cut("犬 と猫 x象", Cut::Query), ["犬", "と猫", "x", "象"]);
        assert!(finds("猫", "黒猫がいる") && finds("数据", "数据库"));
        assert!(!finds("据数", "数据库"));
    }

    #[test]
    fn width_and_the_form_of_voiced_kana_do_not_matter() {
        assert!(finds("データ", "ﾃﾞｰﾀ") && finds("ﾌﾟﾛｸﾞﾗﾑ", "プログラムを実行"));
        assert!(finds("ABC123", "ＡＢＣ１２３") && finds("ｓｑｌ", "SQL"));
        assert!(finds("か\u{3099}くせい", "がくせい"));
    }

    #[test]
    fn words_are_forgotten_on_every_thread() {
        let known = || THREADS.lock().iter().filter_map(Weak::upgrade).any(|known| known.lock().contains_key("plugh"));
        let (cut, wait) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                analyze("the word is plugh", Language::English);
                cut.send(()).expect("it is waited for");
                // An error, when the other end is dropped.
                let _ = ended.recv();
            });
            wait.recv().expect("it is cut");
            assert!(known(), "nothing is there to be forgotten");
            forget_words();
            assert!(!known());
            drop(end);
        });
    }

    #[test]
    fn lengths_count_repetitions() {
        let terms = analyze("a b a", Language::Unstemmed);
        assert_eq!((terms.length, terms.counts.len()), (3, 2));
    }
}
