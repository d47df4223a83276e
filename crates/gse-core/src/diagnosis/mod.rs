//! Why something is stuck, and what to do: one list of rules over the rows of a fleet (`gse doctor`).
//!
//! A rule looks at facts and gives findings; it changes nothing, and nothing depends on it but people. What rows do not
//! know by themselves was put into them by `observation`.

mod callbacks;
mod launching;
mod sessions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clocks::Clocks;
use crate::error::Error;
use crate::event::{Event, EventCode};
use crate::fleet::{Fleet, FleetStatus};
use crate::game_server_session::GameServerSession;
use crate::id::{FleetId, GameServerSessionId, ProcessId, Scope, Uin};
use crate::instance::Instance;
use crate::observation::StartingProcess;
use crate::player_session::PlayerSession;
use crate::process::Process;
use crate::state::State;
use crate::time::Timestamp;
use crate::words::words;

/// Sessions of a fleet that are looked at, newest first.
const SESSIONS_MOST: usize = 1000;
/// Findings of one rule in one fleet; how many more there are is said in the last.
const FINDINGS_MOST: usize = 3;

/// The rules, in the order of a game server's life.
pub const RULES: &[Rule] = &[
    launching::PACKAGE_UNUSABLE,
    launching::INSTALL_FAILED,
    launching::LAUNCH_PATH_MISSING,
    launching::NOT_EXECUTABLE,
    launching::PROCESS_ENDED,
    launching::NO_PROCESS_READY,
    launching::PORT_CLASH,
    launching::CLIENT_PORT_CLOSED,
    callbacks::READY_BEFORE_LISTENING,
    callbacks::CALLBACK_UNIMPLEMENTED,
    callbacks::HEALTH_ANSWERED_FALSE,
    callbacks::HEALTH_NO_ANSWER,
    callbacks::CALLBACK_FAILED,
    sessions::ACTIVATE_MISSING,
    sessions::ACCEPT_MISSING,
    sessions::WRONG_SESSION_ID,
    sessions::CALL_REFUSED,
    launching::TERMINATE_IGNORED,
    launching::DOES_NOT_EXIT,
];

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, for people and for tools: `activate-missing`.
    pub name: &'static str,
    /// Where the contract says so.
    pub section: &'static str,
    check: fn(&Facts<'_>) -> Vec<Finding>,
}

words! {
    /// How bad a finding is.
    pub enum Severity {
        /// Something does not work.
        Error = "error",
        /// Something will not work, or works by luck.
        Warning = "warning",
    }
}

/// What a finding is about, beside its fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The process.
    pub process: Option<ProcessId>,
    /// The session.
    pub session: Option<GameServerSessionId>,
}

impl Subject {
    fn process(id: &ProcessId) -> Self {
        Self { process: Some(id.clone()), session: None }
    }

    fn session(row: &GameServerSession) -> Self {
        Self { process: Some(row.process.clone()), session: Some(row.id.clone()) }
    }

    fn event(event: &Event) -> Self {
        Self { process: event.observations.process.clone(), session: event.observations.session.clone() }
    }
}

/// What is wrong, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// The rule's place in the contract.
    pub section: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The fleet.
    pub fleet: FleetId,
    /// What it is about.
    pub subject: Subject,
    /// A sentence with numbers.
    pub what: String,
    /// What that means.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Lines of output that belong to it.
    pub output: Vec<String>,
    /// When it was seen last.
    pub last: Timestamp,
    /// As many more of the kind were left out.
    pub more: usize,
}

/// What a rule says; who it says it of is added by `diagnose`.
fn finding(
    subject: Subject,
    last: Timestamp,
    what: String,
    why: impl Into<String>,
    fix: impl Into<String>,
) -> Finding {
    Finding {
        rule: "",
        section: "",
        severity: Severity::Error,
        fleet: FleetId::new(""),
        subject,
        what,
        why: why.into(),
        fix: fix.into(),
        output: Vec::new(),
        last,
        more: 0,
    }
}

/// What a rule looks at: the rows of one fleet, or those of it that were asked for.
pub struct Facts<'a> {
    now: Timestamp,
    clocks: &'a Clocks,
    fleet: &'a Fleet,
    instances: Vec<&'a Instance>,
    /// Those that have not called ProcessReady.
    starting: Vec<&'a StartingProcess>,
    processes: Vec<&'a Process>,
    /// Their ids: a fleet may have thousands of them and of sessions.
    known: BTreeSet<&'a ProcessId>,
    /// Those of other fleets of the account that announce the same address and clientPort.
    neighbours: Vec<&'a Process>,
    sessions: Vec<Hosted<'a>>,
    /// Newest first.
    events: Vec<&'a Event>,
}

/// A session and those who joined it.
struct Hosted<'a> {
    row: &'a GameServerSession,
    players: Vec<&'a PlayerSession>,
}

impl Facts<'_> {
    fn events_of<'f>(&'f self, codes: &'f [EventCode]) -> impl Iterator<Item = &'f Event> {
        self.events.iter().copied().filter(|event| codes.contains(&event.code))
    }

    fn is_known(&self, process: Option<&ProcessId>) -> bool {
        process.is_some_and(|id| self.known.contains(id))
    }
}

/// What to look at; nothing named: everything of the account and region.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who asks.
    pub scope: Scope,
    /// This fleet only.
    pub fleet: Option<FleetId>,
    /// This session and its process only.
    pub session: Option<GameServerSessionId>,
    /// This process and its sessions only.
    pub process: Option<ProcessId>,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Fleets.
    pub fleets: usize,
    /// Instances.
    pub instances: usize,
    /// Processes that are ready.
    pub processes: usize,
    /// Processes that have not called ProcessReady yet.
    pub starting: usize,
    /// Sessions in memory.
    pub sessions: usize,
    /// Player sessions in memory.
    pub players: usize,
    /// Events in memory.
    pub events: usize,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The worst first; then by fleet, in the order of the rules.
    pub findings: Vec<Finding>,
    /// What was looked at.
    pub seen: Seen,
}

/// Applies every rule to everything that is asked about.
///
/// # Errors
/// What is named does not exist.
pub fn diagnose(
    state: &State,
    now: Timestamp,
    clocks: &Clocks,
    question: &Question,
) -> Result<Diagnosis, Error> {
    let fleets = fleets(state, question)?;
    let mut diagnosis =
        Diagnosis { findings: Vec::new(), seen: Seen { fleets: fleets.len(), ..Seen::default() } };
    // A fleet is no neighbour of its own, so one that is asked about alone has them among the others only.
    let alone = fleets.first().filter(|_| fleets.len() == 1).map(|fleet| &fleet.id);
    let by_port = by_port(state, &question.scope.uin, alone);
    for fleet in fleets {
        let facts = facts(state, (now, clocks), fleet, question, &by_port);
        diagnosis.seen.count(&facts);
        for rule in RULES {
            let found = (rule.check)(&facts).into_iter().map(|finding| Finding {
                rule: rule.name,
                section: rule.section,
                fleet: fleet.id.clone(),
                ..finding
            });
            diagnosis.findings.extend(few(found.collect()));
        }
    }
    diagnosis.findings.sort_by_key(|finding| finding.severity);
    Ok(diagnosis)
}

/// The newest of the findings of one rule, and how many were left out, here or by the rule itself.
fn few(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by(|a, b| (a.severity, b.last).cmp(&(b.severity, a.last)));
    let more = found.len().saturating_sub(FINDINGS_MOST);
    found.truncate(FINDINGS_MOST);
    if let Some(last) = found.last_mut() {
        last.more += more;
    }
    found
}

/// The fleets to look at. One that is gone, or going, is looked at when it is asked for.
fn fleets<'a>(state: &'a State, question: &Question) -> Result<Vec<&'a Fleet>, Error> {
    let scope = &question.scope;
    if let Some(id) = &question.fleet {
        return Ok(vec![crate::fleet::find(state, scope, id)?]);
    }
    if let Some(id) = &question.session {
        let session = crate::game_server_session::find(state, scope, id)?;
        return Ok(vec![crate::fleet::find(state, scope, &session.fleet)?]);
    }
    if let Some(id) = &question.process {
        let fleet = fleet_of_process(state, id).and_then(|fleet| state.fleets.get(&fleet));
        // What belongs to somebody else is told no differently from what does not exist.
        let fleet = fleet.filter(|fleet| fleet.scope == *scope);
        return Ok(vec![fleet.ok_or_else(|| no_such_process(id))?]);
    }
    let is_there = |fleet: &&Fleet| {
        fleet.scope == *scope && !matches!(fleet.status, FleetStatus::Deleting | FleetStatus::Terminated)
    };
    Ok(state.fleets.values().filter(is_there).collect())
}

fn fleet_of_process(state: &State, id: &ProcessId) -> Option<FleetId> {
    let ready = state.processes.get(id).map(|process| process.fleet.clone());
    let starting = || {
        let starts = |instance: &&Instance| instance.starting.iter().any(|starting| starting.process == *id);
        state.instances.values().find(starts).map(|instance| instance.fleet.clone())
    };
    let gone = || {
        let is_about = |event: &&Event| event.observations.process.as_ref() == Some(id);
        state.events.values().find(is_about).map(|event| event.fleet.clone())
    };
    ready.or_else(starting).or_else(gone)
}

fn no_such_process(id: &ProcessId) -> Error {
    Error::Invalid {
        member: "ProcessId",
        value: id.to_string(),
        expected: "a process that runs, or that an event of the last hour is about".into(),
    }
}

/// The processes of an account by the address and clientPort that they announce.
type ByPort<'a> = BTreeMap<(&'a str, u16), Vec<&'a Process>>;

/// Fleets of an account may share a host, in any region; what others run is not the account's business. Looked up once
/// for all fleets: reads wait for each other.
fn by_port<'a>(state: &'a State, uin: &Uin, but: Option<&FleetId>) -> ByPort<'a> {
    let is_ours = |row: &&Process| state.fleets.get(&row.fleet).is_some_and(|fleet| fleet.scope.uin == *uin);
    let others = state.processes.values().filter(|row| but != Some(&row.fleet));
    grouped(others.filter(is_ours), |row| (&*row.ip_address, row.client_port))
}

fn facts<'a>(
    state: &'a State,
    (now, clocks): (Timestamp, &'a Clocks),
    fleet: &'a Fleet,
    question: &Question,
    by_port: &ByPort<'a>,
) -> Facts<'a> {
    let of_session = question.session.as_ref().and_then(|id| state.game_server_sessions.get(id));
    let process = question.process.as_ref().or(of_session.map(|session| &session.process));
    let is_asked = |id: &ProcessId| process.is_none_or(|wanted| wanted == id);
    let instances: Vec<&Instance> = state.instances_of(&fleet.id).collect();
    let processes: Vec<&Process> = match process {
        Some(id) => state.processes.get(id).filter(|row| row.fleet == fleet.id).into_iter().collect(),
        None => instances.iter().flat_map(|instance| state.processes_of(&instance.id)).collect(),
    };
    let announced = processes.iter().filter(|_| !by_port.is_empty());
    let places: BTreeSet<(&str, u16)> = announced.map(|row| (&*row.ip_address, row.client_port)).collect();
    let neighbours = places.iter().filter_map(|place| by_port.get(place)).flatten().copied();
    let session = question.session.as_ref();
    let sessions: Vec<&GameServerSession> = match session {
        Some(_) => of_session.into_iter().collect(),
        None => {
            state.sessions_of(&fleet.id).filter(|row| is_asked(&row.process)).take(SESSIONS_MOST).collect()
        }
    };
    let history = state.index.events_of_fleet.get(&fleet.id).into_iter();
    let events = history.flat_map(|events| events.values().rev()).filter_map(|id| state.events.get(id));
    Facts {
        now,
        clocks,
        fleet,
        neighbours: neighbours.filter(|row| row.fleet != fleet.id).collect(),
        known: processes.iter().map(|process| &process.id).collect(),
        processes,
        starting: instances
            .iter()
            .flat_map(|instance| &instance.starting)
            .filter(|starting| is_asked(&starting.process))
            .collect(),
        sessions: sessions
            .into_iter()
            .map(|row| Hosted { row, players: state.players_of(&row.id).collect() })
            .collect(),
        events: events
            .filter(|event| process.is_none() || event.observations.process.as_ref() == process)
            .filter(|event| {
                let about = event.observations.session.as_ref();
                session.is_none() || about.is_none() || about == session
            })
            .collect(),
        instances,
    }
}

impl Seen {
    fn count(&mut self, facts: &Facts<'_>) {
        self.instances += facts.instances.len();
        self.processes += facts.processes.len();
        self.starting += facts.starting.len();
        self.sessions += facts.sessions.len();
        self.players += facts.sessions.iter().map(|session| session.players.len()).sum::<usize>();
        self.events += facts.events.len();
    }
}

/// The newest trouble of a fleet, for the reason of a refusal.
pub(crate) fn newest_trouble<'a>(state: &'a State, fleet: &FleetId) -> Option<&'a Event> {
    newest(state, fleet, |event| {
        let observations = &event.observations;
        observations.callback.is_some() || observations.refusal.is_some() || is_trouble(event.code)
    })
}

/// The newest event of a kind. Looks at a few only: a refusal must be cheap.
pub(crate) fn newest<'a>(
    state: &'a State,
    fleet: &FleetId,
    is_it: impl Fn(&Event) -> bool,
) -> Option<&'a Event> {
    const LOOKED_AT: usize = 8;
    let history = state.index.events_of_fleet.get(fleet)?;
    let newest = history.values().rev().take(LOOKED_AT).filter_map(|id| state.events.get(id));
    newest.into_iter().find(|event| is_it(event))
}

fn is_trouble(code: EventCode) -> bool {
    let word = code.as_str();
    word.starts_with("SERVER_PROCESS_") || code == EventCode::GameSessionActivationTimeout
}

/// A number of seconds as a person says it.
fn ago(now: Timestamp, then: Timestamp) -> String {
    span(now.since(then))
}

fn span(time: Duration) -> String {
    match (time.as_millis(), time.as_secs()) {
        (0..1000, _) => format!("{} ms", time.as_millis()),
        (_, seconds @ 0..120) => format!("{seconds} s"),
        (_, seconds @ 120..7200) => format!("{} min", seconds / 60),
        (_, seconds) => format!("{} h", seconds / 3600),
    }
}

/// How many things of a kind there are, by their key.
fn grouped<K: Ord, T>(things: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> BTreeMap<K, Vec<T>> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for thing in things {
        groups.entry(key(&thing)).or_default().push(thing);
    }
    groups
}
