//! The fields of a form, from the schema of an action: one input, choice or group of rows for each member.

use gse_api::schema::{Integer, LengthUnit, List, Member, Pattern, Text, ValueType};
use maud::{Markup, html};

use super::operation::Condition;
use super::values::{CHOICE, Values};
use super::{suggestions, words};
use crate::language::Text as Words;
use crate::text;
use crate::visit::Visit;

/// From this length on a text gets several lines.
const LONG_TEXT: usize = 1000;

/// What fields are made with.
pub(crate) struct Fields<'a> {
    pub(crate) v: &'a Visit,
    pub(crate) values: &'a Values,
    /// Paths that are shown and not edited.
    pub(crate) fixed: &'a [String],
    /// Whether it is told in words instead of as the schema has it.
    pub(crate) is_plain: bool,
    /// Which members are for some values of another only.
    pub(crate) conditions: &'a [Condition],
    /// What the service needs besides what the schema requires, by paths without rows.
    pub(crate) needs: &'a [&'a str],
    /// What there is to choose from.
    pub(crate) suggestions: Option<&'a suggestions::Suggestions>,
}

impl Fields<'_> {
    /// One member and everything in it. `must` says whether what holds it is sent in any case.
    pub(crate) fn member(&self, member: &Member, above: &str, must: bool) -> Markup {
        let path = if above.is_empty() { member.name.to_owned() } else { format!("{above}.{}", member.name) };
        if self.is_plain && words::ONLY_FIXED.contains(&member.name) && !self.fixed.contains(&path) {
            return html! {};
        }
        let is_needed = self.needs.contains(&without_rows(&path).as_str());
        // A field that another member hides must not hold the form, nor a row that may be left out.
        let must = must && member.required || is_needed && !self.is_conditional(&path) && is_first(&path);
        if let Some(choice) = self.optional(member, &path) {
            return choice;
        }
        match &member.value {
            ValueType::Object(structure) => html! {
                fieldset id={ "g-" (path) } data-when=[self.when(&path)] {
                    legend { (self.label(member.name, &path)) }
                    (self.note(&path))
                    @for inner in self.ordered(structure.members) { (self.member(inner, &path, must)) }
                }
            },
            ValueType::List(_) if self.choices(member.name).is_some() => self.check_boxes(member, &path),
            ValueType::List(list) => self.list(member, list, &path),
            _ if self.fixed.contains(&path) => html! {
                div.field id={ "g-" (path) } {
                    span.label { (self.label(member.name, &path)) }
                    input type="hidden" name=(path) value=(self.values.get(&path));
                    output.user { (self.values.get(&path)) }
                }
            },
            value => {
                let id = format!("f-{path}");
                if let Some(on) = self.switch(member.name) {
                    return html! {
                        div.field.check id={ "g-" (path) } {
                            label for=(id) {
                                input id=(id) name=(path) type="checkbox" value=(on)
                                    checked[self.values.get(&path) == on];
                                " " (self.label(member.name, &path))
                            }
                            (self.note(&path))
                        }
                    };
                }
                html! {
                    div.field id={ "g-" (path) } data-when=[self.when(&path)] {
                        label for=(id) { (self.label(member.name, &path)) }
                        (self.input(value, member.name, &path, &id, must))
                        p.help id={ (id) "-help" } { (self.note(&path)) (self.help(value, is_needed || self.is_said(member, must))) }
                    }
                }
            }
        }
    }

    /// A member that is chosen to have a value, below the choice; what another member decides is not chosen again.
    fn optional(&self, member: &Member, path: &str) -> Option<Markup> {
        let (_, no, yes) = words::OPTIONAL.iter().find(|(name, ..)| *name == member.name)?;
        if !self.is_plain || self.when(path).is_some() {
            return None;
        }
        let (choice, is_chosen) = (format!("{CHOICE}{path}"), self.values.is_chosen(path));
        let id = format!("f-{path}");
        let value = match &member.value {
            ValueType::List(List { item: ValueType::Object(structure), .. }) => html! {
                div.row id={ "r-" (path) ".0" } {
                    @for inner in self.ordered(structure.members) { (self.member(inner, &format!("{path}.0"), false)) }
                }
            },
            ValueType::Integer(limits) => {
                let now = self.values.get(path);
                let most = words::MOST.iter().find(|(name, _)| *name == member.name).map(|(_, most)| *most);
                let most =
                    most.filter(|most| now.parse().is_ok_and(|now: i64| now <= *most) || now.is_empty());
                html! {
                    input id={ (id) "-value" } name=(path) type="number" step="1" min=[limits.minimum] max=[most]
                        value=(if is_chosen { now } else { "" }) aria-label=(self.v.t(*yes));
                }
            }
            value => self.input(value, member.name, path, &id, false),
        };
        Some(html! {
            div.field id={ "g-" (path) } {
                label for=(id) { (self.label(member.name, path)) }
                select id=(id) name=(choice) data-decides {
                    option value="no" selected[!is_chosen] { (self.v.t(*no)) }
                    option value="yes" selected[is_chosen] { (self.v.t(*yes)) }
                }
                div data-when={ (choice) "=yes" } { (value) }
                p.help { (self.note(path)) }
            }
        })
    }

    /// The members of a structure that has a group for itself.
    pub(crate) fn unframed(&self, member: Option<&Member>) -> Markup {
        match member {
            Some(Member { name, value: ValueType::Object(structure), .. }) => html! {
                @for inner in self.ordered(structure.members) { (self.member(inner, name, false)) }
            },
            Some(member) => self.member(member, "", true),
            None => html! {},
        }
    }

    /// Whether a form says that a member is required: not of a row that may be left out.
    fn is_said(&self, member: &Member, must: bool) -> bool {
        if self.is_plain { must } else { member.required }
    }

    /// Members in the order in which they are thought of; the schema has them by name.
    fn ordered<'m>(&self, members: &'m [Member]) -> Vec<&'m Member> {
        let mut members: Vec<&Member> = members.iter().collect();
        if self.is_plain {
            let place = |member: &&Member| words::ORDER.iter().position(|name| *name == member.name);
            members.retain(|member| !words::HIDDEN.contains(&member.name));
            members.sort_by_key(|member| place(member).unwrap_or(usize::MAX));
        }
        members
    }

    fn label(&self, name: &str, path: &str) -> Markup {
        let told =
            self.is_plain.then(|| words::label(&without_rows(path))).flatten().map(|text| self.v.t(text));
        let label = told.or_else(|| self.v.member(name));
        html! { (label.map_or_else(|| in_words(name), str::to_owned)) " " code.wire { (name) } }
    }

    /// What a form tells of a member beside its limits.
    fn note(&self, path: &str) -> Markup {
        let note = self.is_plain.then(|| words::note(&without_rows(path))).flatten();
        html! { @if let Some(note) = note { span.note { (self.v.t(note)) } } }
    }

    /// The words of the values that a member can have.
    fn choices(&self, name: &str) -> Option<&'static [(&'static str, Words)]> {
        if self.is_plain { words::choices(name) } else { None }
    }

    /// What a check box of a member sends.
    fn switch(&self, name: &str) -> Option<&'static str> {
        if self.is_plain { words::switch(name) } else { None }
    }

    /// `RoutingStrategy.Type=SIMPLE`: for the script, which shows what applies.
    fn when(&self, path: &str) -> Option<String> {
        let condition = self.conditions.iter().find(|condition| condition.members.contains(&path))?;
        Some(format!("{}={}", condition.on, condition.is.join("|")))
    }

    /// Whether a member, or what it lies in, is for some values of another only.
    fn is_conditional(&self, path: &str) -> bool {
        let lies_in =
            |outer: &str| path == outer || path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        self.conditions.iter().any(|condition| condition.members.iter().any(|outer| lies_in(outer)))
    }

    fn check_boxes(&self, member: &Member, path: &str) -> Markup {
        let choices = self.choices(member.name).unwrap_or_default();
        html! {
            fieldset id={ "g-" (path) } data-when=[self.when(path)] {
                legend { (self.label(member.name, path)) }
                div.checks {
                    @for (row, (value, name)) in choices.iter().enumerate() {
                        label {
                            input type="checkbox" name={ (path) "." (row) } value=(value)
                                checked[self.values.has(path, value)];
                            " " (self.v.t(*name))
                        }
                    }
                }
            }
        }
    }

    fn list(&self, member: &Member, list: &List, path: &str) -> Markup {
        // What is seldom wanted begins without a row.
        let is_folded = self.is_plain && words::FOLDED.contains(&member.name) && !self.values.has_rows(path);
        let count = if is_folded { 0 } else { self.values.row_count(path) };
        html! {
            fieldset id={ "g-" (path) } data-when=[self.when(path)] {
                legend { (self.label(member.name, path)) }
                p.help {
                    (self.note(path))
                    @if !self.is_plain { (self.help(&member.value, member.required)) " · " (self.v.t(text::REMOVE_ROW_NOTE)) }
                }
                // So that the first row asked for is the first.
                @if is_folded { input type="hidden" name={ "_rows." (path) } value="0"; }
                @for row in 0..count {
                    @let (list_path, path) = (path, format!("{path}.{row}"));
                    div.row id={ "r-" (path) } {
                        @match list.item {
                            ValueType::Object(structure) => {
                                @for inner in self.ordered(structure.members) { (self.member(inner, &path, false)) }
                            }
                            value => {
                                @let id = format!("f-{path}");
                                div.field {
                                    (self.input(value, member.name, &path, &id, false))
                                    p.help id={ (id) "-help" } { (self.help(value, false)) }
                                }
                            }
                        }
                        @if self.is_plain { (self.row_buttons(member.name, list_path, row, count)) }
                    }
                }
                button.quiet name="_more" value=(path) formnovalidate { "+ " (self.v.t(text::MORE_ROWS)) }
            }
        }
    }

    /// Takes a row out, or moves it where the order says something.
    fn row_buttons(&self, name: &str, list: &str, row: usize, count: usize) -> Markup {
        let button = |verb: &str, label: Words| {
            html! {
                button.quiet.small name="_edit" value={ (verb) " " (list) "." (row) } formnovalidate
                    aria-label={ (self.v.t(label)) " " (row + 1) } { (self.v.t(label)) }
            }
        };
        html! {
            div.row-buttons {
                @if words::ORDERED.contains(&name) {
                    @if row > 0 { (button("up", text::MOVE_UP)) }
                    @if row + 1 < count { (button("down", text::MOVE_DOWN)) }
                }
                (button("drop", text::REMOVE_ROW))
            }
        }
    }

    fn input(&self, value: &ValueType, name: &str, path: &str, id: &str, must: bool) -> Markup {
        let now = self.values.get(path);
        let help = format!("{id}-help");
        // A row of a list of plain values has no label of its own.
        let called = || self.v.member(name).map_or_else(|| in_words(name), str::to_owned);
        let label = path.ends_with(|last: char| last.is_ascii_digit()).then(called);
        let choice = |options: &[String]| {
            html! {
                select id=(id) name=(path) required[must] aria-label=[&label] aria-describedby=(help) {
                    option value="" selected[now.is_empty()] {}
                    @for option in options { option selected[option == now] { (option) } }
                    @if !now.is_empty() && !options.iter().any(|option| option == now) {
                        option selected { (now) }
                    }
                }
            }
        };
        if let Some(choices) = self.choices(name) {
            let mut options: Vec<(&str, &str)> =
                choices.iter().map(|(value, name)| (*value, self.v.t(*name))).collect();
            if !now.is_empty() && !options.iter().any(|(value, _)| *value == now) {
                options.push((now, now));
            }
            return html! {
                select id=(id) name=(path) required[must] aria-label=[label] aria-describedby=(help) data-decides {
                    @if !must || now.is_empty() { option value="" selected[now.is_empty()] {} }
                    @for (value, name) in options { option value=(value) selected[value == now] { (name) } }
                }
            };
        }
        if let Some(known) = self.suggestions.and_then(|suggestions| suggestions.choices(name)) {
            return html! {
                select id=(id) name=(path) required[must] aria-label=[label] aria-describedby=(help) {
                    option value="" selected[now.is_empty()] {}
                    @for (value, name) in known {
                        option value=(value) selected[value == now] {
                            // What a resource name says is in what it is called.
                            @if value.starts_with("qcs::") { (name) }
                            @else { (value) @if !name.is_empty() { " · " (name) } }
                        }
                    }
                    @if !now.is_empty() && !known.iter().any(|(value, _)| value == now) {
                        option selected { (now) }
                    }
                }
            };
        }
        if self.is_plain && matches!(name, "BeginTime" | "EndTime") {
            let now = now.strip_suffix('Z').unwrap_or(now);
            let now = now.split_once('.').map_or(now, |(seconds, _)| seconds);
            return html! {
                input id=(id) name=(path) type="datetime-local" step="1" value=(now) required[must]
                    aria-describedby=(help);
            };
        }
        match value {
            ValueType::Text(limits) if !limits.one_of.is_empty() => {
                choice(&limits.one_of.iter().map(ToString::to_string).collect::<Vec<_>>())
            }
            ValueType::Integer(limits) if !limits.one_of.is_empty() => {
                choice(&limits.one_of.iter().map(ToString::to_string).collect::<Vec<_>>())
            }
            ValueType::Boolean => choice(&["true".to_owned(), "false".to_owned()]),
            ValueType::Text(limits)
                if limits.max_length.is_some_and(|most| most >= LONG_TEXT) && !is_short(name) =>
            {
                html! {
                    textarea id=(id) name=(path) rows="3" required[must] aria-label=[&label] aria-describedby=(help) {
                        // The first line end after the tag would be lost.
                        "\n" (now)
                    }
                }
            }
            ValueType::Integer(limits) => html! {
                input id=(id) name=(path) type="number" step="1" min=[limits.minimum] max=[limits.maximum]
                    value=(now) required[must] aria-label=[&label] aria-describedby=(help);
            },
            ValueType::Float => html! {
                input id=(id) name=(path) type="number" step="any" value=(now) required[must] aria-label=[&label] aria-describedby=(help);
            },
            ValueType::Text(_) | ValueType::List(_) | ValueType::Object(_) => html! {
                input id=(id) name=(path) type="text" value=(now) required[must] aria-label=[&label] aria-describedby=(help)
                    list=[suggestions::list_of(name)] autocomplete="off" spellcheck="false";
            },
        }
    }

    /// Type and limits in words.
    fn help(&self, value: &ValueType, required: bool) -> String {
        let v = self.v;
        let mut parts = Vec::new();
        if required {
            parts.push(v.t(text::REQUIRED).to_owned());
        }
        match value {
            // Its choices say it.
            ValueType::Integer(limits) if self.is_plain && !limits.one_of.is_empty() => {}
            ValueType::Text(limits) => self.text_help(limits, &mut parts),
            ValueType::Integer(limits) => self.integer_help(limits, &mut parts),
            ValueType::Float => parts.push(v.t(text::NUMBER).to_owned()),
            ValueType::Boolean => {}
            ValueType::List(list) => {
                parts.push(v.t(text::LIST_OF).to_owned());
                let most = list.max_items.map(|most| (most as u64, v.t(text::ITEMS)));
                parts.extend(most.map(|(most, items)| format!("{} {most} {items}", v.t(text::AT_MOST))));
            }
            ValueType::Object(_) => {}
        }
        parts.join(" · ")
    }

    fn text_help(&self, limits: &Text, parts: &mut Vec<String>) {
        let v = self.v;
        let unit = match limits.unit {
            LengthUnit::Bytes => v.t(text::BYTES),
            LengthUnit::Characters => v.t(text::CHARACTERS),
        };
        match (limits.min_length, limits.max_length) {
            (0, None) => {}
            (least, None) => parts.push(format!("{} {least} {unit}", v.t(text::AT_LEAST))),
            (least, Some(most)) => parts.push(format!("{least}–{most} {unit}")),
        }
        let pattern = limits.pattern.map(|pattern| match pattern {
            Pattern::ImageSize => text::IMAGE_SIZE,
            Pattern::LettersDigitsHyphens => text::LETTERS_DIGITS_HYPHENS,
            Pattern::LettersDigitsPunctuation => text::LETTERS_DIGITS_PUNCTUATION,
            Pattern::Ipv4Cidr => text::CIDR,
        });
        parts.extend(pattern.map(|pattern| v.t(pattern).to_owned()));
    }

    fn integer_help(&self, limits: &Integer, parts: &mut Vec<String>) {
        let v = self.v;
        parts.push(match (limits.minimum, limits.maximum) {
            (None, None) => v.t(text::WHOLE_NUMBER).to_owned(),
            (Some(least), None) => format!("{} ≥ {least}", v.t(text::WHOLE_NUMBER)),
            (None, Some(most)) => format!("{} ≤ {most}", v.t(text::WHOLE_NUMBER)),
            (Some(least), Some(most)) => format!("{} {least}–{most}", v.t(text::WHOLE_NUMBER)),
        });
        let names: Vec<String> =
            limits.names.iter().map(|(name, number)| format!("{number} {name}")).collect();
        if !names.is_empty() {
            parts.push(names.join(", "));
        }
    }
}

/// `Rows.0.Name` as `Rows.Name`.
fn without_rows(path: &str) -> String {
    let parts: Vec<&str> =
        path.split('.').filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit())).collect();
    parts.join(".")
}

/// Whether a path is in the first row of each list.
fn is_first(path: &str) -> bool {
    path.split('.').filter_map(|part| part.parse::<usize>().ok()).all(|row| row == 0)
}

/// Names and the like are one line however long they may be.
fn is_short(name: &str) -> bool {
    name.ends_with("Name")
        || name == "Parameters"
        || name.ends_with("Id")
        || name.ends_with("Path")
        || name == "Key"
        || name == "Value"
}

/// `MaxSize` as `Max size`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
        before = letter;
    }
    words
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_have_no_words_of_their_own() {
        assert_eq!(super::without_rows("Tags.0.Key"), "Tags.Key");
    }

    #[test]
    fn wire_names_become_words() {
        assert_eq!(super::in_words("MaximumPlayerSessionCount"), "Maximum player session count");
        assert_eq!(super::in_words("DNSName"), "DNSName");
    }
}
