//! What a launch entry means: where its path leads and which words its parameters are (server-sdk.md 5).
//!
//! Pure text: whether a path exists is looked up by the shell.

use std::fmt;

/// Where to look for a launch path, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchTarget {
    /// A path below the package root, `/` between its parts.
    pub in_package: String,
    /// A bare name that is looked for in PATH when the package does not have it (`java`, `node`).
    pub in_path: Option<String>,
}

/// Why a launch entry cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaunchProblem {
    /// Nothing after the root.
    Empty,
    /// Absolute, and not below `/local/game/` or `C:\game\`.
    OutsideRoot,
    /// Leaves the root by `..`.
    Climbs,
    /// A control character.
    ControlCharacter,
    /// A quote is opened and not closed.
    UnclosedQuote,
    /// A backslash is the last character.
    TrailingBackslash,
}

impl fmt::Display for LaunchProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the launch path names no file",
            Self::OutsideRoot => {
                "the launch path is outside the package\nhint: write it below `/local/game/` or `C:\\game\\`, or relative"
            }
            Self::Climbs => "the launch path leaves the package by `..`",
            Self::ControlCharacter => "the launch entry has a control character",
            Self::UnclosedQuote => "the parameters open a quote and do not close it",
            Self::TrailingBackslash => "the parameters end in a backslash",
        })
    }
}

/// Reads a launch path: root prefix of either system, relative path, or bare name.
pub fn launch_target(launch_path: &str) -> Result<LaunchTarget, LaunchProblem> {
    if launch_path.chars().any(char::is_control) {
        return Err(LaunchProblem::ControlCharacter);
    }
    let path = below_root(launch_path)?;
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(LaunchProblem::Climbs)?;
            }
            name => parts.push(name),
        }
    }
    if parts.is_empty() {
        return Err(LaunchProblem::Empty);
    }
    let bare = !launch_path.contains(['/', '\\']);
    Ok(LaunchTarget { in_package: parts.join("/"), in_path: bare.then(|| launch_path.to_owned()) })
}

/// Strips the root. A backslash separates only in Windows spellings; in others it is part of a name.
pub(crate) fn below_root(launch_path: &str) -> Result<String, LaunchProblem> {
    let drive =
        launch_path.as_bytes().get(1) == Some(&b':') && launch_path.as_bytes()[0].is_ascii_alphabetic();
    if drive {
        let path = launch_path.replace('\\', "/");
        let root = path.get(..8).filter(|root| root.eq_ignore_ascii_case("c:/game/"));
        return root.map(|root| path[root.len()..].to_owned()).ok_or(LaunchProblem::OutsideRoot);
    }
    if launch_path.starts_with('\\') {
        return Err(LaunchProblem::OutsideRoot);
    }
    if !launch_path.starts_with('/') {
        return Ok(launch_path.to_owned());
    }
    launch_path.strip_prefix("/local/game/").map(str::to_owned).ok_or(LaunchProblem::OutsideRoot)
}

/// Splits parameters into words like a POSIX shell, and expands nothing.
pub fn split_words(parameters: &str) -> Result<Vec<String>, LaunchProblem> {
    if parameters.contains('\0') {
        return Err(LaunchProblem::ControlCharacter);
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = parameters.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(LaunchProblem::UnclosedQuote)? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => match chars.next().ok_or(LaunchProblem::TrailingBackslash)? {
                '\n' => {}
                c => word.get_or_insert_default().push(c),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The rest of a double-quoted part: a backslash quotes only `$`, `` ` ``, `"`, itself and a line break.
fn quoted(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    word: &mut String,
) -> Result<(), LaunchProblem> {
    loop {
        match chars.next().ok_or(LaunchProblem::UnclosedQuote)? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or(LaunchProblem::UnclosedQuote)? {
                '\n' => {}
                c @ ('$' | '`' | '"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}
