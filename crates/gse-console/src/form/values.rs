//! What a form holds, by the path of each member (`RuntimeConfiguration.ServerProcesses.0.LaunchPath`), which is how the
//! cloud API flattens parameters; so its own reader makes the JSON.

use std::collections::{BTreeMap, BTreeSet};

use gse_api::schema::ValueType;
use gse_api::shape::{Repeatable, Shape};
use gse_api::{Action, ApiError};
use maud::{Markup, html};
use serde_json::Value;

use crate::cloud::Refusal;
use crate::visit::escaped;

/// Rows of one list that a form shows; the explorer and scripts can send more.
const MOST_ROWS: usize = 60;
/// Fields of one form; closing up its rows costs their square.
const MOST_FIELDS: usize = 4096;

/// Bytes of the name of a field, and names in it: what an index stands for is looked up by all that comes before it. The
/// longest one of the cloud API has 6 names and 90 bytes.
const MOST_NAME_BYTES: usize = 512;
const MOST_NAMES: usize = 16;

/// The filled in values of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    texts: BTreeMap<String, String>,
    /// Rows that were asked for, by the path of their list.
    rows: BTreeMap<String, usize>,
    /// Members of a change that had a value when its form was opened.
    had: BTreeSet<String>,
    /// Members that were chosen to have a value, by their paths.
    chosen: BTreeSet<String>,
}

/// Before the path of a member: the choice whether it has a value.
pub(super) const CHOICE: &str = "_choice.";

impl Values {
    /// What a browser sent. Names that begin with `_` are the form's own; what was left empty is absent.
    pub(crate) fn of(pairs: &[(String, String)]) -> Self {
        let mut values = Self::default();
        for (name, text) in pairs {
            if let Some(list) = name.strip_prefix("_rows.") {
                let count: usize = text.parse().unwrap_or(1);
                values.rows.insert(list.to_owned(), count.min(MOST_ROWS));
            } else if name == "_had" {
                values.had = text.split_whitespace().map(str::to_owned).collect();
            } else if !name.starts_with('_') && !text.is_empty() {
                // Browsers end lines with CR LF in forms only.
                values.texts.insert(name.clone(), text.replace("\r\n", "\n"));
            }
        }
        for (name, choice) in pairs {
            match name.strip_prefix(CHOICE) {
                Some(path) if choice == "yes" => _ = values.chosen.insert(path.to_owned()),
                Some(path) => values.remove(path),
                None => {}
            }
        }
        values
    }

    /// Remembers which of these members have a value, so that it is seen when one is emptied.
    pub(crate) fn remember(&mut self, members: impl Iterator<Item = &'static str>) {
        self.had = members.filter(|name| self.is_given(name)).map(str::to_owned).collect();
    }

    /// The members of a JSON object.
    pub(crate) fn of_json(value: &Value) -> Self {
        let mut values = Self::default();
        values.flatten("", value);
        values
    }

    pub(crate) fn put(&mut self, pairs: impl IntoIterator<Item = (String, String)>) {
        self.texts.extend(pairs);
    }

    /// As a browser would send them.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.texts.iter().map(|(name, text)| (name.clone(), text.clone()))
    }

    pub(crate) fn get(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", String::as_str)
    }

    /// One more; the first of a list that had none.
    pub(crate) fn add_row(&mut self, list: &str) {
        let had = if self.rows.get(list) == Some(&0) { 0 } else { self.row_count(list) };
        let count = had + 1;
        self.rows.insert(list.to_owned(), count.min(MOST_ROWS));
    }

    /// Whether there is anything in a list, or a row of it was asked for.
    pub(crate) fn has_rows(&self, list: &str) -> bool {
        let start = format!("{list}.");
        self.texts.keys().any(|path| path.starts_with(&start))
            || self.rows.get(list).is_some_and(|count| *count > 0)
    }

    /// Whether there is anything of a member.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        !self.get(name).is_empty() || self.has_rows(name)
    }

    /// Whether a member is one that shall have a value; 0 is none.
    pub(crate) fn is_chosen(&self, path: &str) -> bool {
        self.chosen.contains(path) || self.is_given(path) && self.get(path) != "0"
    }

    /// Takes a member out, with all that it holds.
    pub(crate) fn remove(&mut self, path: &str) {
        let start = format!("{path}.");
        self.texts.retain(|name, _| name != path && !name.starts_with(&start));
        self.had.remove(path);
    }

    /// Takes a row out of a list; those after it move up.
    pub(crate) fn drop_row(&mut self, list: &str, row: usize) {
        let count = self.row_count(list);
        let texts = std::mem::take(&mut self.texts);
        let moved = texts.into_iter().filter_map(|(path, text)| match index_in(&path, list) {
            Some((index, _)) if index == row => None,
            Some((index, rest)) if index > row => Some((format!("{list}.{}{rest}", index - 1), text)),
            _ => Some((path, text)),
        });
        self.texts = moved.collect();
        match count.saturating_sub(1) {
            0 => _ = self.rows.remove(list),
            left => _ = self.rows.insert(list.to_owned(), left),
        }
    }

    /// Lets two rows of a list change places.
    pub(crate) fn swap_rows(&mut self, list: &str, one: usize, other: usize) {
        if one.max(other) >= self.row_count(list) {
            return;
        }
        let texts = std::mem::take(&mut self.texts);
        let place = |index| if index == one { other } else { one };
        let moved = texts.into_iter().map(|(path, text)| match index_in(&path, list) {
            Some((index, rest)) if index == one || index == other => {
                (format!("{list}.{}{rest}", place(index)), text)
            }
            _ => (path, text),
        });
        self.texts = moved.collect();
    }

    /// Whether a list of plain values has one.
    pub(crate) fn has(&self, list: &str, value: &str) -> bool {
        let start = format!("{list}.");
        self.texts.iter().any(|(path, text)| path.starts_with(&start) && text == value)
    }

    /// What a date field of a browser gives, as the cloud API reads it; it is UTC here (R95).
    pub(crate) fn complete_times(&mut self) {
        let is_time = |path: &str| path.ends_with("BeginTime") || path.ends_with("EndTime");
        for (_, text) in self.texts.iter_mut().filter(|(path, _)| is_time(path)) {
            *text = utc(text);
        }
    }

    /// Rows of a list to show: those that are filled in, those that were asked for, and at least one.
    pub(crate) fn row_count(&self, list: &str) -> usize {
        let start = format!("{list}.");
        let indices = self.texts.keys().filter_map(|path| {
            let rest = path.strip_prefix(&start)?;
            rest.split('.').next()?.parse::<usize>().ok()
        });
        let filled = indices.max().map_or(0, |last| last.saturating_add(1));
        filled.max(self.rows.get(list).copied().unwrap_or(1)).clamp(1, MOST_ROWS)
    }

    /// Keeps the rows that were asked for, and what there was.
    pub(crate) fn row_counts(&self) -> Markup {
        let had: Vec<&str> = self.had.iter().map(String::as_str).collect();
        html! {
            @if !had.is_empty() { input type="hidden" name="_had" value=(had.join(" ")); }
            @for (list, count) in &self.rows {
                input type="hidden" name={ "_rows." (list) } value=(count);
            }
        }
    }

    /// The JSON body of a request.
    pub(crate) fn body(&self, action: Action) -> Result<Value, Refusal> {
        if self.texts.len() > MOST_FIELDS {
            return Err(invalid(format!("The form has more than {MOST_FIELDS} fields.")));
        }
        if let Some(path) = self.chosen.iter().find(|path| !self.is_given(path)) {
            return Err(invalid(format!("`{path}` is chosen and has no value.")));
        }
        let is_too_long =
            |path: &&String| path.len() > MOST_NAME_BYTES || path.split('.').count() > MOST_NAMES;
        if let Some(path) = self.texts.keys().find(is_too_long) {
            let start: String = path.chars().take(40).collect();
            return Err(invalid(format!("No member has a name as long as `{start}…`.")));
        }
        let pairs = self.closed_up();
        let form: Vec<String> =
            pairs.iter().map(|(name, text)| format!("{}={}", escaped(name), escaped(text))).collect();
        let form = form.join("&");
        let body = Shape::Form(Repeatable::default()).json(action.request_schema(), "", form.as_bytes());
        let body = body.map_err(|error| refusal(&error))?;
        let mut body = serde_json::from_slice(&body).map_err(|error| invalid(error.to_string()))?;
        self.empty(action, &mut body)?;
        Ok(body)
    }

    /// What had a value and has none: a list is sent empty; anything else would stay as it is, which is said.
    fn empty(&self, action: Action, body: &mut Value) -> Result<(), Refusal> {
        let Value::Object(members) = body else { return Ok(()) };
        let schema = action.request_schema();
        for name in self.had.iter().filter(|name| schema.member(name).is_some()) {
            let is_list =
                schema.member(name).is_some_and(|member| matches!(member.value, ValueType::List(_)));
            match members.contains_key(name) {
                true => {}
                false if is_list => _ = members.insert(name.clone(), Value::Array(Vec::new())),
                false => {
                    let text = format!("`{name}` cannot be emptied: what is left out stays as it is.");
                    return Err(invalid(text));
                }
            }
        }
        Ok(())
    }

    /// With the rows that were left empty taken out.
    fn closed_up(&self) -> BTreeMap<String, &str> {
        let mut indices: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for path in self.texts.keys() {
            each_index(path, |list, index| {
                indices.entry(list.to_owned()).or_default().insert(index);
            });
        }
        let place =
            |list: &str, index: usize| indices.get(list).map_or(index, |found| found.range(..index).count());
        let renamed = |path: &str| {
            let mut renamed: Vec<String> = Vec::new();
            let mut old = String::new();
            for part in path.split('.') {
                let index = part.parse::<usize>().ok().filter(|_| !old.is_empty());
                renamed.push(index.map_or(part.to_owned(), |index| place(&old, index).to_string()));
                if !old.is_empty() {
                    old.push('.');
                }
                old += part;
            }
            renamed.join(".")
        };
        self.texts.iter().map(|(path, text)| (renamed(path), text.as_str())).collect()
    }

    fn flatten(&mut self, path: &str, value: &Value) {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value {
            Value::Null => {}
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| self.flatten(&below(name), value))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, value)| self.flatten(&below(&n.to_string()), value));
            }
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => _ = self.texts.insert(path.to_owned(), text.clone()),
            Value::Bool(_) | Value::Number(_) => _ = self.texts.insert(path.to_owned(), value.to_string()),
        }
    }
}

/// `2026-01-31T08:00` is `2026-01-31T08:00:00Z`; other text stays as it is.
pub(crate) fn utc(text: &str) -> String {
    let is_date = |text: &str| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        })
    };
    match text.len() {
        16 if is_date(text) => format!("{text}:00Z"),
        19 if is_date(text) => format!("{text}Z"),
        _ => text.to_owned(),
    }
}

/// The row of a list that a path lies in, and the rest of the path.
fn index_in<'a>(path: &'a str, list: &str) -> Option<(usize, &'a str)> {
    let rest = path.strip_prefix(list)?.strip_prefix('.')?;
    let end = rest.find('.').unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

/// Each index in a path, with the path of its list.
fn each_index(path: &str, mut found: impl FnMut(&str, usize)) {
    for (at, _) in path.match_indices('.') {
        let rest = &path[at + 1..];
        if let Ok(index) = rest.split('.').next().unwrap_or_default().parse() {
            found(&path[..at], index);
        }
    }
}

/// What the console itself cannot take, like the service would refuse it.
pub(crate) fn invalid(message: String) -> Refusal {
    Refusal { code: "InvalidParameter".into(), message, request_id: String::new() }
}

fn refusal(error: &ApiError) -> Refusal {
    Refusal {
        code: error.code.as_str().to_owned(),
        message: error.message.clone(),
        request_id: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(pairs: &[(&str, &str)]) -> Values {
        let pairs: Vec<_> = pairs.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
        Values::of(&pairs)
    }

    #[test]
    fn a_form_becomes_the_json_of_its_action() {
        let values = filled(&[
            ("_token", "x"),
            ("Name", "a&b=c +<é>"),
            ("Description", ""),
            ("RuntimeConfiguration.ServerProcesses.1.LaunchPath", "/b"),
            ("RuntimeConfiguration.ServerProcesses.1.ConcurrentExecutions", "2"),
            ("RuntimeConfiguration.ServerProcesses.4.LaunchPath", "/c"),
        ]);
        let wanted = json!({
            "Name": "a&b=c +<é>",
            "RuntimeConfiguration": {"ServerProcesses": [
                {"LaunchPath": "/b", "ConcurrentExecutions": 2}, {"LaunchPath": "/c"},
            ]},
        });
        assert_eq!(values.body(Action::CreateFleet).unwrap(), wanted);
        assert_eq!(values.row_count("RuntimeConfiguration.ServerProcesses"), 5);
        assert_eq!(Values::of_json(&wanted).body(Action::CreateFleet).unwrap(), wanted);
    }

    #[test]
    fn rows_move_and_go() {
        let list = "Destinations";
        let mut values = filled(&[
            ("Destinations.0.DestinationArn", "a"),
            ("Destinations.1.DestinationArn", "b"),
            ("Destinations.2.DestinationArn", "c"),
            ("DestinationsOther.1", "x"),
        ]);
        let arns = |values: &Values| {
            let path = |row| format!("Destinations.{row}.DestinationArn");
            (0..values.row_count(list)).map(|row| values.get(&path(row)).to_owned()).collect::<Vec<_>>()
        };
        values.swap_rows(list, 0, 1);
        values.swap_rows(list, 2, 9);
        assert_eq!(arns(&values), ["b", "a", "c"]);
        values.drop_row(list, 0);
        assert_eq!(arns(&values), ["a", "c"]);
        values.drop_row(list, 0);
        values.drop_row(list, 0);
        assert_eq!(arns(&values), [""], "one row to fill in stays");
        assert_eq!(values.get("DestinationsOther.1"), "x");
    }

    #[test]
    fn dates_of_browsers_are_utc() {
        for (typed, sent) in [
            ("2026-01-31T08:00", "2026-01-31T08:00:00Z"),
            ("2026-01-31T08:00:30", "2026-01-31T08:00:30Z"),
            ("2026-01-31T08:00:30Z", "2026-01-31T08:00:30Z"),
            ("soon", "soon"),
            ("2026-01-31 08:00", "2026-01-31 08:00"),
            ("", ""),
        ] {
            assert_eq!(utc(typed), sent);
        }
    }

    #[test]
    fn what_may_be_emptied_is_sent_empty() {
        let mut values = filled(&[("FleetId", "fleet-1"), ("Description", "")]);
        values.put([("Description".to_owned(), String::new())]);
        let body = values.body(Action::UpdateFleetAttributes).unwrap();
        assert_eq!(body, json!({"FleetId": "fleet-1", "Description": ""}));
    }

    #[test]
    fn too_many_fields_are_refused() {
        let pairs: Vec<_> = (0..=MOST_FIELDS).map(|n| (format!("Names.{n}"), "x".to_owned())).collect();
        let refused = Values::of(&pairs).body(Action::DescribeGameServerSessionQueues).unwrap_err();
        assert_eq!(refused.code, "InvalidParameter");
    }

    /// One field of 32 KiB took a quarter of a gigabyte.
    #[test]
    fn names_are_bounded() {
        let deep = format!("Tags{}", ".0".repeat(MOST_NAMES));
        let long = format!("Tags.{}", "1".repeat(MOST_NAME_BYTES));
        for name in [&*deep, &long] {
            let refused = filled(&[(name, "x")]).body(Action::CreateAlias).unwrap_err();
            assert!(
                refused.message.contains("a name as long as `Tags.") && refused.message.len() < 100,
                "{refused:?}"
            );
        }
    }

    #[test]
    fn rows_are_added_and_bounded() {
        let mut values = filled(&[("Tags.0.Key", "a"), ("Tags.99999999999999999999.Key", "b")]);
        assert_eq!(values.row_count("Tags"), 1);
        values.add_row("Tags");
        assert_eq!(values.row_count("Tags"), 2);
        assert_eq!(filled(&[("Tags.18446744073709551615.Key", "b")]).row_count("Tags"), MOST_ROWS);
        assert_eq!(filled(&[("_rows.Tags", "900")]).row_count("Tags"), MOST_ROWS);
    }
}
