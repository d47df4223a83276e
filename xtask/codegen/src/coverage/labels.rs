//! How sure the spec is of what an action does: the tags of the statements that it makes of it.
//!
//! They are the clauses of the action's own section of `cloud-api.md` 2, and the rules of `operations.md` that name the
//! action. [D], [A], [O] and [W] are documented, [I] is inferred, [P] is proposed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::read;

/// How sure, from the surest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Label {
    Documented,
    Inferred,
    Proposed,
}

impl Label {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Inferred => "inferred",
            Self::Proposed => "proposed",
        }
    }
}

/// What the spec says of an action beyond its schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements {
    /// Clauses of its own section with a tag, and rules that name it.
    pub(super) all: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The rule's number, when it is one of `operations.md`.
    pub(super) rule: Option<String>,
    pub(super) text: String,
    pub(super) label: Label,
}

impl Statements {
    pub(super) fn count(&self, label: Label) -> usize {
        self.all.iter().filter(|statement| statement.label == label).count()
    }

    /// The least sure one.
    pub(super) fn label(&self) -> Label {
        self.all.iter().map(|statement| statement.label).max().unwrap_or(Label::Documented)
    }
}

pub(super) fn statements(
    root: &Path,
    actions: &BTreeSet<&str>,
) -> anyhow::Result<BTreeMap<String, Statements>> {
    let mut found: BTreeMap<String, Statements> =
        actions.iter().map(|action| ((*action).to_owned(), Statements::default())).collect();
    for (action, bullet) in sections(&read(root, "docs/spec/cloud-api.md")?) {
        if let Some(statements) = found.get_mut(&action) {
            statements.all.extend(clauses(&bullet));
        }
    }
    for rule in rules(&read(root, "docs/spec/operations.md")?) {
        for (action, statements) in &mut found {
            if names(&rule.text, action) {
                statements.all.push(rule.clone());
            }
        }
    }
    Ok(found)
}

/// Action and bullet of section 2 of `cloud-api.md`.
fn sections(spec: &str) -> Vec<(String, String)> {
    let lines = spec.lines().skip_while(|line| *line != "# 2. Actions");
    let lines = lines.take_while(|line| !line.starts_with("# 3."));
    let (mut action, mut found) = (String::new(), Vec::new());
    for line in lines {
        if let Some(name) = line.strip_prefix("### ") {
            action = name.to_owned();
        } else if line.starts_with("## ") {
            action.clear();
        } else if let Some(bullet) = line.strip_prefix("* ") {
            found.push((action.clone(), bullet.to_owned()));
        }
    }
    found
}

/// The parts of a bullet; one without a tag is as the vendor's texts have it.
fn clauses(bullet: &str) -> Vec<Statement> {
    let mut clauses = vec![String::new()];
    let mut depth = 0_i32;
    let mut code = false;
    for (at, character) in bullet.char_indices() {
        match character {
            '`' => code = !code,
            '(' | '[' | '{' if !code => depth += 1,
            ')' | ']' | '}' if !code => depth -= 1,
            _ => {}
        }
        let ends = depth <= 0 && !code && matches!(character, '.' | ';') && bullet[at + 1..].starts_with(' ');
        if let Some(last) = clauses.last_mut() {
            last.push(character);
        }
        if ends {
            clauses.push(String::new());
        }
    }
    let trimmed = clauses.iter().map(|clause| clause.trim().trim_end_matches([';', '.']).to_owned());
    let clauses = trimmed.filter(|clause| !clause.is_empty());
    clauses
        .map(|text| Statement { rule: None, label: label(&text).unwrap_or(Label::Documented), text })
        .collect()
}

/// `- G-4 The process …`, with the lines that belong to it.
fn rules(spec: &str) -> Vec<Statement> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in spec.lines() {
        let rule = line.strip_prefix("- ").and_then(|rest| rest.split_once(' '));
        match rule.filter(|(id, _)| is_rule(id)) {
            Some((id, text)) => {
                found.push((id.trim_end_matches(['.', ':']).to_owned(), text.to_owned()));
                open = true;
            }
            None if open && line.starts_with("  ") => {
                if let Some((_, text)) = found.last_mut() {
                    *text += " ";
                    *text += line.trim();
                }
            }
            None => open = false,
        }
    }
    found
        .into_iter()
        .map(|(id, text)| Statement {
            rule: Some(id),
            label: label(&text).unwrap_or(Label::Documented),
            text,
        })
        .collect()
}

/// `M-1`, `PX-2`
fn is_rule(id: &str) -> bool {
    id.split_once('-').is_some_and(|(letters, number)| {
        (1..=2).contains(&letters.len())
            && letters.chars().all(|letter| letter.is_ascii_uppercase())
            && number.trim_end_matches(['.', ':']).parse::<u16>().is_ok()
    })
}

/// The least sure of the tags in a text: `[D]`, `[P, R13]`, `[D rule, P code]`.
fn label(text: &str) -> Option<Label> {
    let tags = text.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(tag, _)| tag);
    let words = tags.flat_map(|tag| tag.split([',', ' ', ':', ';']));
    words
        .filter_map(|word| match word {
            "D" | "A" | "O" | "W" => Some(Label::Documented),
            "I" => Some(Label::Inferred),
            "P" => Some(Label::Proposed),
            _ => None,
        })
        .max()
}

/// Whether a text names an action, and not one whose name begins or ends like it.
fn names(text: &str, action: &str) -> bool {
    text.match_indices(action).any(|(at, _)| {
        let part = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        !part(text[..at].chars().next_back()) && !part(text[at + action.len()..].chars().next())
    })
}

#[cfg(test)]
pub(super) mod unit {
    use super::*;

    #[test]
    fn tags_are_found_in_every_form() {
        let of = |text| label(text);
        assert_eq!(of("newest first [P]."), Some(Label::Proposed));
        assert_eq!(of("a [D rule, P code] b"), Some(Label::Proposed));
        assert_eq!(of("kept [D]; once [I]"), Some(Label::Inferred));
        assert_eq!(of("`StoppedActions` []; `[D1]`"), None);
        let clauses = clauses("One (a. b) [D]. Two `x. y`; three [P, R1].");
        let parts: Vec<_> = clauses.iter().map(|clause| (&*clause.text, clause.label)).collect();
        let wanted = [
            ("One (a. b) [D]", Label::Documented),
            ("Two `x. y`", Label::Documented),
            ("three [P, R1]", Label::Proposed),
        ];
        assert_eq!(parts, wanted);
    }

    #[test]
    fn rules_are_whole_and_actions_are_named_by_themselves() {
        let found = rules("- S-4 One DescribeAssets\n  two. [P]\n- no rule\n  three\n");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rule.as_deref(), &*found[0].text), (Some("S-4"), "One DescribeAssets two. [P]"));
        assert!(names(&found[0].text, "DescribeAssets") && !names(&found[0].text, "DescribeAsset"));
    }
}
