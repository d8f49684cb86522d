//! Tokens into a checked expression, by recursive descent.

use std::collections::BTreeSet;

use super::ast::{Comparison, Expr, Field};
use super::lexer::{Placed, Token};
use super::pattern::Pattern;
use super::typing::{self, Literal};
use super::{FilterError, MAX_DEPTH, MAX_IN, MAX_IN_ALL, MAX_METADATA_TERMS, MAX_PATTERNS, MAX_TERMS};
use crate::schema::Schema;

/// Parses the whole text; also gives the indexes of the parameters used.
pub(super) fn parse(
    tokens: &[Placed],
    params: &[serde_json::Value],
    schema: &Schema,
) -> Result<(Expr, BTreeSet<usize>), FilterError> {
    let (used, size, paths) = (BTreeSet::new(), Size::default(), Vec::new());
    let mut parser = Parser { tokens, next: 0, params, schema, used, depth: 0, size, paths };
    let expr = parser.any_of()?;
    match parser.peek() {
        Token::End => Ok((expr, parser.used)),
        _ => Err(parser.unexpected("the end, AND or OR")),
    }
}

struct Parser<'a> {
    tokens: &'a [Placed],
    next: usize,
    params: &'a [serde_json::Value],
    schema: &'a Schema,
    used: BTreeSet<usize>,
    depth: usize,
    size: Size,
    /// The different paths into the metadata.
    paths: Vec<Vec<String>>,
}

/// How much there is of what takes time on every row.
#[derive(Default)]
struct Size {
    terms: usize,
    metadata_terms: usize,
    in_values: usize,
    pattern_chars: usize,
}

impl Parser<'_> {
    fn any_of(&mut self) -> Result<Expr, FilterError> {
        let mut items = vec![self.all_of()?];
        while self.take_word("OR") {
            items.push(self.all_of()?);
        }
        Ok(single(items, Expr::Or))
    }

    fn all_of(&mut self) -> Result<Expr, FilterError> {
        let mut items = vec![self.factor()?];
        while self.take_word("AND") {
            items.push(self.factor()?);
        }
        Ok(single(items, Expr::And))
    }

    fn factor(&mut self) -> Result<Expr, FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FilterError::at(self.at(), format!("nested deeper than {MAX_DEPTH}")));
        }
        let expr = if self.take_word("NOT") {
            Expr::Not(Box::new(self.factor()?))
        } else if self.take_symbol("(") {
            let inner = self.any_of()?;
            self.expect_symbol(")")?;
            inner
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn term(&mut self) -> Result<Expr, FilterError> {
        self.size.terms += 1;
        if self.size.terms > MAX_TERMS {
            return Err(FilterError::at(self.at(), format!("more than {MAX_TERMS} comparisons")));
        }
        let at = self.at();
        let field = self.field()?;
        if matches!(field, Field::Metadata { .. }) {
            self.size.metadata_terms += 1;
            if self.size.metadata_terms > MAX_METADATA_TERMS {
                let why =
                    format!("more than {MAX_METADATA_TERMS} comparisons of metadata; declare attributes for these");
                return Err(FilterError::at(at, why));
            }
        }
        if self.take_word("IS") {
            let not = self.take_word("NOT");
            if !self.take_word("NULL") {
                return Err(self.unexpected("NULL"));
            }
            return Ok(negate(not, Expr::IsNull(field)));
        }
        let not = self.take_word("NOT");
        if self.take_word("IN") {
            return Ok(negate(not, self.in_list(field)?));
        }
        if self.take_word("BETWEEN") {
            let low = self.literal()?;
            if !self.take_word("AND") {
                return Err(self.unexpected("AND"));
            }
            let high = self.literal()?;
            typing::ordered(self.schema, &field, at)?;
            let low = typing::value(self.schema, &field, &low)?;
            let high = typing::value(self.schema, &field, &high)?;
            return Ok(negate(not, Expr::Between(field, low, high)));
        }
        if self.take_word("LIKE") {
            let pattern = self.literal()?;
            let pattern = typing::pattern(self.schema, &field, &pattern)?;
            self.size.pattern_chars += pattern.chars().count();
            if self.size.pattern_chars > MAX_PATTERNS {
                let why = format!("all LIKE patterns together have more than {MAX_PATTERNS} characters");
                return Err(FilterError::at(at, why));
            }
            return Ok(negate(not, Expr::Like(field, Pattern::new(&pattern))));
        }
        if self.take_word("HAS") {
            let wanted = self.literal()?;
            return Ok(negate(not, Expr::Has(field.clone(), typing::member(self.schema, &field, &wanted)?)));
        }
        if not {
            return Err(self.unexpected("IN, BETWEEN, LIKE or HAS"));
        }
        self.comparison(field, at)
    }

    fn comparison(&mut self, field: Field, at: usize) -> Result<Expr, FilterError> {
        let Some(comparison) = self.take_comparison() else {
            if typing::is_bool(self.schema, &field) {
                return Ok(Expr::Compare(field, Comparison::Eq, crate::schema::Value::Bool(true)));
            }
            return Err(self.unexpected("=, !=, <, <=, >, >=, IN, BETWEEN, LIKE, HAS or IS"));
        };
        if !matches!(comparison, Comparison::Eq | Comparison::Ne) {
            typing::ordered(self.schema, &field, at)?;
        }
        typing::comparable(self.schema, &field, at)?;
        let literal = self.literal()?;
        let value = typing::value(self.schema, &field, &literal)?;
        Ok(Expr::Compare(field, comparison, value))
    }

    fn in_list(&mut self, field: Field) -> Result<Expr, FilterError> {
        typing::comparable(self.schema, &field, self.at())?;
        self.expect_symbol("(")?;
        let mut values = Vec::new();
        loop {
            let literal = self.literal()?;
            // One parameter may hold the whole list.
            for literal in literal.spread() {
                values.push(typing::value(self.schema, &field, &literal)?);
            }
            if values.len() > MAX_IN {
                return Err(FilterError::at(self.at(), format!("more than {MAX_IN} values in IN")));
            }
            if !self.take_symbol(",") {
                break;
            }
        }
        self.size.in_values += values.len();
        if self.size.in_values > MAX_IN_ALL {
            return Err(FilterError::at(
                self.at(),
                format!("all IN lists together have more than {MAX_IN_ALL} values"),
            ));
        }
        self.expect_symbol(")")?;
        values.sort_by(typing::search_order);
        Ok(Expr::In(field, values))
    }

    fn field(&mut self) -> Result<Field, FilterError> {
        let at = self.at();
        let Some(name) = self.take_name() else { return Err(self.unexpected("an attribute, id or metadata.<path>")) };
        if name == "metadata" {
            let mut path = Vec::new();
            while self.take_symbol(".") {
                let Some(part) = self.take_name() else { return Err(self.unexpected("a name")) };
                path.push(part);
            }
            if path.is_empty() {
                return Err(FilterError::at(at, "metadata needs a path: metadata.<name>"));
            }
            let known = self.paths.iter().position(|known| *known == path);
            let slot = known.unwrap_or_else(|| {
                self.paths.push(path.clone());
                self.paths.len() - 1
            });
            return Ok(Field::Metadata { path, slot });
        }
        if name == "id" {
            return Ok(Field::Id);
        }
        match self.schema.attributes.keys().position(|a| *a == name) {
            Some(column) => Ok(Field::Attribute(column)),
            None => Err(FilterError::at(at, format!("the collection declares no attribute {name:?}"))),
        }
    }

    fn literal(&mut self) -> Result<Literal, FilterError> {
        let at = self.at();
        let negative = self.take_symbol("-");
        let token = self.peek().clone();
        self.next += 1;
        let json = match token {
            Token::Int(n) => serde_json::Value::from(if negative { -n } else { n }),
            Token::Float(f) => serde_json::Value::from(if negative { -f } else { f }),
            Token::Text(text) if !negative => serde_json::Value::from(text),
            Token::Word(word) if !negative && word.eq_ignore_ascii_case("true") => true.into(),
            Token::Word(word) if !negative && word.eq_ignore_ascii_case("false") => false.into(),
            Token::Word(word) if !negative && word.eq_ignore_ascii_case("null") => {
                return Err(FilterError::at(at, "nothing equals NULL; write IS NULL"));
            }
            Token::Param(n) if !negative => {
                let Some(value) = self.params.get(n - 1) else {
                    return Err(FilterError::at(at, format!("${n} is used, but params holds {}", self.params.len())));
                };
                self.used.insert(n - 1);
                return Ok(Literal { json: value.clone(), at, param: Some(n - 1) });
            }
            _ => {
                self.next -= 1;
                return Err(self.unexpected("a value or $1"));
            }
        };
        Ok(Literal { json, at, param: None })
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |placed| &placed.token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |placed| placed.at)
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(s) if *s == symbol);
        self.next += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), FilterError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected(symbol)) }
    }

    fn take_name(&mut self) -> Option<String> {
        let (Token::Word(name) | Token::Quoted(name)) = self.peek() else { return None };
        let name = name.clone();
        self.next += 1;
        Some(name)
    }

    fn take_comparison(&mut self) -> Option<Comparison> {
        let Token::Symbol(symbol) = self.peek() else { return None };
        let comparison = match *symbol {
            "=" => Comparison::Eq,
            "!=" | "<>" => Comparison::Ne,
            "<" => Comparison::Lt,
            "<=" => Comparison::Le,
            ">" => Comparison::Gt,
            ">=" => Comparison::Ge,
            _ => return None,
        };
        self.next += 1;
        Some(comparison)
    }

    fn unexpected(&self, wanted: &str) -> FilterError {
        let got = match self.peek() {
            Token::Word(word) => format!("{word:?}"),
            Token::Quoted(name) => format!("\"{name}\""),
            Token::Text(text) => format!("'{text}'"),
            Token::Int(n) => n.to_string(),
            Token::Float(f) => f.to_string(),
            Token::Param(n) => format!("${n}"),
            Token::Symbol(symbol) => format!("{symbol:?}"),
            Token::End => "the end".to_owned(),
        };
        FilterError::at(self.at(), format!("expected {wanted}, found {got}"))
    }
}

fn negate(not: bool, expr: Expr) -> Expr {
    if not { Expr::Not(Box::new(expr)) } else { expr }
}

fn single(mut items: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match (items.len(), items.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            items.push(last);
            join(items)
        }
        (_, None) => join(items),
    }
}
