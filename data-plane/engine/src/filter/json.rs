//! Metadata read in place: where the values at some paths are, and what they say, without building the rest.
//!
//! The text is what the engine wrote itself, so it is well formed and no object names a key twice; of any other
//! text nothing is found from the fault on.

use std::borrow::Cow;

/// Where a value is in its text; empty when there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    from: u32,
    to: u32,
}

/// A value that is not null.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'a> {
    Text(Cow<'a, str>),
    Number(&'a str),
    Bool(bool),
    /// As written.
    List(&'a str),
    Object,
}

impl Span {
    /// `None` for nothing and for null.
    pub(super) fn read(self, text: &str) -> Option<Node<'_>> {
        let raw = text.get(self.from as usize..self.to as usize)?;
        Some(match raw.as_bytes().first()? {
            b'"' => Node::Text(unquote(raw)?),
            b't' => Node::Bool(true),
            b'f' => Node::Bool(false),
            b'n' => return None,
            b'[' => Node::List(raw),
            b'{' => Node::Object,
            _ => Node::Number(raw),
        })
    }
}

/// The value at one path.
pub(super) fn at_path<'a>(text: &'a str, path: &[String]) -> Option<Node<'a>> {
    let mut found = [Span::default()];
    locate(text, &[path], &mut found);
    found[0].read(text)
}

/// Finds the values at up to 32 paths, none of them empty, in one pass; `found` has a span for each.
pub(super) fn locate(text: &str, paths: &[&[String]], found: &mut [Span]) {
    found.fill(Span::default());
    let left = u32::MAX.checked_shr(32 - u32::try_from(paths.len().min(32)).unwrap_or(32)).unwrap_or(0);
    let mut walk = Walk { cursor: Cursor { text, at: 0 }, paths, found, left };
    // It ends early once everything is found.
    let _ = walk.value(0, left);
}

/// Whether a list holds a string.
pub(super) fn list_has(list: &str, wanted: &str) -> bool {
    let mut cursor = Cursor { text: list, at: 0 };
    let mut has = || {
        cursor.expect(b'[')?;
        while cursor.peek()? != b']' {
            let from = cursor.at;
            let is_text = cursor.peek()? == b'"';
            cursor.skip()?;
            if is_text && unquote(&list[from..cursor.at])? == wanted {
                return Some(true);
            }
            cursor.take(b',');
        }
        Some(false)
    };
    has().unwrap_or(false)
}

/// The text of a string in its quotes.
fn unquote(raw: &str) -> Option<Cow<'_, str>> {
    if raw.as_bytes().contains(&b'\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    raw.get(1..raw.len().checked_sub(1)?).map(Cow::Borrowed)
}

/// One pass down several paths; they are bits of a word.
struct Walk<'a> {
    cursor: Cursor<'a>,
    paths: &'a [&'a [String]],
    found: &'a mut [Span],
    /// The paths that are not found yet.
    left: u32,
}

impl Walk<'_> {
    /// Goes through the value here, `depth` keys down, to which the `active` paths lead. `None` ends the pass.
    fn value(&mut self, depth: usize, active: u32) -> Option<()> {
        if active == 0 || self.cursor.peek()? != b'{' {
            return self.cursor.skip();
        }
        self.cursor.expect(b'{')?;
        while !self.cursor.take(b'}') {
            let key = self.cursor.string()?;
            self.cursor.expect(b':')?;
            let (here, ending) = self.matching(key, depth, active)?;
            self.cursor.blank();
            let from = self.cursor.at;
            self.value(depth + 1, here & !ending)?;
            self.keep(ending, from);
            if self.left == 0 {
                return None;
            }
            self.cursor.take(b',');
        }
        Some(())
    }

    /// Those of the active paths that go on by this key, and those that end with it.
    fn matching(&self, key: &str, depth: usize, active: u32) -> Option<(u32, u32)> {
        let key = unquote(key)?;
        let (mut here, mut ending) = (0, 0);
        for (at, path) in self.paths.iter().enumerate() {
            if active >> at & 1 == 1 && path[depth] == key {
                here |= 1 << at;
                ending |= u32::from(path.len() == depth + 1) << at;
            }
        }
        Some((here, ending))
    }

    fn keep(&mut self, ending: u32, from: usize) {
        if ending == 0 {
            return;
        }
        // The limit on metadata keeps offsets far below 4 GiB.
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span { from: offset(from), to: offset(self.cursor.at) };
        let ends = |at: &usize| ending >> at & 1 == 1;
        (0..self.paths.len()).filter(ends).for_each(|at| self.found[at] = span);
        self.left &= !ending;
    }
}

/// A place in a JSON text. Each step is `None` when the text is not what it should be.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn blank(&mut self) {
        while matches!(self.text.as_bytes().get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.blank();
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    /// Passes a string and gives it in its quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let (bytes, from) = (self.text.as_bytes(), self.at - 1);
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(from..self.at)
    }

    /// Passes a value.
    fn skip(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    open = open.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                _ => self.scalar(),
            }
            if open == 0 {
                return Some(());
            }
        }
    }

    fn scalar(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let end = rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b':' | b' ' | b'\n' | b'\r' | b'\t'));
        self.at += end.unwrap_or(rest.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;

    fn path(parts: &[&str]) -> Vec<String> {
        parts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_go_through_objects_only() {
        let text = r#"{"a":{"b":[1,{"c":2}],"d":"x"},"e\u0066":null,"n":1,"g\u0068":"\u00e9"}"#;
        let at = |parts: &[&str]| at_path(text, &path(parts));
        assert_eq!(at(&["a", "d"]), Some(Node::Text("x".into())));
        assert_eq!(at(&["a", "b"]), Some(Node::List(r#"[1,{"c":2}]"#)));
        assert_eq!(at(&["a"]), Some(Node::Object));
        assert_eq!(at(&["n"]), Some(Node::Number("1")));
        assert_eq!(at(&["gh"]), Some(Node::Text("é".into())));
        for nothing in [&["a", "b", "c"][..], &["x"], &["ef"], &["n", "m"], &["a", "d", "x"]] {
            assert_eq!(at(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn damaged_text_holds_nothing_and_ends() {
        for text in
            ["", "{", r#"{"a"#, r#"{"a":"#, r#"{"a":"x"#, r#"{"b":}"#, r#"{"b":[}"#, "]", r#"{"a\"#, "{,,}", "{1}"]
        {
            assert_eq!(at_path(text, &path(&["a"])), None, "{text}");
            assert!(!list_has(text, "a"), "{text}");
        }
    }

    fn json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            "[ab\"\\\\é{}\\[\\],:\n]{0,4}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::hash_map("[ab\"\\\\é]{0,2}", inner, 0..5)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The same by building everything.
    fn built<'a>(json: &'a Json, path: &[String]) -> Option<&'a Json> {
        path.iter().try_fold(json, |json, key| json.as_object()?.get(key)).filter(|found| !found.is_null())
    }

    proptest! {
        #[test]
        fn what_is_read_in_place_is_what_the_text_says(
            json in json(),
            paths in prop::collection::vec(prop::collection::vec("[ab\"\\\\é]{0,2}", 1..4), 1..6),
            wanted in "[ab\"\\\\é]{0,2}",
        ) {
            for text in [json.to_string(), serde_json::to_string_pretty(&json).expect("text")] {
                let mut found = vec![Span::default(); paths.len()];
                locate(&text, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut found);
                for (path, span) in paths.iter().zip(found) {
                    let node = span.read(&text);
                    prop_assert_eq!(&node, &at_path(&text, path));
                    match (built(&json, path), node) {
                        (None, None) | (Some(Json::Object(_)), Some(Node::Object)) => {}
                        (Some(Json::String(a)), Some(Node::Text(b))) => prop_assert_eq!(a, &b),
                        (Some(Json::Bool(a)), Some(Node::Bool(b))) => prop_assert_eq!(*a, b),
                        (Some(Json::Number(a)), Some(Node::Number(b))) => prop_assert_eq!(a.to_string(), b),
                        (Some(Json::Array(a)), Some(Node::List(b))) => {
                            prop_assert_eq!(a.contains(&wanted.as_str().into()), list_has(b, &wanted));
                        }
                        (a, b) => prop_assert!(false, "{:?} read as {:?}", a, b),
                    }
                }
            }
        }
    }
}
