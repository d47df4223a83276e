//! What the service says in sentences, said again in Chinese: made of the numbers and codes that come with the sentences,
//! never of the sentences. Pages show it before the English.

pub(crate) mod capacity;
pub(crate) mod placement;

/// One thing that is said, and what is English of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    /// Belongs to the one before it.
    pub(crate) is_inner: bool,
    /// What the service adds in words.
    pub(crate) english: String,
}

impl Sentence {
    fn new(text: String) -> Self {
        Self { text, is_inner: false, english: String::new() }
    }
}

/// ISO 8601 as `yyyy-mm-dd hh:mm:ss`.
fn time(iso: &str) -> String {
    iso.chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
