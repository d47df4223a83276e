//! Pages of another region than the one that is remembered: what they link to is of that region too.
//!
//! The region of a visitor is a cookie, which all tabs share. An address may name another one (`_region`): a destination of a
//! queue, the session of a placement. Such a page stays in its region, and so do the pages that are reached from it.

use crate::visit::{REGION_MEMBER, escaped};

/// A part of a page whose links and forms keep to a region. Links are those that begin with `/console`; text of users has no
/// quotation mark in a page, so none of it is taken for one.
pub(crate) fn keep_links(body: &str, region: &str) -> String {
    let mut kept = String::with_capacity(body.len() + body.len() / 8);
    let mut rest = body;
    while let Some(at) = [LINK, FORM].iter().filter_map(|start| rest.find(start)).min() {
        let is_link = rest[at..].starts_with(LINK);
        let start = at + if is_link { LINK.len() } else { 0 };
        let Some(length) = rest[start..].find(if is_link { '"' } else { '>' }) else { break };
        let end = start + length;
        kept += &rest[..start];
        if is_link {
            kept += &keep(&rest[start..end], region, "&amp;");
        } else {
            kept += &rest[start..=end];
            if rest[start..end].contains("method=\"get\"") {
                kept += &format!(
                    "<input type=\"hidden\" name=\"{REGION_MEMBER}\" value=\"{}\">",
                    escaped(region)
                );
            }
        }
        rest = &rest[if is_link { end } else { end + 1 }..];
    }
    kept + rest
}

const LINK: &str = "href=\"";
const FORM: &str = "<form ";

/// An address of the console with its region, unless it names one; `and` is what separates members.
pub(crate) fn keep(address: &str, region: &str, and: &str) -> String {
    let (plain, fragment) =
        address.split_once('#').map_or((address, None), |(plain, rest)| (plain, Some(rest)));
    let (path, query) = plain.split_once('?').map_or((plain, None), |(path, query)| (path, Some(query)));
    let is_console = path == "/console" || path.starts_with("/console/");
    let is_named = query.is_some_and(|query| query.contains(&format!("{REGION_MEMBER}=")));
    if !is_console || is_named {
        return address.to_owned();
    }
    let separator = if query.is_some() { and } else { "?" };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{plain}{separator}{REGION_MEMBER}={}{fragment}", escaped(region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_console_keep_their_region() {
        for (address, kept) in [
            ("/console", "/console?_region=r"),
            ("/console/fleets?offset=1#top", "/console/fleets?offset=1&_region=r#top"),
            ("/console/queue?name=a&_region=s", "/console/queue?name=a&_region=s"),
            (
                "/console/do/X?back=%2Fconsole%3F_region%3Ds",
                "/console/do/X?back=%2Fconsole%3F_region%3Ds&_region=r",
            ),
            ("#content", "#content"),
            ("/consoles", "/consoles"),
            ("http://127.0.0.1/logs/a.zip", "http://127.0.0.1/logs/a.zip"),
        ] {
            assert_eq!(keep(address, "r", "&"), kept);
        }
    }

    #[test]
    fn links_and_questions_of_a_page_are_found() {
        let page = "<a href=\"/console/x?a=1&amp;b=2\">href=&quot;/console</a><form class=\"f\" method=\"get\"><b></form>\
            <form method=\"post\"></form><a href=\"#a\">é</a><a href=\"/console";
        let kept = "<a href=\"/console/x?a=1&amp;b=2&amp;_region=r\">href=&quot;/console</a><form class=\"f\" method=\"get\">\
            <input type=\"hidden\" name=\"_region\" value=\"r\"><b></form><form method=\"post\"></form><a href=\"#a\">é</a>\
            <a href=\"/console";
        assert_eq!(keep_links(page, "r"), kept);
        assert_eq!(keep_links("", "r"), "");
    }
}
