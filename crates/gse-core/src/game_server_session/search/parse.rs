//! The grammar of filter and sort expressions (cloud-api.md 6.1), by recursive descent.

use super::{Filter, Operand, Operator, Sort};
use crate::error::Error;

const LONGEST_BYTES: usize = 4096;
const MOST_COMPARISONS: usize = 64;
const DEEPEST: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Operator(Operator),
    Quoted(String),
    /// Anything else: keywords, operands, bare values.
    Word(String),
}

struct Parser<'a> {
    member: &'static str,
    text: &'a str,
    /// Each with the byte position that it begins at.
    tokens: Vec<(usize, Token)>,
    next: usize,
    comparisons: usize,
}

/// Reads a FilterExpression.
pub fn parse_filter(text: &str) -> Result<Filter, Error> {
    let mut parser = Parser::new("FilterExpression", text)?;
    let filter = parser.or(0)?;
    parser.end()?;
    Ok(filter)
}

/// Reads a SortExpression.
pub fn parse_sort(text: &str) -> Result<Sort, Error> {
    let mut parser = Parser::new("SortExpression", text)?;
    let position = parser.position();
    let field = parser.word("a field to sort by")?;
    let field = match operand(&field) {
        Some(Operand::Property(_) | Operand::HasAvailablePlayerSessions) | None => {
            return Err(parser.error(position, "gameServerSessionName, gameServerSessionId, maximumSessions, creationTimeMillis or playerSessionCount"));
        }
        Some(field) => field,
    };
    let ascending = match parser.keyword(&["ASC", "DESC"]) {
        Some("DESC") => false,
        Some(_) | None => true,
    };
    parser.end()?;
    Ok(Sort { field, ascending })
}

impl<'a> Parser<'a> {
    fn new(member: &'static str, text: &'a str) -> Result<Self, Error> {
        let mut parser = Self { member, text, tokens: Vec::new(), next: 0, comparisons: 0 };
        if text.len() > LONGEST_BYTES {
            return Err(parser.error(LONGEST_BYTES, "at most 4096 bytes"));
        }
        parser.tokens = parser.tokenize()?;
        Ok(parser)
    }

    fn tokenize(&self) -> Result<Vec<(usize, Token)>, Error> {
        let mut tokens = Vec::new();
        let mut rest = self.text;
        loop {
            rest = rest.trim_start();
            let position = self.text.len() - rest.len();
            let Some(first) = rest.chars().next() else { return Ok(tokens) };
            let (token, length) = match first {
                '(' => (Token::Open, 1),
                ')' => (Token::Close, 1),
                '=' => (Token::Operator(Operator::Equal), 1),
                // The longest operator wins.
                '<' if rest.starts_with("<>") => (Token::Operator(Operator::NotEqual), 2),
                '<' if rest.starts_with("<=") => (Token::Operator(Operator::LessOrEqual), 2),
                '>' if rest.starts_with(">=") => (Token::Operator(Operator::GreaterOrEqual), 2),
                '<' => (Token::Operator(Operator::Less), 1),
                '>' => (Token::Operator(Operator::Greater), 1),
                '"' => return Err(self.error(position, "single quotes around text")),
                '\'' => quoted(rest).ok_or_else(|| self.error(position, "a closing `'`"))?,
                _ => {
                    let ends = |c: char| c.is_whitespace() || "()'\"=<>".contains(c);
                    let length = rest.find(ends).unwrap_or(rest.len());
                    (Token::Word(rest[..length].to_string()), length)
                }
            };
            tokens.push((position, token));
            rest = &rest[length..];
        }
    }

    fn or(&mut self, depth: usize) -> Result<Filter, Error> {
        let mut left = self.and(depth)?;
        while self.keyword(&["OR"]).is_some() {
            left = Filter::Or(Box::new(left), Box::new(self.and(depth)?));
        }
        Ok(left)
    }

    fn and(&mut self, depth: usize) -> Result<Filter, Error> {
        let mut left = self.not(depth)?;
        while self.keyword(&["AND"]).is_some() {
            left = Filter::And(Box::new(left), Box::new(self.not(depth)?));
        }
        Ok(left)
    }

    fn not(&mut self, depth: usize) -> Result<Filter, Error> {
        if depth > DEEPEST {
            return Err(self.error(self.position(), "at most 32 levels of nesting"));
        }
        if self.keyword(&["NOT"]).is_some() {
            return Ok(Filter::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.take(&Token::Open) {
            let inner = self.or(depth + 1)?;
            return if self.take(&Token::Close) {
                Ok(inner)
            } else {
                Err(self.error(self.position(), "a closing `)`"))
            };
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Filter, Error> {
        self.comparisons += 1;
        let position = self.position();
        if self.comparisons > MOST_COMPARISONS {
            return Err(self.error(position, "at most 64 comparisons"));
        }
        let word = self.word("an operand such as `playerSessionCount`")?;
        let operand = operand(&word).ok_or_else(|| {
            self.error(position, "gameServerSessionName, gameServerSessionId, maximumSessions, creationTimeMillis, playerSessionCount, hasAvailablePlayerSessions or gameServerSessionProperties.<key>")
        })?;
        let position = self.position();
        let Some((_, Token::Operator(operator))) = self.tokens.get(self.next).cloned() else {
            return Err(self.error(position, "one of = <> > >= < <="));
        };
        self.next += 1;
        let value_position = self.position();
        let value = match self.tokens.get(self.next) {
            Some((_, Token::Quoted(value) | Token::Word(value))) => value.clone(),
            _ => return Err(self.error(value_position, "a value")),
        };
        self.next += 1;
        if matches!(
            operand,
            Operand::MaximumSessions | Operand::PlayerSessionCount | Operand::CreationTimeMillis
        ) {
            let value = thousandths(&value).ok_or_else(|| self.error(value_position, "a number"))?;
            return Ok(Filter::Number(operand, operator, value));
        }
        match operator {
            Operator::Equal => Ok(Filter::Text(operand, true, value)),
            Operator::NotEqual => Ok(Filter::Text(operand, false, value)),
            Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual => {
                Err(self.error(position, "= or <> for a text"))
            }
        }
    }

    fn word(&mut self, expected: &str) -> Result<String, Error> {
        let Some((_, Token::Word(word))) = self.tokens.get(self.next).cloned() else {
            return Err(self.error(self.position(), expected));
        };
        self.next += 1;
        Ok(word)
    }

    fn keyword(&mut self, keywords: &[&'static str]) -> Option<&'static str> {
        let Some((_, Token::Word(word))) = self.tokens.get(self.next) else { return None };
        let found = keywords.iter().copied().find(|keyword| keyword.eq_ignore_ascii_case(word))?;
        self.next += 1;
        Some(found)
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.tokens.get(self.next).is_some_and(|(_, token)| token == wanted);
        self.next += usize::from(found);
        found
    }

    fn end(&self) -> Result<(), Error> {
        if self.next == self.tokens.len() {
            Ok(())
        } else {
            Err(self.error(self.position(), "AND, OR or the end"))
        }
    }

    fn position(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |(position, _)| *position)
    }

    fn error(&self, position: usize, expected: &str) -> Error {
        let expected = format!("{expected} at position {}", position + 1);
        Error::Invalid { member: self.member, value: self.text.to_string(), expected }
    }
}

/// A quoted text and how many bytes it takes; `''`, `\'` and `\\` are escapes.
fn quoted(text: &str) -> Option<(Token, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((position, c)) = chars.next() {
        match (c, chars.peek().map(|&(_, next)| next)) {
            ('\'', Some('\'')) | ('\\', Some('\'' | '\\')) => {
                value.extend(chars.next().map(|(_, next)| next))
            }
            ('\'', _) => return Some((Token::Quoted(value), position + 1)),
            _ => value.push(c),
        }
    }
    None
}

fn operand(word: &str) -> Option<Operand> {
    Some(match word {
        "gameServerSessionName" => Operand::GameServerSessionName,
        "gameServerSessionId" => Operand::GameServerSessionId,
        "maximumSessions" => Operand::MaximumSessions,
        "creationTimeMillis" => Operand::CreationTimeMillis,
        "playerSessionCount" => Operand::PlayerSessionCount,
        "hasAvailablePlayerSessions" => Operand::HasAvailablePlayerSessions,
        _ => {
            let key = word.strip_prefix("gameServerSessionProperties.")?;
            (1..=32).contains(&key.len()).then(|| Operand::Property(key.to_string()))?
        }
    })
}

/// `-12.5` in thousandths; digits beyond the third are dropped only when they are zero.
fn thousandths(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let all_digits =
        |part: &str| !part.is_empty() && part.len() <= 30 && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !fraction.is_none_or(all_digits) {
        return None;
    }
    let fraction = fraction.unwrap_or("");
    let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
    let value = whole.parse::<i128>().ok()?.checked_mul(1000)?.checked_add(padded.parse().ok()?)?;
    // A tail beyond a thousandth cannot equal a whole number: half a thousandth keeps that true for every operator.
    let has_tail = fraction.bytes().skip(3).any(|b| b != b'0');
    Some(sign * (value + i128::from(has_tail && padded == "000")))
}
