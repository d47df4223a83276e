//! The form of an access file, as the TOML reader gives it, and where something stands in it.

use std::fmt;

use gse_api::near::nearest;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use crate::config::ConfigError;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    #[serde(default)]
    pub(super) account: Vec<RawAccount>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccount {
    pub(super) uin: Spanned<String>,
    #[serde(default = "yes")]
    pub(super) activated: bool,
    #[serde(default)]
    pub(super) key: Vec<RawKey>,
    #[serde(default)]
    pub(super) user: Vec<RawUser>,
    #[serde(default)]
    pub(super) policy: Vec<RawPolicy>,
}

fn yes() -> bool {
    true
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub(super) secret_id: Spanned<String>,
    pub(super) secret_key: Spanned<SecretText>,
    #[serde(default)]
    pub(super) disabled: bool,
}

/// Has no `Debug`, so that it is in no text.
#[derive(serde::Deserialize)]
pub(super) struct SecretText(pub(super) String);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUser {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) key: Vec<RawKey>,
    #[serde(default)]
    pub(super) policies: Vec<Spanned<String>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    pub(super) name: Spanned<String>,
    pub(super) version: Spanned<String>,
    #[serde(default)]
    pub(super) statement: Vec<RawStatement>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStatement {
    pub(super) effect: Spanned<String>,
    pub(super) action: Spanned<Texts>,
    pub(super) resource: Spanned<Texts>,
    pub(super) condition: Option<Spanned<toml::Value>>,
}

/// K-2: "a single string is accepted where a list is".
pub(super) enum Texts {
    One(String),
    Many(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(Texts::Many(texts))
            }
        }

        from.deserialize_any(Reader)
    }
}

/// The line of a place in a text, from 1.
pub(super) fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// What the TOML reader complains of. Its own text shows the lines that it is about, and some messages repeat a value:
/// either may be a secret key.
pub(super) fn problem(text: &str, error: &toml::de::Error) -> ConfigError {
    let message = without_values(error.message());
    let place = error.span().map(|span| format!("line {}: ", line(text, span.start))).unwrap_or_default();
    let hint = meant(&message).map(|near| format!("\nhint: did you mean `{near}`?")).unwrap_or_default();
    ConfigError { problems: vec![format!("{place}{message}{hint}")] }
}

/// Values stand in double quotes, names of members in backticks.
fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}(not shown){}", &message[..first], &message[last + 1..])
        }
        _ => message.to_owned(),
    }
}

/// Of "unknown field `keys`, expected one of `uin`, `key`" the member that was meant.
fn meant(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (unknown, expected) = rest.split_once('`')?;
    let known = expected.split('`').skip(1).step_by(2);
    nearest(unknown, known).map(str::to_owned)
}
