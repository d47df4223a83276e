//! The two languages, and which of them a visitor reads.

/// A language of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

/// A text in both languages; all of them are in `text.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) english: &'static str,
    pub(crate) chinese: &'static str,
}

impl Language {
    /// What `lang=` and the cookie hold.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// What its readers call it.
    pub(crate) fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::English => Self::Chinese,
            Self::Chinese => Self::English,
        }
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        [Self::English, Self::Chinese].into_iter().find(|language| language.code() == code)
    }

    /// The best of `Accept-Language`; English where neither is wanted.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best = (Self::English, 0);
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            let language = match tag.split('-').next() {
                Some("zh") => Self::Chinese,
                Some("en") => Self::English,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    pub(crate) fn of(self, text: Text) -> &'static str {
        match self {
            Self::English => text.english,
            Self::Chinese => text.chinese,
        }
    }
}

impl crate::visit::Visit {
    /// What is between two sentences: Chinese ones end in a sign that has its own room.
    pub(crate) fn gap(&self) -> &'static str {
        match self.language {
            Language::English => " ",
            Language::Chinese => "",
        }
    }

    /// What a member of a request is called, where it is not called what its name says.
    pub(crate) fn member(&self, name: &str) -> Option<&'static str> {
        let known = crate::text::MEMBERS.binary_search_by_key(&name, |(known, _)| known).ok()?;
        (self.language == Language::Chinese).then_some(crate::text::MEMBERS[known].1)
    }
}

/// `0.8` is 800. What is no weight is the least.
fn thousandths(weight: &str) -> u32 {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<u32>(), digits.parse::<u32>()) {
        (Ok(whole), Ok(part)) if whole <= 1 => whole * 1000 + part,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, Chinese, English};

    #[test]
    fn the_heaviest_known_language_is_shown() {
        for (header, wanted) in [
            ("", English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Chinese),
            ("en-US,en;q=0.9,zh-CN;q=0.8", English),
            ("fr, zh;q=0.3", Chinese),
            ("en;q=0.2, zh-Hans;q=0.25", Chinese),
            ("de", English),
            ("zh;q=nonsense", English),
        ] {
            assert_eq!(Language::accepted(header), wanted, "{header}");
        }
    }
}
