//! The normal form of a run of the flow: what the same run says every time. Everything that varies is replaced
//! here and nowhere else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Members of answers that are worth reading. The others stay in the answer and out of the snapshot.
const ESSENTIAL: &[&str] = &[
    "AssetId",
    "Stauts",
    "BucketName",
    "AssetRegion",
    "FleetId",
    "FleetArn",
    "Status",
    "EventCode",
    "Name",
    "Pending",
    "Active",
    "Idle",
    "Terminating",
    "Desired",
    "MiniNum",
    "MaxiNum",
    "GameServerSessionId",
    "IpAddress",
    "Port",
    "CurrentPlayerSessionCount",
    "MaximumPlayerSessionCount",
    "PlayerId",
    "PlayerSessionId",
    "AliasId",
    "Type",
    "GameServerSessionQueueArn",
    "DestinationArn",
    "PlacementId",
    "GameServerSessionRegion",
    "api",
    "agent",
    "objects",
    "region",
    "outcome",
    "winner",
    "hosting",
];

/// Prefixes of ids and what they are called in the snapshot.
const KINDS: &[(&str, &str)] = &[
    ("asset-", "asset"),
    ("fleet-", "fleet"),
    ("alias-", "alias"),
    ("gssess-", "session"),
    ("psess-", "psess"),
    ("ins-", "instance"),
];

/// Gives each id its reference, in the order of first appearance. Ports have none: which of two idle processes gets a
/// session may differ from run to run.
#[derive(Debug, Default)]
pub struct Course {
    seen: BTreeMap<String, String>,
    count: BTreeMap<&'static str, u32>,
    directory: Option<String>,
}

impl Course {
    /// The lines of `cargo xtask flow --json` as text for a reader.
    ///
    /// # Panics
    /// If a line is not what `--json` promises.
    #[must_use]
    pub fn tell(lines: &str) -> String {
        let mut course = Self::default();
        let mut text = String::new();
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("a line of JSON: {line}"));
            match line.get("result") {
                Some(result) => text.push_str(&course.tell_result(result, &line)),
                None => text.push_str(&course.tell_step(&line)),
            }
        }
        text
    }

    fn tell_step(&mut self, step: &Value) -> String {
        let mut text = format!("{}  {}\n\n", step["step"], plain(&step["title"]));
        for call in step["calls"].as_array().expect("a step has calls") {
            self.tell_call(&mut text, call);
        }
        let facts = step["facts"].as_object().expect("a step has facts");
        for (name, fact) in facts {
            let fact = if name == "winners" { "two players".to_owned() } else { self.normal(&plain(fact)) };
            let _ = writeln!(text, "  claim  {name}: {fact}");
        }
        text + "\n"
    }

    fn tell_call(&mut self, text: &mut String, call: &Value) {
        match call.get("action") {
            Some(action) => {
                let request = call.get("request").map(plain).unwrap_or_default();
                let _ = writeln!(text, "  {}  {}", plain(action), self.normal(&request));
            }
            None => {
                let command = plain(&call["command"]).replace(" \\\n ", "");
                self.note_directory(&command);
                let _ = writeln!(text, "  $ {}", self.normal(&command));
            }
        }
        let mut objects = Vec::new();
        flatten("", &essential(call.get("response").unwrap_or(&Value::Null)), &mut objects);
        for (path, members) in objects {
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, value)| format!("{name}={}", self.member(&name, &value)))
                .collect();
            let path = if path.is_empty() { String::new() } else { path + "  " };
            let _ = writeln!(text, "      {path}{}", members.join(" "));
        }
        text.push('\n');
    }

    fn tell_result(&mut self, result: &Value, line: &Value) -> String {
        let steps = line["steps"].as_array().expect("the last line has steps");
        let steps: Vec<String> = steps
            .iter()
            .map(|step| format!("{} {}", plain(&step["title"]), plain(&step["result"])))
            .collect();
        format!("{}: {}\n", plain(result), steps.join(", "))
    }

    fn member(&mut self, name: &str, value: &str) -> String {
        match name {
            "Port" => "<port>".to_owned(),
            "winner" => "<player>".to_owned(),
            "outcome" if ["won", "lost"].contains(&value) => "<won or lost>".to_owned(),
            _ => self.normal(value),
        }
    }

    /// The run's own directory, read off the command that names it.
    fn note_directory(&mut self, command: &str) {
        if let Some((_, path)) = command.split_once("--data-dir ") {
            self.directory = path.strip_suffix("/data").map(str::to_owned);
        }
    }

    /// A text with every id, port and path of the run replaced.
    fn normal(&mut self, text: &str) -> String {
        let text = match &self.directory {
            Some(directory) => text.replace(directory, "<run>"),
            None => text.to_owned(),
        };
        let text = match text.split_once("--data-dir ") {
            Some((before, _)) => format!("{before}--data-dir <run>/data"),
            None => text,
        };
        let mut normal = String::new();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            let kind = KINDS.iter().find(|(prefix, _)| word.starts_with(prefix) && word.len() > prefix.len());
            match kind {
                Some((_, kind)) => normal.push_str(&self.reference(kind, word)),
                None if normal.ends_with("127.0.0.1:") && word.parse::<u16>().is_ok_and(|port| port > 0) => {
                    normal.push_str("<port>");
                }
                None => normal.push_str(word),
            }
            let mut characters = tail.chars();
            normal.extend(characters.next());
            rest = characters.as_str();
        }
        short_session_ids(&normal)
    }

    fn reference(&mut self, kind: &'static str, id: &str) -> String {
        let count = &mut self.count;
        let next = || {
            let number = count.entry(kind).and_modify(|number| *number += 1).or_insert(1);
            format!("<{kind}:{number}>")
        };
        self.seen.entry(format!("{kind} {id}")).or_insert_with(next).clone()
    }
}

/// Text without quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The essential members, and what leads to them. Empty text, zero ports and null say nothing and go.
fn essential(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter_map(|(name, member)| match member {
                Value::Object(_) | Value::Array(_) => {
                    let inner = essential(member);
                    let empty = inner.as_object().is_some_and(Map::is_empty)
                        || inner.as_array().is_some_and(Vec::is_empty);
                    (!empty).then(|| (name.clone(), inner))
                }
                Value::Null => None,
                _ if !ESSENTIAL.contains(&name.as_str()) || member == "" => None,
                _ if name == "Port" && member == 0 => None,
                _ => Some((name.clone(), member.clone())),
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(essential).collect();
            if items.iter().all(|item| item.get("EventCode").is_some()) {
                // Events come newest first; a reader wants to see them happen.
                items.reverse();
            }
            // Players who joined together have no order in time.
            items.sort_by_key(|item| item.get("PlayerId").map(plain));
            items
                .retain(|item| !item.is_null() && item.as_object().is_none_or(|members| !members.is_empty()));
            Value::Array(items)
        }
        other => other.clone(),
    }
}

/// The long id of a session says account and fleet again; its reference alone is enough.
fn short_session_ids(text: &str) -> String {
    let mut short = String::new();
    let mut rest = text;
    while let Some((before, id)) = rest.split_once("qcs::gse:") {
        short.push_str(before);
        let session = id
            .split_once(":gameserversession/")
            .filter(|(account, _)| !account.contains(['"', ' ']))
            .and_then(|(_, id)| id.split_once('/'));
        match session {
            Some((_, session)) => rest = session,
            None => {
                short.push_str("qcs::gse:");
                rest = id;
            }
        }
    }
    short + rest
}

/// The objects of an answer that have members of their own, each with its path.
fn flatten(path: &str, value: &Value, objects: &mut Vec<(String, Vec<(String, String)>)>) {
    let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(object) => {
            let is_own = |member: &Value| !member.is_object() && !member.is_array();
            let own: Vec<(String, String)> = object
                .iter()
                .filter(|(_, member)| is_own(member))
                .map(|(name, member)| (name.clone(), plain(member)))
                .collect();
            if !own.is_empty() {
                objects.push((path.to_owned(), own));
            }
            object.iter().for_each(|(name, member)| flatten(&inner(name), member, objects));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| flatten(&inner(&index.to_string()), item, objects));
        }
        _ => {}
    }
}
