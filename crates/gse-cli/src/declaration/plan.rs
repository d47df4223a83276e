//! What must change for a service to match a document: a pure comparison. Nothing is ever deleted but policies and timers of
//! a fleet whose list of them the document has; what a document does not name is left alone.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value};

use super::document::{Alias, Asset, Document, Fleet, Queue, Reference};
use super::existing::{Existing, Known};
use super::timer;
use crate::call::nearest;

/// Members of a fleet that no action changes (cloud-api.md 2.3).
const FIXED_OF_FLEET: [&str; 6] =
    ["asset", "instance_type", "bandwidth_mbps", "system_disk", "data_disks", "tags"];
const FIXED_TAGS: [&str; 1] = ["tags"];

/// In the order in which they must be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Asset,
    Fleet,
    Alias,
    Queue,
}

/// One member that is to be another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Difference {
    /// Like `scaling.max`.
    pub(super) member: String,
    /// Null: there is none.
    pub(super) old: Value,
    pub(super) new: Value,
}

/// One thing that is to be made, or changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Change {
    pub(super) kind: Kind,
    /// What it is called.
    pub(super) name: String,
    /// Its place in the document's list of the kind.
    #[serde(skip)]
    pub(super) at: usize,
    /// Its place in the list of what exists; `None`: it is to be made.
    #[serde(skip)]
    pub(super) exists: Option<usize>,
    /// Whether it is to be made.
    pub(super) is_new: bool,
    pub(super) differences: Vec<Difference>,
}

/// Why a document cannot be made so.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    /// Where in the file.
    pub(super) place: Range<usize>,
    pub(super) text: String,
    pub(super) hint: String,
}

/// Compares. `digests` are those of the builds that assets name, in the order of the document's assets.
///
/// # Errors
/// All problems at once.
pub(super) fn plan(
    document: &Document,
    existing: &Existing,
    digests: &[Option<String>],
) -> Result<Vec<Change>, Vec<Problem>> {
    let mut planning = Planning { document, existing, changes: vec![], problems: vec![] };
    for (at, asset) in document.asset.iter().enumerate() {
        planning.asset(at, asset, digests.get(at).cloned().flatten());
    }
    for (at, fleet) in document.fleet.iter().enumerate() {
        planning.fleet(at, fleet);
    }
    for (at, alias) in document.alias.iter().enumerate() {
        planning.alias(at, alias);
    }
    for (at, queue) in document.queue.iter().enumerate() {
        planning.queue(at, queue);
    }
    planning.repeated();
    if planning.problems.is_empty() { Ok(planning.changes) } else { Err(planning.problems) }
}

struct Planning<'a> {
    document: &'a Document,
    existing: &'a Existing,
    changes: Vec<Change>,
    problems: Vec<Problem>,
}

/// What an asset is called.
pub(super) fn asset_name(asset: &Asset) -> String {
    format!("{}:{}", asset.name.as_ref(), asset.version)
}

impl Planning<'_> {
    fn problem(&mut self, place: &Reference, text: String, hint: &str) {
        self.problems.push(Problem { place: place.span(), text, hint: hint.to_owned() });
    }

    fn asset(&mut self, at: usize, asset: &Asset, digest: Option<String>) {
        let called = asset_name(asset);
        let names: Vec<String> = self.existing.document.asset.iter().map(asset_name).collect();
        let existing = self.existing;
        let Some(found) = self.find("asset", &asset.name, &called, &asset.id, &names, &existing.assets)
        else {
            return;
        };
        let wanted = digest.or_else(|| asset.digest.clone());
        match found {
            None if asset.dir.is_none() => {
                let text = format!("asset `{called}` does not exist");
                self.problem(&asset.name, text, "say with `dir` where its build is");
            }
            None => self.change(Kind::Asset, called, at, None, &Asset { digest: wanted, ..asset.clone() }),
            Some(known) => {
                let has = existing.document.asset[known].digest.clone();
                if has.is_some() && wanted.is_some() && has != wanted {
                    let text = format!("asset `{called}` exists with another content");
                    self.problem(
                        &asset.name,
                        text,
                        "what is uploaded never changes: give it another version",
                    );
                }
            }
        }
    }

    fn fleet(&mut self, at: usize, fleet: &Fleet) {
        let existing = self.existing;
        let names: Vec<String> =
            existing.document.fleet.iter().map(|fleet| fleet.name.as_ref().clone()).collect();
        let called = fleet.name.as_ref().clone();
        let Some(found) = self.find("fleet", &fleet.name, &called, &fleet.id, &names, &existing.fleets)
        else {
            return;
        };
        let mut wanted = fleet.clone();
        let in_file: Vec<String> = self.document.asset.iter().map(asset_name).collect();
        let Some(asset) = self.resolve("asset", &fleet.asset, &existing.assets, &in_file) else { return };
        wanted.asset = at_same_place(&fleet.asset, asset);
        if fleet.process.is_empty() {
            let text = format!("fleet `{called}` launches nothing");
            self.problem(&fleet.name, text, "add `[[fleet.process]]` with `launch_path`");
        }
        wanted.inbound.iter_mut().for_each(|open| open.sort());
        if let Some(policies) = &mut wanted.policy {
            policies.sort_by(|a, b| a.name.cmp(&b.name));
        }
        if let Some(timers) = &mut wanted.timer {
            *timers = timers.drain(..).map(timer::normal).collect();
            timers.sort_by(|a, b| a.name.cmp(&b.name));
        }
        if let Some(known) = found
            && ["ERROR", "DELETING"].contains(&existing.fleets[known].status.as_str())
        {
            let (id, status) = (&existing.fleets[known].id, &existing.fleets[known].status);
            let text = format!("fleet `{called}` ({id}) is {status}");
            self.problem(&fleet.name, text, "`gse doctor` says why; delete it and apply again");
            return;
        }
        self.change(Kind::Fleet, called, at, found, &wanted);
        self.refuse(&fleet.name, &FIXED_OF_FLEET, "make a fleet of another name, or use `gse deploy`");
    }

    fn alias(&mut self, at: usize, alias: &Alias) {
        let existing = self.existing;
        let names: Vec<String> =
            existing.document.alias.iter().map(|alias| alias.name.as_ref().clone()).collect();
        let called = alias.name.as_ref().clone();
        let Some(found) = self.find("alias", &alias.name, &called, &alias.id, &names, &existing.aliases)
        else {
            return;
        };
        let mut wanted = alias.clone();
        match (&alias.fleet, &alias.message) {
            (Some(fleet), None) => {
                let in_file: Vec<String> =
                    self.document.fleet.iter().map(|fleet| fleet.name.as_ref().clone()).collect();
                if let Some(reference) = self.resolve("fleet", fleet, &existing.fleets, &in_file) {
                    wanted.fleet = Some(at_same_place(fleet, reference));
                }
            }
            (None, Some(_)) => {}
            (Some(_), Some(_)) | (None, None) => {
                let text = format!("alias `{called}` leads to a fleet, or nowhere with a message");
                self.problem(&alias.name, text, "say either `fleet` or `message`");
            }
        }
        self.change(Kind::Alias, called, at, found, &wanted);
        self.refuse(&alias.name, &FIXED_TAGS, "leave `tags` out, or make the alias again");
    }

    fn queue(&mut self, at: usize, queue: &Queue) {
        let existing = self.existing;
        let called = queue.name.as_ref().clone();
        let found = existing.document.queue.iter().position(|other| other.name.as_ref() == &called);
        let mut wanted = queue.clone();
        for destination in wanted.destinations.iter_mut().flatten() {
            if let Some(canonical) = self.destination(destination) {
                *destination = at_same_place(destination, canonical);
            }
        }
        self.change(Kind::Queue, called, at, found, &wanted);
        self.refuse(&queue.name, &FIXED_TAGS, "leave `tags` out, or make the queue again");
    }

    fn destination(&mut self, destination: &Reference) -> Option<String> {
        let text = destination.as_ref().clone();
        let document = self.document;
        let existing = self.existing;
        let (kind, name, known, in_file): (_, _, _, Vec<String>) = match text.split_once(':') {
            Some(("alias", name)) => {
                let names = document.alias.iter().map(|alias| alias.name.as_ref().clone());
                ("alias", name, &existing.aliases, names.collect())
            }
            Some(("fleet", name)) => {
                let names = document.fleet.iter().map(|fleet| fleet.name.as_ref().clone());
                ("fleet", name, &existing.fleets, names.collect())
            }
            Some(("qcs", _)) => return Some(existing.destination(&text)),
            Some(_) | None => {
                let hint = "write `alias:NAME`, `fleet:NAME` or a resource name";
                self.problem(destination, format!("`{text}` is no destination"), hint);
                return None;
            }
        };
        let named = at_same_place(destination, name.to_owned());
        self.resolve(kind, &named, known, &in_file).map(|reference| format!("{kind}:{reference}"))
    }

    /// `Some(None)`: there is none of that name yet; `None`: a problem.
    fn find(
        &mut self,
        kind: &str,
        place: &Reference,
        called: &str,
        id: &Option<String>,
        names: &[String],
        known: &[Known],
    ) -> Option<Option<usize>> {
        if let Some(id) = id {
            let found = known.iter().position(|known| known.id == *id);
            if found.is_none() {
                let text = format!("there is no {kind} `{id}`");
                self.problem(place, text, "ids are given by the service: leave `id` out to make one");
            }
            return found.map(Some);
        }
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == called).map(|(at, _)| at);
        let Some(one) = found.next() else { return Some(None) };
        let Some(two) = found.next() else { return Some(Some(one)) };
        let (one, two) = (&known[one].id, &known[two].id);
        let text = format!("several are called {kind} `{called}`: `{one}`, `{two}`");
        self.problem(place, text, "say with `id` which is meant");
        None
    }

    /// What a reference is called in what exists, or will be.
    fn resolve(
        &mut self,
        kind: &str,
        reference: &Reference,
        known: &[Known],
        in_file: &[String],
    ) -> Option<String> {
        let text = reference.as_ref();
        if let Some(known) = known.iter().find(|known| known.reference == *text || known.id == *text) {
            return Some(known.reference.clone());
        }
        if in_file.contains(text) {
            return Some(text.clone());
        }
        let names = in_file.iter().map(String::as_str).chain(known.iter().map(|known| &*known.reference));
        let hint = match nearest::among(text, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("neither the file nor the service has it; `gse export` shows every {kind}"),
        };
        self.problem(reference, format!("there is no {kind} `{text}`"), &hint);
        None
    }

    fn change(
        &mut self,
        kind: Kind,
        name: String,
        at: usize,
        exists: Option<usize>,
        wanted: &impl Serialize,
    ) {
        let have = exists.map_or(Value::Null, |at| {
            let document = &self.existing.document;
            match kind {
                Kind::Asset => members(&document.asset[at]),
                Kind::Fleet => members(&document.fleet[at]),
                Kind::Alias => members(&document.alias[at]),
                Kind::Queue => members(&document.queue[at]),
            }
        });
        let mut differences = Vec::new();
        compare("", &members(wanted), &have, &mut differences);
        // Where policies decide it, an export does not say it, and a file cannot rule it.
        let is_decided = |one: &Difference| one.member == "scaling.desired" && one.old.is_null();
        differences.retain(|difference| exists.is_none() || !is_decided(difference));
        if exists.is_none() || !differences.is_empty() {
            self.changes.push(Change { kind, name, at, exists, is_new: exists.is_none(), differences });
        }
    }

    /// The change that was planned last must not touch these.
    fn refuse(&mut self, place: &Reference, fixed: &[&str], hint: &str) {
        let Some(change) = self.changes.last().filter(|change| !change.is_new) else { return };
        if change.name != *place.as_ref() {
            return;
        }
        let touched = change
            .differences
            .iter()
            .filter(|difference| fixed.contains(&difference.member.split('.').next().unwrap_or_default()));
        let texts: Vec<String> = touched
            .map(|Difference { member, old, new }| {
                let kind = format!("{:?}", change.kind).to_lowercase();
                format!("`{member}` of {kind} `{}` cannot be changed from {old} to {new}", change.name)
            })
            .collect();
        for text in texts {
            self.problem(place, text, hint);
        }
    }

    /// Two entries of one name would be changed to and fro for ever.
    fn repeated(&mut self) {
        let document = self.document;
        let assets = document.asset.iter().map(|one| ("asset", asset_name(one), &one.id, &one.name));
        let fleets =
            document.fleet.iter().map(|one| ("fleet", one.name.as_ref().clone(), &one.id, &one.name));
        let aliases =
            document.alias.iter().map(|one| ("alias", one.name.as_ref().clone(), &one.id, &one.name));
        let queues = document.queue.iter().map(|one| ("queue", one.name.as_ref().clone(), &None, &one.name));
        let mut seen = BTreeSet::new();
        for (kind, name, id, place) in assets.chain(fleets).chain(aliases).chain(queues) {
            if !seen.insert((kind, name.clone(), id)) {
                self.problem(place, format!("{kind} `{name}` is in the file twice"), "leave one of them");
            }
        }
    }
}

fn at_same_place(reference: &Reference, text: String) -> Reference {
    Reference::new(reference.span(), text)
}

/// The members that can differ: not what it is known by, and not where its build is.
fn members(entry: &impl Serialize) -> Value {
    let mut value = serde_json::to_value(entry).expect("entries are plain data");
    if let Value::Object(members) = &mut value {
        ["name", "id", "dir", "version"].iter().for_each(|name| drop(members.remove(*name)));
    }
    value
}

/// Members that `wanted` has and `have` has not so.
fn compare(path: &str, wanted: &Value, have: &Value, differences: &mut Vec<Difference>) {
    if let Value::Object(members) = wanted {
        let none = Map::new();
        // Tags are one value: what is not in the file is not wanted.
        let have = have.as_object().unwrap_or(&none);
        for (name, value) in members {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let old = have.get(name).unwrap_or(&Value::Null);
            if value.is_object() && name != "tags" {
                compare(&path, value, old, differences);
            } else if old != value && !(old.is_null() && is_empty(value)) {
                differences.push(Difference { member: path, old: old.clone(), new: value.clone() });
            }
        }
    }
}

/// An empty text or list is none.
fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}
