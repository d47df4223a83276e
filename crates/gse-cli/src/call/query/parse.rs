//! From the text of a query to its steps.

use serde_json::Value;
use thiserror::Error;

use super::{Comparison, Operand, Operator, Query, Step};

/// Queries inside queries; a shell argument needs no more.
const MAX_DEPTH: usize = 32;

/// Why a text is no query.
#[derive(Debug, Error, PartialEq)]
#[error("the query is wrong at character {at}: {expected} is expected")]
pub(in crate::call) struct Malformed {
    /// From 1.
    pub(super) at: usize,
    /// What should stand there.
    pub(super) expected: &'static str,
}

/// Reads a query.
///
/// # Errors
/// Where it stops being one.
pub(in crate::call) fn parse(text: &str) -> Result<Query, Malformed> {
    let mut reader = Reader { characters: text.chars().collect(), at: 0, depth: 0 };
    let query = reader.query()?;
    match reader.peek() {
        None => Ok(query),
        Some(_) => Err(reader.expected("`.`, `[`, `|` or the end")),
    }
}

struct Reader {
    characters: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn query(&mut self) -> Result<Query, Malformed> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.expected("a query that is less deep"));
        }
        let mut paths = vec![self.path()?];
        while self.takes("|") {
            paths.push(self.path()?);
        }
        self.depth -= 1;
        Ok(Query { paths })
    }

    fn path(&mut self) -> Result<Vec<Step>, Malformed> {
        let mut steps = Vec::new();
        if self.takes("@") {
        } else if self.peek() == Some('[') {
            self.at += 1;
            steps.push(self.bracket(true)?);
        } else {
            steps.push(self.member()?);
        }
        loop {
            if self.takes(".") {
                steps.push(match self.takes("[") {
                    true => self.list()?,
                    false => self.member()?,
                });
            } else if self.takes("[") {
                steps.push(self.bracket(false)?);
            } else {
                return Ok(steps);
            }
        }
    }

    /// `name`, `"a name"` or `{…}`.
    fn member(&mut self) -> Result<Step, Malformed> {
        if self.takes("{") {
            return self.hash();
        }
        self.name().map(Step::Member)
    }

    fn name(&mut self) -> Result<String, Malformed> {
        if self.takes("\"") {
            let start = self.at - 1;
            let text: String = self.until('"', "`\"`")?;
            let at = Malformed { at: start + 1, expected: "a name" };
            return serde_json::from_str(&format!("\"{text}\"")).map_err(|_| at);
        }
        let is_first = |character: char| character.is_ascii_alphabetic() || character == '_';
        if !self.peek().is_some_and(is_first) {
            return Err(self.expected("a name"));
        }
        let is_part = |character: &&char| character.is_ascii_alphanumeric() || **character == '_';
        let name: String = self.characters[self.at..].iter().take_while(is_part).collect();
        self.at += name.len();
        Ok(name)
    }

    /// What follows `[`; only at the beginning of a path can it be a list of queries.
    fn bracket(&mut self, is_first: bool) -> Result<Step, Malformed> {
        if self.takes("]") {
            return Ok(Step::Flatten);
        }
        if self.takes("?") {
            let comparison = self.comparison()?;
            self.close("]", "`]`")?;
            return Ok(Step::Filter(comparison));
        }
        if self.takes("*") {
            self.close("]", "`]`")?;
            return Ok(Step::Each);
        }
        match self.peek() {
            Some(character) if character == '-' || character.is_ascii_digit() => {
                let digits: String = self.characters[self.at..]
                    .iter()
                    .take_while(|character| **character == '-' || character.is_ascii_digit())
                    .collect();
                let index = digits.parse().map_err(|_| self.expected("a position"))?;
                self.at += digits.len();
                self.close("]", "`]`")?;
                Ok(Step::Index(index))
            }
            _ if is_first => self.list(),
            _ => Err(self.expected("a position, `*`, `?` or `]`")),
        }
    }

    /// The rest of `[query, query]`.
    fn list(&mut self) -> Result<Step, Malformed> {
        let mut queries = vec![self.query()?];
        while self.takes(",") {
            queries.push(self.query()?);
        }
        self.close("]", "`,` or `]`")?;
        Ok(Step::List(queries))
    }

    /// The rest of `{name: query, …}`.
    fn hash(&mut self) -> Result<Step, Malformed> {
        let mut members = Vec::new();
        loop {
            self.peek();
            let name = self.name()?;
            self.close(":", "`:`")?;
            members.push((name, self.query()?));
            if !self.takes(",") {
                self.close("}", "`,` or `}`")?;
                return Ok(Step::Hash(members));
            }
        }
    }

    fn comparison(&mut self) -> Result<Comparison, Malformed> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::Unequal),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let left = self.operand()?;
        let operator = OPERATORS.iter().find(|(text, _)| self.takes(text));
        let (_, operator) = *operator.ok_or_else(|| self.expected("a comparison"))?;
        Ok(Comparison { left, operator, right: self.operand()? })
    }

    fn operand(&mut self) -> Result<Operand, Malformed> {
        if self.takes("'") {
            return Ok(Operand::Literal(Value::String(self.until('\'', "`'`")?)));
        }
        if self.takes("`") {
            let start = self.at;
            let text = self.until('`', "a backtick")?;
            let at = Malformed { at: start + 1, expected: "JSON" };
            return serde_json::from_str(&text).map(Operand::Literal).map_err(|_| at);
        }
        self.query().map(Operand::Query)
    }

    /// The text up to a character, which is taken too; `\` takes the one after it as it is.
    fn until(&mut self, end: char, expected: &'static str) -> Result<String, Malformed> {
        let mut text = String::new();
        while let Some(&character) = self.characters.get(self.at) {
            self.at += 1;
            match character {
                _ if character == end => return Ok(text),
                '\\' if self.characters.get(self.at) == Some(&end) && end != '"' => {
                    self.at += 1;
                    text.push(end);
                }
                _ => text.push(character),
            }
        }
        Err(self.expected(expected))
    }

    /// The next character that is no white space.
    fn peek(&mut self) -> Option<char> {
        while self.characters.get(self.at).is_some_and(|character| character.is_whitespace()) {
            self.at += 1;
        }
        self.characters.get(self.at).copied()
    }

    fn takes(&mut self, token: &str) -> bool {
        self.peek();
        let found = self.characters[self.at..].iter().copied().take(token.len()).eq(token.chars());
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn close(&mut self, token: &str, expected: &'static str) -> Result<(), Malformed> {
        if self.takes(token) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn expected(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.at + 1, expected }
    }
}
