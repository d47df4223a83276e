//! Tags, and the filters over names, ids and tags (cloud-api.md 4.5, 6.3).

use serde::{Deserialize, Serialize};

/// One tag of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// 1–127 bytes, unique per resource.
    pub key: String,
    /// At most 255 bytes.
    pub value: String,
}

/// One filter; several are combined with AND, the values inside one with OR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The name is one of these.
    Name(Vec<String>),
    /// The id is one of these.
    Id(Vec<String>),
    /// Has one of these tag keys; none given: has any tag.
    TagKey(Vec<String>),
    /// Has one of these tags.
    Tag(Vec<Tag>),
}

impl Filter {
    /// Whether a resource passes.
    pub fn matches(&self, name: &str, id: &str, tags: &[Tag]) -> bool {
        match self {
            Self::Name(names) => names.iter().any(|wanted| wanted == name),
            Self::Id(ids) => ids.iter().any(|wanted| wanted == id),
            Self::TagKey(keys) if keys.is_empty() => !tags.is_empty(),
            Self::TagKey(keys) => tags.iter().any(|tag| keys.contains(&tag.key)),
            Self::Tag(wanted) => tags.iter().any(|tag| wanted.contains(tag)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_alternatives() {
        let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
        let tags = [tag("env", "prod"), tag("team", "red")];
        let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        let table = [
            (Filter::Name(words(&["a", "b"])), true),
            (Filter::Name(words(&["c"])), false),
            (Filter::Id(words(&["id"])), true),
            (Filter::TagKey(words(&[])), true),
            (Filter::TagKey(words(&["team"])), true),
            (Filter::TagKey(words(&["prod"])), false),
            (Filter::Tag(vec![tag("env", "test"), tag("env", "prod")]), true),
            (Filter::Tag(vec![tag("env", "test")]), false),
        ];
        for (filter, wanted) in table {
            assert_eq!(filter.matches("b", "id", &tags), wanted, "{filter:?}");
        }
        assert!(!Filter::TagKey(vec![]).matches("b", "id", &[]));
    }
}
