//! The running text of a page of the manual: XHTML as DocBook writes it, well-formed, without scripts.

/// A piece of a page in reading order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// What the text after it is about.
    Heading(String),
    /// A paragraph, a list item, a table row, a listing.
    Text(String),
}

/// The page's title and blocks. Navigation is left out, and so are tables of contents, unless there is nothing else.
pub fn read(page: &str) -> (String, Vec<Block>) {
    let title = between(page, "<title>", "</title>").map(|text| collapse(&unescape(text))).unwrap_or_default();
    let body = page.split_once("<body").map_or(page, |(_, body)| body);
    let blocks = Scanner::new(&["navheader", "navfooter", "toc"]).run(body);
    if blocks.iter().any(|block| matches!(block, Block::Text(_))) {
        return (title, blocks);
    }
    (title, Scanner::new(&["navheader", "navfooter"]).run(body))
}

struct Scanner<'a> {
    skipped: &'a [&'a str],
    /// Open elements inside the one that is skipped, itself included; 0 outside.
    skipping: usize,
    heading: bool,
    text: String,
    blocks: Vec<Block>,
}

impl<'a> Scanner<'a> {
    fn new(skipped: &'a [&'a str]) -> Self {
        Self { skipped, skipping: 0, heading: false, text: String::new(), blocks: Vec::new() }
    }

    fn run(mut self, body: &str) -> Vec<Block> {
        // The rest of the opening `<body ...` tag comes first.
        let mut rest = body.split_once('>').map_or("", |(_, rest)| rest);
        while let Some((text, after)) = rest.split_once('<') {
            self.text(text);
            let Some((tag, after)) = after.split_once('>') else { break };
            self.tag(tag);
            rest = after;
        }
        self.end_block();
        self.blocks
    }

    fn text(&mut self, text: &str) {
        if self.skipping == 0 {
            self.text.push_str(&unescape(text));
        }
    }

    fn tag(&mut self, tag: &str) {
        let closing = tag.starts_with('/');
        let empty = tag.ends_with('/') || tag.starts_with(['!', '?']);
        if self.skipping > 0 {
            match (closing, empty) {
                (true, _) => self.skipping -= 1,
                (false, false) => self.skipping += 1,
                (false, true) => {}
            }
            return;
        }
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        let heading = matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
        if heading || matches!(name, "p" | "pre" | "li" | "dt" | "tr" | "div" | "table" | "blockquote") {
            self.end_block();
        } else if matches!(name, "td" | "th" | "br" | "dd") {
            self.text.push(' ');
        }
        if heading {
            self.heading = !closing;
        }
        let class = between(tag, "class=\"", "\"").unwrap_or("");
        if !closing && !empty && self.skipped.contains(&class) {
            self.skipping = 1;
        }
    }

    fn end_block(&mut self) {
        let text = collapse(&std::mem::take(&mut self.text));
        if text.is_empty() {
            return;
        }
        self.blocks.push(if self.heading { Block::Heading(text) } else { Block::Text(text) });
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let Some((name, tail)) = after.split_once(';') else {
            plain.push('&');
            rest = after;
            continue;
        };
        match entity(name) {
            Some(c) => {
                plain.push(c);
                rest = tail;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, read};

    #[test]
    fn text_is_read_without_navigation() {
        let page = r#"<html><head><title>VACUUM &#8212; x</title></head><body class="a"><div class="navheader">
            <table><tr><th>Prev</th></tr></table><hr /></div><h2><span>VACUUM</span></h2><p>a &lt;b&gt;
            <code>c</code>d</p><ul><li><p>one</p></li></ul><div class="navfooter"><hr />Next</div></body></html>"#;
        let (title, blocks) = read(page);
        assert_eq!(title, "VACUUM — x");
        let text = |text: &str| Block::Text(text.to_owned());
        assert_eq!(blocks, [Block::Heading("VACUUM".to_owned()), text("a <b> cd"), text("one")]);
    }

    #[test]
    fn a_page_of_contents_alone_keeps_them() {
        let page = r#"<body id="x"><h1>Part</h1><div class="toc"><ul><li>chapter</li></ul></div></body>"#;
        assert_eq!(read(page).1, [Block::Heading("Part".to_owned()), Block::Text("chapter".to_owned())]);
        let page = r#"<body><div class="toc"><ul><li>chapter</li></ul></div><p>text</p></body>"#;
        assert_eq!(read(page).1, [Block::Text("text".to_owned())]);
    }
}
