//! Text into tokens with their places.

use super::FilterError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword as written.
    Word(String),
    /// A name in double quotes; never a keyword.
    Quoted(String),
    Text(String),
    Int(i64),
    Float(f64),
    /// `$n`, 1-based.
    Param(usize),
    Symbol(&'static str),
    End,
}

/// A token and the 0-based character it starts at.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Longer symbols first.
const SYMBOLS: [&str; 12] = ["<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", ",", ".", "-"];

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, FilterError> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (token, end) = next(&chars, at)?;
        out.push(Placed { token, at });
        at = end;
    }
    out.push(Placed { token: Token::End, at: chars.len() });
    Ok(out)
}

fn next(chars: &[char], at: usize) -> Result<(Token, usize), FilterError> {
    let first = chars[at];
    if first.is_alphabetic() || first == '_' {
        let end = run(chars, at, |c| c.is_alphanumeric() || c == '_');
        return Ok((Token::Word(chars[at..end].iter().collect()), end));
    }
    if first == '\'' {
        let (text, end) = quoted(chars, at, '\'')?;
        return Ok((Token::Text(text), end));
    }
    if first == '"' {
        let (text, end) = quoted(chars, at, '"')?;
        return Ok((Token::Quoted(text), end));
    }
    if first == '$' {
        let end = run(chars, at + 1, |c| c.is_ascii_digit());
        let number: String = chars[at + 1..end].iter().collect();
        return match number.parse::<usize>() {
            Ok(n) if n >= 1 => Ok((Token::Param(n), end)),
            _ => Err(FilterError::at(at, "a parameter is $1, $2, ...")),
        };
    }
    if first.is_ascii_digit() {
        return number(chars, at);
    }
    for symbol in SYMBOLS {
        if symbol.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c)) {
            return Ok((Token::Symbol(symbol), at + symbol.len()));
        }
    }
    Err(FilterError::at(at, format!("unexpected character {first:?}")))
}

fn run(chars: &[char], from: usize, keep: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| !keep(*c)).map_or(chars.len(), |n| from + n)
}

/// A quote is written twice inside quotes.
fn quoted(chars: &[char], at: usize, quote: char) -> Result<(String, usize), FilterError> {
    let mut text = String::new();
    let mut i = at + 1;
    while i < chars.len() {
        if chars[i] != quote {
            text.push(chars[i]);
            i += 1;
        } else if chars.get(i + 1) == Some(&quote) {
            text.push(quote);
            i += 2;
        } else {
            return Ok((text, i + 1));
        }
    }
    Err(FilterError::at(at, "the closing quote is missing"))
}

fn number(chars: &[char], at: usize) -> Result<(Token, usize), FilterError> {
    let mut end = run(chars, at, |c| c.is_ascii_digit());
    let mut float = false;
    if chars.get(end) == Some(&'.') && chars.get(end + 1).is_some_and(char::is_ascii_digit) {
        float = true;
        end = run(chars, end + 1, |c| c.is_ascii_digit());
    }
    if matches!(chars.get(end), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(end + 1), Some('+' | '-')));
        let digits = run(chars, end + 1 + sign, |c| c.is_ascii_digit());
        if digits > end + 1 + sign {
            float = true;
            end = digits;
        }
    }
    if chars.get(end).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
        return Err(FilterError::at(at, "not a number"));
    }
    let text: String = chars[at..end].iter().collect();
    if float {
        let value = text.parse::<f64>().ok().filter(|f| f.is_finite());
        return value.map(|f| (Token::Float(f), end)).ok_or_else(|| FilterError::at(at, "the number is not finite"));
    }
    text.parse().map(|n| (Token::Int(n), end)).map_err(|_| FilterError::at(at, "the integer does not fit in 64 bits"))
}
