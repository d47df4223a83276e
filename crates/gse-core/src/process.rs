//! What the control plane knows of a process: may it host a session, and if not, why (G-3).
//!
//! Not here: whether it lives and is healthy. That is the supervisor's, and dies with the process.

use serde::{Deserialize, Serialize};

use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::fleet::lifecycle::EndedProcess;
use crate::fleet::runtime_configuration::{self, EntryKey};
use crate::fleet::{InboundPermission, ProtectionPolicy, RuntimeConfiguration, lifecycle};
use crate::game_server_session::{self, SessionEnd};
use crate::host::{HostOrder, ProcessEnd, ReadyProcess};
use crate::id::{FleetId, GameServerSessionId, InstanceId, ProcessId};
use crate::instance::{self, InstanceStatus, Terms};
use crate::observation::{EventObservations, ProcessObservations, recording};
use crate::planted::planted;
use crate::state::State;
use crate::supervisor::CallbackKind;
use crate::time::Timestamp;

/// What a process is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Load {
    /// Nothing, since then.
    Idle(Timestamp),
    /// A session was placed on it and is not active yet.
    Reserved(GameServerSessionId),
    /// It hosts an active session.
    Hosting(GameServerSessionId),
}

impl Load {
    /// The live session, if any.
    pub fn session(&self) -> Option<&GameServerSessionId> {
        match self {
            Self::Idle(_) => None,
            Self::Reserved(session) | Self::Hosting(session) => Some(session),
        }
    }
}

/// A process that has reported ready. The row goes away with the process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// The record; a reused pid gets a new one.
    pub id: ProcessId,
    /// Its fleet.
    pub fleet: FleetId,
    /// Where it runs.
    pub instance: InstanceId,
    /// For people.
    pub pid: u32,
    /// The newest runtime configuration that it belongs to: it grows as long as its entry stays listed (F-23).
    pub runtime_version: u64,
    /// The launch entry that it was started for; `None`: somebody else launched it.
    #[serde(default)]
    pub entry: Option<EntryKey>,
    /// Where players connect.
    pub client_port: u16,
    /// Where callbacks go.
    pub grpc_port: u16,
    /// The address that players use.
    pub ip_address: String,
    /// What to collect when a session ends.
    pub log_paths: Vec<String>,
    /// When it first was ready.
    pub ready: Timestamp,
    /// What it is doing.
    pub load: Load,
    /// Failed three health checks in a row; never comes back (F-16).
    pub unhealthy: bool,
    /// Told to end; gets no session any more.
    pub draining: bool,
    /// To be killed, by request (G-15).
    #[serde(default)]
    pub kill_reason: Option<String>,
    /// Failed to start its last session; gets none until it shows life (P10, P11).
    pub tainted: bool,
    /// What ReportCustomData told last: current and maximum.
    pub custom_counts: (u32, u32),
    /// What was seen of it; decides nothing.
    #[serde(default)]
    pub observations: ProcessObservations,
}

/// Why a process cannot get a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ineligible {
    /// It has a session.
    Busy,
    /// It failed its health checks.
    Unhealthy,
    /// It was told to end.
    Draining,
    /// It failed to start its last session.
    Tainted,
    /// It was started with an older runtime configuration.
    OldConfiguration,
}

impl Ineligible {
    /// In a word, for the reason of a refusal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Unhealthy => "unhealthy",
            Self::Draining => "ending",
            Self::Tainted => "failed to start its last session",
            Self::OldConfiguration => "of an older configuration",
        }
    }
}

/// What counts of a process when a session is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fitness {
    pub(crate) runtime_version: u64,
    /// Since when it is idle, or what keeps it from getting a session, whatever its runtime version.
    pub(crate) idle: Result<Timestamp, Ineligible>,
    pub(crate) is_hosting: bool,
    pub(crate) is_activating: bool,
}

impl Process {
    pub(crate) fn fitness(&self) -> Fitness {
        let (is_hosting, is_activating) = match self.load {
            Load::Idle(_) => (false, false),
            Load::Reserved(_) => (true, true),
            Load::Hosting(_) => (true, false),
        };
        let runtime_version = self.runtime_version;
        Fitness { runtime_version, idle: self.eligible(runtime_version), is_hosting, is_activating }
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        None
    }

    /// Whether it may get a session (G-3, the process's part), and since when it is idle.
    pub fn eligible(&self, runtime_version: u64) -> Result<Timestamp, Ineligible> {
        if self.unhealthy {
            return Err(Ineligible::Unhealthy);
        }
        if self.draining && !planted!(DrainingIsEligible) {
            return Err(Ineligible::Draining);
        }
        if self.tainted {
            return Err(Ineligible::Tainted);
        }
        if self.runtime_version != runtime_version {
            return Err(Ineligible::OldConfiguration);
        }
        match self.load {
            // Who starts a game server by hand, in a debugger, wants the next session on it: idle since ever.
            Load::Idle(_) if self.entry.is_none() => Ok(Timestamp::default()),
            Load::Idle(since) => Ok(since),
            Load::Reserved(_) | Load::Hosting(_) => Err(Ineligible::Busy),
        }
    }
}

/// ProcessReady (P2, P3). The host has checked ports and identity.
pub(crate) fn on_ready(
    state: &mut State,
    cx: &mut Cx<'_>,
    instance_id: &InstanceId,
    ready: ReadyProcess,
) -> Result<(), Error> {
    let Some(instance) = state.instances.get(instance_id) else {
        return Err(Error::ProcessReadyRefused(format!("instance `{instance_id}` does not exist any more")));
    };
    let (fleet, was_pending) = (instance.fleet.clone(), instance.status == InstanceStatus::Pending);
    let draining = instance.is_leaving();
    let runtime = state.fleets.get(&fleet).map(|fleet| &fleet.runtime);
    let is_current = |runtime: &&RuntimeConfiguration| runtime.is_current(ready.runtime_version, ready.entry);
    // Started before a change that left its entry listed (F-23).
    let runtime_version = runtime.filter(is_current).map_or(ready.runtime_version, |runtime| runtime.version);
    if state.processes.get(&ready.process).is_some() {
        // Repeated: the host lets it through only when it changes nothing, or when the process is idle.
        state.edit_process(&ready.process, |known| {
            known.client_port = ready.client_port;
            known.grpc_port = ready.grpc_port;
            known.log_paths = ready.log_paths;
        });
        return Ok(());
    }
    state.edit_instance(instance_id, |instance| instance.ip_address.clone_from(&ready.ip_address));
    let process = ready.process.clone();
    state.insert_process(Process {
        id: ready.process,
        fleet: fleet.clone(),
        instance: instance_id.clone(),
        pid: ready.pid,
        runtime_version,
        entry: ready.entry,
        client_port: ready.client_port,
        grpc_port: ready.grpc_port,
        ip_address: ready.ip_address,
        log_paths: ready.log_paths,
        ready: cx.now,
        load: Load::Idle(cx.now),
        unhealthy: false,
        draining,
        kill_reason: None,
        tainted: false,
        custom_counts: (0, 0),
        observations: ProcessObservations::default(),
    });
    recording::not_starting(state, instance_id, &process);
    warn_of_port(state, cx, &fleet, &process);
    // F-29
    if was_pending {
        instance::set_status(state, cx, instance_id, InstanceStatus::Active);
    }
    lifecycle::on_process_ready(state, cx, &fleet);
    offer(state, cx, &process);
    Ok(())
}

/// F-34: inbound rules are advisory on a host; that a port is in none of them is told once for each process.
fn warn_of_port(state: &mut State, cx: &mut Cx<'_>, fleet_id: &FleetId, id: &ProcessId) {
    let Some((fleet, process)) = state.fleets.get(fleet_id).zip(state.processes.get(id)) else { return };
    let port = process.client_port;
    let is_open = |rule: &InboundPermission| (rule.from_port..=rule.to_port).contains(&port);
    // R66: who set no rule has not thought of ports.
    if fleet.inbound.is_empty() || fleet.inbound.iter().any(is_open) {
        return;
    }
    let message = format!(
        "port {port} of {id} (pid {}) lies in none of the fleet's inbound ranges, so players may not reach it; \
         open it with UpdateFleetPortSettings",
        process.pid
    );
    event::write(state, cx, fleet_id, EventCode::GenericEvent, message);
}

/// Three failed health checks in a row (P12, F-16): blocked, then asked to end.
pub(crate) fn on_unhealthy(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId, reason: &str) {
    if state.processes.get(id).is_none_or(|process| process.unhealthy) {
        return;
    }
    let about = state.edit_process(id, |process| {
        process.unhealthy = true;
        let seen = process.observations.health.as_ref();
        (process.fleet.clone(), process.load.session().cloned(), seen.map(|seen| seen.failure))
    });
    if let Some((fleet, session, failure)) = about {
        let message = format!("process {id} is unhealthy and is asked to end: {reason}");
        let observations = EventObservations {
            process: Some(id.clone()),
            session,
            callback: failure.map(|failure| (CallbackKind::Health, failure)),
            ..EventObservations::default()
        };
        let code = EventCode::GenericEvent;
        event::write_observed(state, cx, &fleet, code, message, String::new(), observations);
    }
    terminate(state, cx, id, reason);
}

/// The process is asked to end, as its session's protection allows (P13).
pub(crate) fn terminate(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId, reason: &str) {
    let Some(process) = state.processes.get(id) else { return };
    let instance = process.instance.clone();
    // F-32: nothing ends on it until it is given back.
    let is_kept = state.instances.get(&instance).is_some_and(|row| row.reserved && !row.is_leaving());
    if is_kept && !planted!(ReservedIsEnded) {
        cx.because(format!("process {id} goes on, because its instance is reserved: {reason}"));
        let hosted = process.load.session().cloned();
        return close(state, hosted);
    }
    let order = terminate_order(state, process, Terms::of(cx), reason);
    drain(state, id);
    cx.because(format!("process {id} is asked to end: {reason}"));
    cx.order(&instance, order);
}

/// What a process that was asked to end may still do has changed with its session's protection: it is told so at once.
pub(crate) fn repeat_termination(state: &State, cx: &mut Cx<'_>, id: &ProcessId) {
    if let Some(process) = state.processes.get(id).filter(|process| process.draining) {
        let order =
            terminate_order(state, process, Terms::of(cx), "the protection of its session was changed");
        let instance = process.instance.clone();
        cx.order(&instance, order);
    }
}

/// The process ends at once and is not asked (G-15).
pub(crate) fn kill(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId, reason: &str) {
    drain(state, id);
    let instance = state.edit_process(id, |process| {
        process.kill_reason = Some(reason.to_string());
        process.instance.clone()
    });
    let order = state.processes.get(id).and_then(kill_order);
    if let (Some(instance), Some(order)) = (instance, order) {
        cx.because(format!("process {id} is killed: {reason}"));
        cx.order(&instance, order);
    }
}

/// The order that ends a process which is to be killed.
pub(crate) fn kill_order(process: &Process) -> Option<HostOrder> {
    let reason = process.kill_reason.clone()?;
    Some(HostOrder::KillProcess { process: process.id.clone(), reason })
}

/// The order that asks a process to end. The host keeps the earliest deadline that it was told (3.4).
pub(crate) fn terminate_order(state: &State, process: &Process, terms: Terms, reason: &str) -> HostOrder {
    let limit_minutes =
        state.fleets.get(&process.fleet).map_or(0, |fleet| fleet.protection_time_limit_minutes);
    let session = process.load.session().and_then(|session| state.game_server_sessions.get(session));
    let policy = session.map_or(ProtectionPolicy::NoProtection, |session| session.protection);
    let termination = terms.termination(policy, limit_minutes);
    HostOrder::TerminateProcess { process: process.id.clone(), termination, reason: reason.into() }
}

/// Marks a process as told to end; its session takes no players any more (S-24).
pub(crate) fn drain(state: &mut State, id: &ProcessId) {
    let hosted = state.edit_process(id, |process| {
        process.draining = true;
        process.load.session().cloned()
    });
    close(state, hosted.flatten());
}

/// The session takes no players any more.
fn close(state: &mut State, hosted: Option<GameServerSessionId>) {
    if let Some(session) = hosted.and_then(|session| state.game_server_sessions.get_mut(&session)) {
        session.enabled = false;
    }
}

/// The process failed to start a session (P10): no more sessions, and it is replaced.
pub(crate) fn taint(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId, reason: &str) {
    if state.edit_process(id, |process| process.tainted = true).is_none() {
        return;
    }
    // P10 is for what was launched: nobody starts another one of these, and it may show life again (P11, case 26).
    if state.processes.get(id).is_some_and(|process| process.entry.is_none()) {
        return;
    }
    terminate(state, cx, id, reason);
}

/// The session of the process is over; it may get another one (M-3).
pub(crate) fn free(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId) {
    if state.edit_process(id, |process| process.load = Load::Idle(cx.now)).is_none() {
        return;
    }
    offer(state, cx, id);
}

/// The process could take a session now; one that the configuration does not want any more ends instead (F-23).
fn offer(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId) {
    runtime_configuration::end_if_superseded(state, cx, id);
}

/// ProcessEnding (P14): a hosted session ends normally (G7).
pub(crate) fn on_ending(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId) {
    let hosted = state.edit_process(id, |process| {
        process.draining = true;
        process.load.session().cloned()
    });
    if let Some(session) = hosted.flatten() {
        game_server_session::end(state, cx, &session, SessionEnd::Terminated, "its process ended");
    }
}

/// The process is gone (P4–P7, P14–P17).
pub(crate) fn on_ended(
    state: &mut State,
    cx: &mut Cx<'_>,
    instance: &InstanceId,
    id: &ProcessId,
    end: &ProcessEnd,
    log: String,
) {
    let known = state.processes.get(id);
    let words = recording::words_of_end(end, known, &log);
    let kill_reason = known.and_then(|process| process.kill_reason.clone());
    let observations = recording::of_end(known, id, &log);
    if let Some(session) = known.and_then(|process| process.load.session().cloned()) {
        let (how, reason) = session_end(end);
        game_server_session::end(state, cx, &session, how, &format!("{reason}{words}"));
    }
    recording::not_starting(state, instance, id);
    let was_known = state.processes.get(id).is_some();
    state.remove_process(id);
    if was_known && *end == ProcessEnd::Lost {
        instance::on_process_lost(state, cx, instance);
    }
    if let Some(fleet) = state.instances.get(instance).map(|instance| instance.fleet.clone()) {
        lifecycle::on_process_ended(
            state,
            cx,
            &fleet,
            end,
            EndedProcess { kill_reason, words, observations, log },
        );
    }
}

/// G7, G8: ending on purpose is a normal end, everything else is an error.
fn session_end(end: &ProcessEnd) -> (SessionEnd, &'static str) {
    match end {
        ProcessEnd::Clean | ProcessEnd::Terminated => (SessionEnd::Terminated, "its process ended"),
        ProcessEnd::ExitTimeout => (SessionEnd::Terminated, "its process was ended after ProcessEnding"),
        ProcessEnd::Lost => (SessionEnd::Error, "its instance was lost"),
        ProcessEnd::Crashed(_) => (SessionEnd::Error, "SERVER_PROCESS_CRASHED"),
        ProcessEnd::ForceTerminated => (SessionEnd::Error, "SERVER_PROCESS_FORCE_TERMINATED"),
        ProcessEnd::UnhealthyTerminated => (SessionEnd::Error, "SERVER_PROCESS_TERMINATED_UNHEALTHY"),
        ProcessEnd::InvalidPath(_)
        | ProcessEnd::NotExecutable(_)
        | ProcessEnd::NoContact
        | ProcessEnd::NotReady => (SessionEnd::Error, "its process never was ready"),
    }
}

/// ReportCustomData (G-17): kept with the process and mirrored into its session.
pub(crate) fn on_custom_counts(state: &mut State, id: &ProcessId, counts: (u32, u32)) -> Result<(), Error> {
    let hosted = state.edit_process(id, |process| {
        process.custom_counts = counts;
        process.load.session().cloned()
    });
    let hosted = hosted.ok_or_else(|| Error::ProcessUnknown(id.clone()))?;
    if let Some(session) = hosted.and_then(|session| state.game_server_sessions.get_mut(&session)) {
        session.custom_counts = counts;
    }
    Ok(())
}
