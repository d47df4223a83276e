//! One request of a visitor: who, where, in which language, and what was asked.

use http::header;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::cloud::Cloud;
use crate::language::{Language, Text};
use crate::region::keep;

/// The cookie of a visitor.
pub(crate) const COOKIE: &str = "gse_console";
/// The cookie of a language.
pub(crate) const LANGUAGE: &str = "gse_language";
/// The cookie of a region.
pub(crate) const REGION: &str = "gse_region";

/// The member of an address or a form that says which region it is for, whatever the cookie says by now.
pub(crate) const REGION_MEMBER: &str = "_region";

/// What needs no escape in a part of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One request of a visitor.
pub(crate) struct Visit {
    pub(crate) cloud: Cloud,
    pub(crate) language: Language,
    pub(crate) regions: Vec<String>,
    /// The region that pages are of whose address names none.
    pub(crate) remembered_region: String,
    /// A region that was asked for and is not there.
    pub(crate) no_such_region: Option<String>,
    /// Whether there is a login to end.
    pub(crate) is_logged_in: bool,
    /// Whether only the login is shown.
    pub(crate) needs_login: bool,
    /// What forms must carry.
    pub(crate) token: String,
    /// The path, from `/console` on.
    pub(crate) path: String,
    /// The pairs of the query, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// Where a form that was posted is shown again; its own address may need what only the form had.
    pub(crate) again: Option<String>,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// What the visitor's browser calls this service.
    pub(crate) host: String,
    /// Whether the service stops.
    pub(crate) stopping: Option<crate::Stopping>,
}

impl Visit {
    /// Is for a region from here on; `false` where the service has none of that name.
    #[must_use]
    pub(crate) fn enter(&mut self, region: &str) -> bool {
        let is_known = self.regions.iter().any(|known| known == region);
        if is_known {
            region.clone_into(&mut self.cloud.region);
            if self.keeps_region() && self.asked(REGION_MEMBER).is_none() {
                self.query.push((REGION_MEMBER.to_owned(), region.to_owned()));
            }
        }
        is_known
    }

    /// Whether this page is of another region than those whose address names none: then its links name it.
    pub(crate) fn keeps_region(&self) -> bool {
        self.cloud.region != self.remembered_region
    }

    /// An address that is reached from here, in the region of this page.
    pub(crate) fn kept(&self, address: &str) -> String {
        if self.keeps_region() { keep(address, &self.cloud.region, "&") } else { address.to_owned() }
    }

    /// An address in another region, if the service has it.
    pub(crate) fn in_region(&self, address: &str, region: &str) -> String {
        let is_other = region != self.cloud.region && self.regions.iter().any(|known| known == region);
        if is_other { keep(address, region, "&") } else { address.to_owned() }
    }

    /// A text in the visitor's language.
    pub(crate) fn t(&self, text: Text) -> &'static str {
        self.language.of(text)
    }

    /// A member of the query that is not empty.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// `offset` of a list.
    pub(crate) fn offset(&self) -> u64 {
        self.asked("offset").and_then(|offset| offset.parse().ok()).unwrap_or(0).min(1_000_000)
    }

    /// This page with another value of one member of the query.
    pub(crate) fn here_with(&self, name: &str, value: &str) -> String {
        let mut query: Vec<(&str, &str)> =
            self.query.iter().filter(|(found, _)| found != name).map(|(n, v)| (&**n, &**v)).collect();
        if !value.is_empty() {
            query.push((name, value));
        }
        address(&self.path, &query)
    }

    /// Where what is shown can be read: this page, or the form that was posted.
    pub(crate) fn readable(&self) -> String {
        self.again.clone().unwrap_or_else(|| self.here())
    }

    /// This page.
    pub(crate) fn here(&self) -> String {
        self.here_with("", "")
    }
}

/// The value of that name, unless it is empty.
pub(crate) fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(found, _)| found == name).map(|(_, value)| &**value).filter(|value| !value.is_empty())
}

/// A path with a query; values are escaped.
pub(crate) fn address(path: &str, query: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (number, (name, value)) in query.iter().enumerate() {
        address.push(if number == 0 { '?' } else { '&' });
        address += &format!("{}={}", escaped(name), escaped(value));
    }
    address
}

/// Text as a part of an address.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The pairs of a query or a form; what is not UTF-8 is shown as such.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let split = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
}

/// A cookie of a request.
pub(crate) fn cookie<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    let cookies = head.headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// An address to go back to, if it lies within the console.
pub(crate) fn within(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("/console")?;
    let is_within = rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
    let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_within && is_plain).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_console_is_gone_back_to() {
        for good in ["/console", "/console/fleets?offset=20", "/console?x=1"] {
            assert_eq!(within(good), Some(good));
        }
        for bad in ["", "//evil", "/consoles", "https://evil", "/console/\r\nSet-Cookie: a=b", "/console\\x"]
        {
            assert_eq!(within(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_are_read_back() {
        let address = address("/console/x", &[("a", "1 &=<é>"), ("b", "+")]);
        let (_, query) = address.split_once('?').unwrap();
        assert_eq!(pairs(query), [("a".into(), "1 &=<é>".into()), ("b".into(), "+".to_owned())]);
    }
}
