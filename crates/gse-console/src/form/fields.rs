//! The fields of a form, from the schema of an action: one input, choice or group of rows for each member.

use gse_api::schema::{Integer, LengthUnit, List, Member, Pattern, Text, ValueType};
use maud::{Markup, html};

use super::suggestions;
use super::values::Values;
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
}

impl Fields<'_> {
    /// One member and everything in it. `must` says whether what holds it is sent in any case.
    pub(crate) fn member(&self, member: &Member, above: &str, must: bool) -> Markup {
        let path = if above.is_empty() { member.name.to_owned() } else { format!("{above}.{}", member.name) };
        let must = must && member.required;
        match &member.value {
            ValueType::Object(structure) => html! {
                fieldset {
                    legend { (self.label(member.name)) }
                    @for inner in structure.members { (self.member(inner, &path, must)) }
                }
            },
            ValueType::List(list) => self.list(member, list, &path),
            _ if self.fixed.contains(&path) => html! {
                div.field {
                    span.label { (self.label(member.name)) }
                    input type="hidden" name=(path) value=(self.values.get(&path));
                    output.user { (self.values.get(&path)) }
                }
            },
            value => {
                let id = format!("f-{path}");
                html! {
                    div.field {
                        label for=(id) { (self.label(member.name)) }
                        (self.input(value, member.name, &path, &id, must))
                        p.help id={ (id) "-help" } { (self.help(value, member.required)) }
                    }
                }
            }
        }
    }

    fn label(&self, name: &str) -> Markup {
        let label = self.v.member(name);
        html! { (label.map_or_else(|| words(name), str::to_owned)) " " code.wire { (name) } }
    }

    fn list(&self, member: &Member, list: &List, path: &str) -> Markup {
        let count = self.values.row_count(path);
        html! {
            fieldset {
                legend { (self.label(member.name)) }
                p.help { (self.help(&member.value, member.required)) " " (self.v.t(text::REMOVE_ROW_NOTE)) }
                @for row in 0..count {
                    @let path = format!("{path}.{row}");
                    div.row {
                        @match list.item {
                            ValueType::Object(structure) => {
                                @for inner in structure.members { (self.member(inner, &path, false)) }
                            }
                            value => {
                                @let id = format!("f-{path}");
                                div.field {
                                    (self.input(value, member.name, &path, &id, false))
                                    p.help id={ (id) "-help" } { (self.help(value, false)) }
                                }
                            }
                        }
                    }
                }
                button.quiet name="_more" value=(path) formnovalidate { "+ " (self.v.t(text::MORE_ROWS)) }
            }
        }
    }

    fn input(&self, value: &ValueType, name: &str, path: &str, id: &str, must: bool) -> Markup {
        let now = self.values.get(path);
        let help = format!("{id}-help");
        // A row of a list of plain values has no label of its own.
        let called = || self.v.member(name).map_or_else(|| words(name), str::to_owned);
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

/// Names and the like are one line however long they may be.
fn is_short(name: &str) -> bool {
    name.ends_with("Name")
        || name.ends_with("Id")
        || name.ends_with("Path")
        || name == "Key"
        || name == "Value"
}

/// `MaxSize` as `Max size`.
fn words(name: &str) -> String {
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
    fn wire_names_become_words() {
        assert_eq!(super::words("MaximumPlayerSessionCount"), "Maximum player session count");
        assert_eq!(super::words("DNSName"), "DNSName");
    }
}
