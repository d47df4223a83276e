//! Which actions are routed, and what their routes touch: read from the table in `routes/mod.rs` and from the functions
//! that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use super::read as read_file;

const ROUTES: &str = "crates/gse-server/src/http/routes";

/// What an action does with the state of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Gives the control plane a command.
    Changes,
    /// Reads the control plane or its archive.
    Reads,
    /// Answers from the configuration.
    Fixed,
}

/// A routed action.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) state: State,
    /// Whether its request is decoded by the schema before the route sees it.
    pub(super) validated: bool,
}

pub(super) fn read(root: &Path) -> anyhow::Result<BTreeMap<String, Route>> {
    let table = read_file(root, &format!("{ROUTES}/mod.rs"))?;
    // The one arm that the table is made of: whatever it does, it does for every action.
    let validated = table.contains("$($route)::+(call, decode(call.body)?)");
    let lines = table.lines().skip_while(|line| !line.starts_with("routes! {")).skip(1);
    let mut routes = BTreeMap::new();
    for line in lines.take_while(|line| *line != "}").filter(|line| line.contains("=>")) {
        let (action, route) = line.trim().trim_end_matches(',').split_once(" => ").context("a route")?;
        let (module, function) = route.split_once("::").with_context(|| format!("no route: {line}"))?;
        let source = read_file(root, &format!("{ROUTES}/{module}.rs"))
            .or_else(|_| read_file(root, &format!("{ROUTES}/{module}/mod.rs")))?;
        let function = function.rsplit("::").next().unwrap_or(function);
        let state = state(&functions(&source), function)
            .with_context(|| format!("`{module}.rs` has no function `{function}`"))?;
        routes.insert(action.to_owned(), Route { state, validated });
    }
    Ok(routes)
}

/// The functions of a file by name, each to its closing brace.
fn functions(source: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    let mut open: Option<(&str, String, String)> = None;
    for line in source.lines() {
        if let Some((name, end, body)) = &mut open {
            *body += line;
            body.push('\n');
            if line == end {
                found.insert(*name, std::mem::take(body));
                open = None;
            }
        } else if let Some(name) = name_of(line) {
            let indent = &line[..line.len() - line.trim_start().len()];
            open = Some((name, format!("{indent}}}"), format!("{line}\n")));
        }
    }
    found
}

fn name_of(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_item =
        before.split_whitespace().all(|word| word.starts_with("pub") || word == "async" || word == "const");
    let name = after.split(['(', '<']).next()?;
    (is_item && !name.is_empty()).then_some(name)
}

/// What a function touches, with those of the same file that it calls.
fn state(functions: &BTreeMap<&str, String>, start: &str) -> Option<State> {
    functions.get(start)?;
    let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
    let mut state = State::Fixed;
    while let Some(name) = open.pop() {
        if !seen.insert(name) {
            continue;
        }
        let body = &functions[name];
        if [".submit(", ".engine.submit"].iter().any(|call| body.contains(call)) {
            return Some(State::Changes);
        }
        if [".query(", ".archived(", ".archived_row("].iter().any(|call| body.contains(call)) {
            state = State::Reads;
        }
        open.extend(functions.keys().filter(|other| calls(body, other)));
    }
    Some(state)
}

/// Whether a function of that name is called, not one whose name ends like it.
fn calls(body: &str, name: &str) -> bool {
    let call = format!("{name}(");
    body.match_indices(&call).any(|(at, _)| {
        let before = body[..at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':')
            && !body[..at].ends_with("fn ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_route_calls_counts_as_its_own() {
        let source = "pub(super) async fn a(\n    call: &Call<'_>,\n) -> X {\n    b(call)\n}\n\nfn b(call: &Call<'_>) {\n    call.submit(C);\n}\n\nfn c() {\n    other::b(1)\n}\n\nfn d(call: &C) {\n    call.query(q)\n}\n";
        let functions = functions(source);
        assert_eq!(functions.keys().copied().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        let states = ["a", "b", "c", "d", "e"].map(|name| state(&functions, name));
        let [changes, fixed, reads] = [State::Changes, State::Fixed, State::Reads].map(Some);
        assert_eq!(states, [changes, changes, fixed, reads, None]);
    }
}
