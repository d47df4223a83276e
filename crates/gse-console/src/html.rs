//! Small parts of pages. What comes from users goes through maud, which escapes it.

use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::language::Text;
use crate::text;
use crate::visit::{Visit, address};

/// A row of a list: one cell for each column.
pub(crate) type Row = Vec<Markup>;

/// A table that becomes a list of cards where there is no room for columns.
pub(crate) fn table(v: &Visit, columns: &[Text], rows: &[Row]) -> Markup {
    if rows.is_empty() {
        return html! { p.empty { (v.t(text::NOTHING)) } };
    }
    html! {
        div.scroll { table.wide[columns.len() > 9] {
            thead { tr { @for column in columns { th scope="col" { (v.t(*column)) } } } }
            tbody {
                @for row in rows {
                    tr {
                        @for (column, cell) in columns.iter().zip(row) {
                            td data-label=(v.t(*column)) { div { (cell) } }
                        }
                    }
                }
            }
        } }
    }
}

/// Names and values.
pub(crate) fn fields(v: &Visit, fields: &[(Text, Markup)]) -> Markup {
    html! {
        dl {
            @for (name, value) in fields { div { dt { (v.t(*name)) } dd { (value) } } }
        }
    }
}

/// Text of somebody, each line and direction kept to itself; a dash for none.
pub(crate) fn plain(text: &str) -> Markup {
    html! { @if text.is_empty() { "–" } @else { bdi.user { (text) } } }
}

/// The same for text that says how long something lasts: as long as nothing else changes it is no news (`live`).
pub(crate) fn still(text: &str) -> Markup {
    html! { bdi.user data-still { (text) } }
}

/// Lines of output, as they are.
pub(crate) fn output(lines: &[String]) -> Markup {
    html! { pre.output data-tail tabindex="0" { code { @for line in lines { (line) "\n" } } } }
}

/// The longest id that is kept on one line, characters; resource names are longer.
const SHORT_ID: usize = 32;

/// An id.
pub(crate) fn id(text: &str) -> Markup {
    html! { @if text.is_empty() { "–" } @else { code.id[text.len() <= SHORT_ID] { (text) } } }
}

/// An id that leads somewhere, with a name below it.
pub(crate) fn named(href: &str, id: &str, name: &str) -> Markup {
    html! {
        a href=(href) { code.id[id.len() <= SHORT_ID] { (id) } }
        @if !name.is_empty() { br; bdi.user { (name) } }
    }
}

/// A state of something, coloured by what it means; the word alone says it too.
pub(crate) fn status(status: &str) -> Markup {
    let class = match status {
        "ACTIVE" | "RUNNING" | "FULFILLED" | "ENABLE" => "good",
        "ERROR" | "FAILED" | "TIMED_OUT" | "ABNORMAL" => "bad",
        // The last two are those of player sessions.
        "TERMINATED" | "CANCELLED" | "" | "COMPLETED" | "TIMEDOUT" => "over",
        _ => "busy",
    };
    html! { span class={ "status " (class) } { @if status.is_empty() { "–" } @else { (status) } } }
}

/// ISO 8601 as `yyyy-mm-dd hh:mm:ss`, UTC as it came.
pub(crate) fn time(iso: &str) -> Markup {
    if iso.is_empty() {
        return html! { "–" };
    }
    let shown: String = iso.chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect();
    html! { time datetime=(iso) { (shown) } }
}

/// Seconds as `xxd xxh xxm xxs`, without leading zeros.
pub(crate) fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let parts = [(seconds / 86_400, 'd'), (seconds / 3600 % 24, 'h'), (seconds / 60 % 60, 'm')];
    let mut shown = String::new();
    for (count, unit) in parts {
        if count > 0 || !shown.is_empty() {
            shown += &format!("{count:02}{unit} ");
        }
    }
    shown + &format!("{:02}s", seconds % 60)
}

/// Tags of something.
pub(crate) fn tags(tags: &[gse_api::types::Tag]) -> Markup {
    html! {
        @if tags.is_empty() { "–" }
        @for tag in tags { span.tag { bdi { (tag.key) } ": " bdi { (tag.value) } } " " }
    }
}

/// A link that looks like a button and leads to the form of an action.
pub(crate) fn act(v: &Visit, label: Text, action: &str, values: &[(&str, &str)]) -> Markup {
    let here = v.here();
    let mut query = values.to_vec();
    query.push(("back", &here));
    html! { a.button href=(address(&format!("/console/do/{action}"), &query)) { (v.t(label)) } }
}

/// The line below a list with numbered places.
pub(crate) fn pager(v: &Visit, count: usize, limit: u64, total: u64) -> Markup {
    let offset = v.offset();
    let last = offset + count as u64;
    if offset == 0 && last >= total {
        return html! {};
    }
    let before = match offset.saturating_sub(limit) {
        0 => String::new(),
        before => before.to_string(),
    };
    html! {
        nav.pager aria-label="pages" {
            @if offset > 0 { a rel="prev" href=(v.here_with("offset", &before)) { "← " (v.t(text::PREVIOUS)) } }
            span { @if count > 0 { (offset + 1) "–" (last) } @else { "0" } " " (v.t(text::OF)) " " (total) }
            @if last < total { a rel="next" href=(v.here_with("offset", &last.to_string())) { (v.t(text::NEXT)) " →" } }
        }
    }
}

/// The line below a list that is walked by tokens.
pub(crate) fn token_pager(v: &Visit, next: &str) -> Markup {
    html! {
        @if v.asked("next").is_some() || !next.is_empty() {
            nav.pager aria-label="pages" {
                @if v.asked("next").is_some() { a href=(v.here_with("next", "")) { "← " (v.t(text::FIRST_PAGE)) } }
                @if !next.is_empty() { a rel="next" href=(v.here_with("next", next)) { (v.t(text::NEXT)) " →" } }
            }
        }
    }
}

/// What the service refused.
pub(crate) fn refusal(v: &Visit, refusal: &Refusal) -> Markup {
    html! {
        div.notice.bad role="alert" {
            p { strong { (v.t(text::REFUSED)) } " " code { (refusal.code) } }
            p { bdi.user { (refusal.message) } }
            @if !refusal.request_id.is_empty() {
                p.small { (v.t(text::REQUEST_ID)) " " code { (refusal.request_id) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_times_are_those_of_the_spec() {
        for (seconds, shown) in
            [(-3, "00s"), (7, "07s"), (61, "01m 01s"), (3600, "01h 00m 00s"), (90_061, "01d 01h 01m 01s")]
        {
            assert_eq!(duration(seconds), shown);
        }
        assert!(time("2021-01-01T12:00:00Z").into_string().contains(">2021-01-01 12:00:00<"));
    }
}
