//! Small parts of pages. What comes from users goes through maud, which escapes it.

use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::language::{Language, Text};
use crate::text::{self, refusals, said, states};
use crate::visit::{REGION_MEMBER, Visit, address};

/// A row of a list: one cell for each column.
pub(crate) type Row = Vec<Markup>;

/// A table that becomes a list of cards where there is no room for columns.
pub(crate) fn table(v: &Visit, columns: &[Text], rows: &[Row]) -> Markup {
    if rows.is_empty() {
        return html! { p.empty { (v.t(text::NOTHING)) } };
    }
    html! {
        div.scroll { table.wide[columns.len() > 7] {
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

/// What every form that is posted carries: that it is this visitor's, and the region that it is for. The region of a visitor may
/// change in another tab while a form is open.
pub(crate) fn own(v: &Visit) -> Markup {
    html! {
        input type="hidden" name="_token" value=(v.token);
        input type="hidden" name=(REGION_MEMBER) value=(v.cloud.region);
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

/// What the service says in English, which is its language wherever it is read.
pub(crate) fn english(text: &str) -> Markup {
    html! { @if text.is_empty() { "–" } @else { bdi.user lang="en" { (text) } } }
}

/// What the service says with a code: a Chinese reader is told first what the code means (`text`).
pub(crate) fn told(v: &Visit, chinese: Option<&str>, text: &str) -> Markup {
    match chinese.filter(|_| v.language == Language::Chinese) {
        Some(chinese) => html! { (chinese) @if !text.is_empty() { (original(text)) } },
        None => english(text),
    }
}

/// The English behind a Chinese text.
pub(crate) fn original(text: &str) -> Markup {
    html! { bdi.user.original lang="en" { (text) } }
}

/// A value of the API with what it is called in Chinese.
pub(crate) fn value(v: &Visit, value: &str) -> Markup {
    match said(states::VALUES, value).filter(|_| v.language == Language::Chinese) {
        Some(name) => html! { (name) " " code { (value) } },
        None => plain(value),
    }
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
pub(crate) fn status(v: &Visit, status: &str) -> Markup {
    let class = match status {
        "ACTIVE" | "RUNNING" | "FULFILLED" | "ENABLE" => "good",
        "ERROR" | "FAILED" | "TIMED_OUT" | "ABNORMAL" => "bad",
        // The last two are those of player sessions.
        "TERMINATED" | "CANCELLED" | "" | "COMPLETED" | "TIMEDOUT" => "over",
        _ => "busy",
    };
    let name = said(states::STATES, status).filter(|_| v.language == Language::Chinese);
    html! {
        span class={ "status " (class) } {
            @if status.is_empty() { "–" } @else if let Some(name) = name { (name) " " small lang="en" { (status) } }
            @else { (status) }
        }
    }
}

/// A state where there is no room for markup.
pub(crate) fn state_name(v: &Visit, state: &str) -> String {
    match said(states::STATES, state).filter(|_| v.language == Language::Chinese) {
        Some(name) => format!("{name} ({state})"),
        None => state.to_owned(),
    }
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
    // What is done to something is done where it was seen.
    query.push((REGION_MEMBER, &v.cloud.region));
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

/// Is it meant?
pub(crate) struct Question<'a> {
    pub(crate) title: Text,
    pub(crate) note: Option<Text>,
    /// Whether there is no way back.
    pub(crate) is_final: bool,
    /// What it is about.
    pub(crate) about: Vec<(Text, String)>,
    /// What will be sent.
    pub(crate) sent: &'a serde_json::Value,
    /// Where the answer goes.
    pub(crate) action: &'a str,
    /// What goes with the answer, besides what every form carries.
    pub(crate) fields: &'a [(String, String)],
    /// Whether anything was typed, which is not lost by looking at it once more.
    pub(crate) has_input: bool,
    /// Where one goes who did not mean it.
    pub(crate) back: &'a str,
}

impl Question<'_> {
    /// The whole of a page.
    pub(crate) fn markup(&self, v: &Visit) -> Markup {
        let text = serde_json::to_string_pretty(self.sent).expect("a JSON value always has a text");
        html! {
            h1 { (v.t(self.title)) }
            @if self.is_final { p.notice.bad { (v.t(text::CANNOT_BE_UNDONE)) } }
            @if let Some(note) = self.note { p.note { (v.t(note)) } }
            dl #confirm-what {
                @for (name, value) in &self.about {
                    div { dt { (v.t(*name)) } dd { strong { bdi.user { (value) } } } }
                }
            }
            p { (v.t(text::CONFIRM_NOTE)) }
            pre.user { code { (text) } }
            form method="post" action=(self.action) {
                (own(v))
                @for (name, value) in self.fields.iter().filter(|(name, _)| name != "_token" && name != REGION_MEMBER) {
                    input type="hidden" name=(name) value=(value);
                }
                p.buttons {
                    button.danger name="_confirmed" value="yes" { (v.t(text::CONFIRM)) }
                    @if self.has_input {
                        button.quiet name="_edit" value="form" { (v.t(text::door::BACK_TO_FORM)) }
                    } @else {
                        a.button.quiet href=(self.back) { (v.t(text::CANCEL)) }
                    }
                }
            }
        }
    }
}

/// What the service refused.
pub(crate) fn refusal(v: &Visit, refusal: &Refusal) -> Markup {
    html! {
        div.notice.bad role="alert" {
            p { strong { (v.t(text::REFUSED)) } " " code { (refusal.code) } }
            p { (told(v, refusals::of(&refusal.code), &refusal.message)) }
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
