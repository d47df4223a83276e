//! Reading a `gse.toml`: what is wrong with it is told with its line, and with the nearest name for a mistyped one.

use std::ops::Range;

use super::document::Document;
use crate::{call::nearest, failure::Failure};

/// Reads the text of a file.
///
/// # Errors
/// The first thing that is wrong with it, as used wrongly.
pub(super) fn document(text: &str, file: &str) -> Result<Document, Failure> {
    toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| format!(":{}", line(text, &span)));
        let message = error.message();
        let failure = Failure::usage(format!("{file}{place}: {}", first_line(message)));
        match misspelt(message) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("docs/running.md describes the file under \"Fleets in a file\""),
        }
    })
}

/// The line of a place, from 1.
pub(super) fn line(text: &str, span: &Range<usize>) -> usize {
    let before = text.as_bytes().iter().take(span.start);
    1 + before.filter(|&&byte| byte == b'\n').count()
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// Of "unknown field `a`, expected one of `b`, `c`": the one that is nearest to the first.
fn misspelt(message: &str) -> Option<String> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let typed = names.next()?;
    nearest::among(typed, names).map(str::to_owned)
}
