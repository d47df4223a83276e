//! What a package asks its host to do before the first game server starts: `install.sh` and `gse.yaml`.

use std::fmt;

/// What was found in the root of an unpacked package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageSetup {
    /// There is a file `install.sh`.
    pub install_script: bool,
    /// The content of `gse.yaml`, as much of it as can be right.
    pub gse_yaml: Option<Vec<u8>>,
}

/// A `gse.yaml` longer than this is not read further: it cannot be right.
pub const GSE_YAML_BYTES: usize = 64 * 1024;

/// The only user and group that a `gse.yaml` may ask for.
const SUPPORTED: &str = "user_00:users";

/// What is wrong with a `gse.yaml`; lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members are what their names say")]
pub enum GseYamlProblem {
    /// No UTF-8.
    NotText,
    /// Neither empty, nor a comment, nor `KEY: VALUE`.
    NotAnEntry { line: usize },
    /// A key that does not exist.
    UnknownKey { line: usize, key: String },
    /// The same key again.
    Repeated { line: usize, key: String },
    /// Another user or group.
    UnsupportedUser { line: usize, value: String },
    /// No `User` at all.
    NoUser,
}

impl fmt::Display for GseYamlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText => f.write_str("gse.yaml is no UTF-8 text")?,
            Self::NotAnEntry { line } => write!(f, "gse.yaml, line {line}: expected `KEY: VALUE`")?,
            Self::UnknownKey { line, key } => write!(f, "gse.yaml, line {line}: unknown key `{key}`")?,
            Self::Repeated { line, key } => write!(f, "gse.yaml, line {line}: key `{key}` is there already")?,
            Self::UnsupportedUser { line, value } => {
                write!(f, "gse.yaml, line {line}: key `User` is `{value}`, which is not supported")?;
            }
            Self::NoUser => f.write_str("gse.yaml has no key `User`")?,
        }
        write!(f, "\nhint: the only content that is supported is the line `User: {SUPPORTED}`")
    }
}

/// Reads a `gse.yaml` as strictly as it is documented: one line, besides empty ones and comments. Other users are
/// refused, so there is nothing to return.
pub fn check_gse_yaml(content: &[u8]) -> Result<(), GseYamlProblem> {
    let text = std::str::from_utf8(content).map_err(|_| GseYamlProblem::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = false;
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim_end();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let entry = content.split_once(':').filter(|(key, value)| {
            !key.is_empty() && !key.contains(char::is_whitespace) && value.starts_with([' ', '\t'])
        });
        let Some((key, value)) = entry else { return Err(GseYamlProblem::NotAnEntry { line }) };
        let shown = |text: &str| text.chars().take(80).flat_map(char::escape_default).collect::<String>();
        if key != "User" {
            return Err(GseYamlProblem::UnknownKey { line, key: shown(key) });
        }
        if found {
            return Err(GseYamlProblem::Repeated { line, key: shown(key) });
        }
        if value.trim() != SUPPORTED {
            return Err(GseYamlProblem::UnsupportedUser { line, value: shown(value.trim()) });
        }
        found = true;
    }
    if found { Ok(()) } else { Err(GseYamlProblem::NoUser) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_the_documented_line_is_read_and_nothing_else() {
        let fine = [
            "User: user_00:users\n",
            "User: user_00:users",
            "\u{feff}# who\r\n\r\nUser:  user_00:users \r\n",
        ];
        for text in fine {
            assert_eq!(check_gse_yaml(text.as_bytes()), Ok(()), "{text:?}");
        }
        let cases: [(&[u8], &str); 11] = [
            (b"", "no key `User`"),
            (b"# User: user_00:users\n", "no key `User`"),
            (b"\xff\xfe", "no UTF-8"),
            (b"User user_00\n", "line 1: expected"),
            (b"User:user_00:users\n", "line 1: expected"),
            (b"\n User: user_00:users\n", "line 2: expected"),
            (b"User: user_00:users\nGroup: users\n", "line 2: unknown key `Group`"),
            (b"user: user_00:users\n", "line 1: unknown key `user`"),
            (b"User: user_00:users\nUser: user_00:users\n", "line 2: key `User` is there already"),
            (b"User: root:root\n", "line 1: key `User` is `root:root`"),
            (b"User: \n", "line 1: expected"),
        ];
        for (text, words) in cases {
            let problem = check_gse_yaml(text).unwrap_err().to_string();
            assert!(problem.contains(words) && problem.contains("hint: "), "{words}: {problem}");
        }
    }
}
