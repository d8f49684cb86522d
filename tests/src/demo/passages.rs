//! Pages cut into passages that the model reads whole and a person can read at a glance.

use std::collections::VecDeque;

use agentdb_data_plane_embedding::TokenCounter;
use anyhow::{Result, ensure};

use super::html::{self, Block};

/// Tokens a passage wants to have. It ends with the paragraph that reaches this.
const ENOUGH: usize = 120;
/// Tokens a passage may have.
const MOST: usize = 200;

/// A record to be.
#[derive(Debug, Clone)]
pub struct Passage {
    /// The page's file name.
    pub page: String,
    /// Place among the page's passages.
    pub number: usize,
    /// The page's title.
    pub title: String,
    /// The heading above it.
    pub section: String,
    /// Title, heading and paragraphs.
    pub text: String,
    /// Tokens of the text, as the client counts them.
    pub tokens: u64,
}

impl Passage {
    /// The record's id.
    pub fn id(&self) -> String {
        format!("{}#{}", self.page, self.number)
    }
}

/// The passages of one page, at most `most`: the first of each section, then the second of each, and so on, so that
/// a long page is covered from end to end before any part of it is covered densely.
pub fn of_page(name: &str, source: &str, most: usize, counter: &TokenCounter) -> Result<Vec<Passage>> {
    let (title, blocks) = html::read(source);
    let mut sections = sections(&title, blocks)
        .into_iter()
        .map(|(section, paragraphs)| cut(name, &title, &section, paragraphs, most, counter))
        .collect::<Result<Vec<VecDeque<Passage>>>>()?;
    let mut chosen = Vec::new();
    while chosen.len() < most && sections.iter().any(|section| !section.is_empty()) {
        chosen.extend(sections.iter_mut().filter_map(VecDeque::pop_front));
    }
    chosen.truncate(most);
    for (number, passage) in chosen.iter_mut().enumerate() {
        passage.number = number;
    }
    Ok(chosen)
}

/// Headings with the paragraphs below them. A heading without text of its own becomes part of the next.
fn sections(title: &str, blocks: Vec<Block>) -> Vec<(String, Vec<String>)> {
    let mut sections = vec![(title.to_owned(), Vec::new())];
    for block in blocks {
        match (block, sections.last_mut()) {
            (Block::Text(text), Some((_, paragraphs))) => paragraphs.push(text),
            (Block::Heading(heading), Some((last, paragraphs))) if paragraphs.is_empty() => *last = heading,
            (Block::Heading(heading), _) => sections.push((heading, Vec::new())),
            (Block::Text(_), None) => {}
        }
    }
    sections
}

/// A section's first passages, at most `most`.
fn cut(
    page: &str,
    title: &str,
    section: &str,
    paragraphs: Vec<String>,
    most: usize,
    counter: &TokenCounter,
) -> Result<VecDeque<Passage>> {
    let head = if section.contains(title) { section.to_owned() } else { format!("{title}: {section}") };
    let room = MOST.saturating_sub(count(&head, counter)?).max(ENOUGH / 2);
    let mut passages = VecDeque::new();
    let (mut text, mut size) = (String::new(), 0);
    let mut end = |text: &mut String, size: &mut usize| -> Result<usize> {
        *size = 0;
        if text.is_empty() {
            return Ok(passages.len());
        }
        let text = format!("{head}\n{}", std::mem::take(text));
        let tokens = counter.tokens(&text)?;
        ensure!(!tokens.truncated, "a passage of {page} is longer than the model reads: {text}");
        passages.push_back(Passage {
            page: page.to_owned(),
            number: 0,
            title: title.to_owned(),
            section: section.to_owned(),
            tokens: tokens.ids.len() as u64,
            text,
        });
        Ok(passages.len())
    };
    let mut pieces = Vec::new();
    for paragraph in paragraphs {
        split(paragraph, room, counter, &mut pieces)?;
        for (piece, tokens) in pieces.drain(..) {
            if size + tokens > room {
                end(&mut text, &mut size)?;
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&piece);
            size += tokens;
        }
        if size >= ENOUGH && end(&mut text, &mut size)? >= most {
            break;
        }
    }
    end(&mut text, &mut size)?;
    Ok(passages)
}

/// A paragraph, in halves of halves until each has at most `room` tokens; cut between sentences where it can be.
fn split(paragraph: String, room: usize, counter: &TokenCounter, pieces: &mut Vec<(String, usize)>) -> Result<()> {
    let tokens = count(&paragraph, counter)?;
    if tokens <= room {
        pieces.push((paragraph, tokens));
        return Ok(());
    }
    let middle = paragraph.floor_char_boundary(paragraph.len() / 2);
    let sentence = paragraph[..middle].rfind(". ").filter(|at| at * 4 > paragraph.len()).map(|at| at + 1);
    let space = || paragraph[..middle].rfind(' ').filter(|at| *at > 0);
    let at = sentence.or_else(space).unwrap_or(middle);
    let (first, second) = paragraph.split_at(at);
    split(first.trim().to_owned(), room, counter, pieces)?;
    split(second.trim().to_owned(), room, counter, pieces)
}

/// Tokens without the marks around them; more than the model reads counts as that and one more.
fn count(text: &str, counter: &TokenCounter) -> Result<usize> {
    let tokens = counter.tokens(text)?;
    Ok(tokens.ids.len() - 2 + usize::from(tokens.truncated))
}
