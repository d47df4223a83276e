//! Putting what was seen into rows, and the words that events and reasons get from it.

use std::time::Duration;

use super::{
    CallbackFailure, CallbackTrouble, EventObservations, Observation, Refusal, RefusedCalls, Rpc,
    StartingProcess, count_refusal, last_lines, shown, times,
};
use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::game_server_session::GameServerSession;
use crate::host::{ProcessEnd, SessionCall};
use crate::id::{GameServerSessionId, InstanceId, ProcessId};
use crate::process::Process;
use crate::state::State;
use crate::supervisor::CallbackKind;
use crate::time::Timestamp;

/// Starting processes that are kept of an instance; more cannot be configured.
const STARTING_MOST: usize = 64;

/// A host saw something.
pub(crate) fn on_observed(
    state: &mut State,
    cx: &mut Cx<'_>,
    instance: &InstanceId,
    id: &ProcessId,
    observation: Observation,
) {
    let now = cx.now;
    match observation {
        Observation::Started { pid } => on_started(state, cx, instance, id, pid),
        Observation::CallbackFailed { callback, failure, words } => {
            on_callback_failed(state, now, id, (callback, failure), &words);
        }
        Observation::HealthSucceeded => {
            if state.processes.get(id).is_some_and(|row| row.observations.health.is_some()) {
                state.edit_process(id, |row| row.observations.health = None);
            }
        }
        // Nothing to explain.
        Observation::TerminateReturned => {}
        Observation::StartReturned { session, start } => {
            let reserved = state.processes.get(id).and_then(|row| row.load.session()) == Some(&session);
            if let Some(row) = state.game_server_sessions.get_mut(&session).filter(|_| reserved) {
                row.observations.start_returned = true;
                row.timeline.note_start(now, row.created, start);
            }
        }
        Observation::CallRefused { rpc, refusal, words } => {
            if state.processes.get(id).is_some() {
                refused(state, now, id, (rpc, refusal), &words);
            } else {
                refused_while_starting(state, cx, instance, id, (rpc, refusal), &words);
            }
        }
    }
}

/// A call that the control plane refused.
pub(crate) fn on_refused(
    state: &mut State,
    now: Timestamp,
    id: &ProcessId,
    (rpc, named): (Rpc, &GameServerSessionId),
    error: &Error,
) {
    let mut refusal = Refusal::of(error);
    let mut words = error.to_string();
    let hosted = state.processes.get(id).and_then(|row| row.load.session()).filter(|hosted| *hosted != named);
    // A session that is over, named while another one is hosted, is not late but wrong.
    if hosted.is_some() && refusal == Refusal::SessionState {
        refusal = Refusal::WrongSession;
    }
    let confused = hosted.filter(|_| refusal == Refusal::WrongSession);
    if let Some(hosted) = confused.filter(|hosted| !words.contains(hosted.as_str())) {
        words.push_str(&format!("; this process hosts `{hosted}`"));
    }
    refused(state, now, id, (rpc, refusal), &words);
}

/// The session call of a game server, as a refusal is counted.
pub(crate) fn named(call: &SessionCall) -> (Rpc, GameServerSessionId) {
    (Rpc::of_session_call(call), call.session().clone())
}

fn on_started(state: &mut State, cx: &mut Cx<'_>, instance: &InstanceId, id: &ProcessId, pid: u32) {
    let (now, stale) = (cx.now, cx.clocks.process_ready.saturating_mul(2));
    if state.processes.get(id).is_some() {
        return;
    }
    state.edit_instance(instance, |row| {
        // The report of its end may have been lost.
        row.starting.retain(|starting| starting.process != *id && now.since(starting.since) < stale);
        if row.starting.len() >= STARTING_MOST {
            row.starting.remove(0);
        }
        row.starting.push(StartingProcess { process: id.clone(), pid, since: now, refused: Vec::new() });
    });
}

/// The process is ready, or gone.
pub(crate) fn not_starting(state: &mut State, instance: &InstanceId, id: &ProcessId) {
    let is_starting = |row: &crate::instance::Instance| row.starting.iter().any(|one| one.process == *id);
    if state.instances.get(instance).is_some_and(is_starting) {
        state.edit_instance(instance, |row| row.starting.retain(|starting| starting.process != *id));
    }
}

fn on_callback_failed(
    state: &mut State,
    now: Timestamp,
    id: &ProcessId,
    (callback, failure): (CallbackKind, CallbackFailure),
    words: &str,
) {
    let after = |known: &mut Option<CallbackTrouble>| {
        *known = CallbackTrouble::after(known.as_ref(), failure, words, now);
    };
    let hosted = state.edit_process(id, |row| {
        match callback {
            CallbackKind::Health => after(&mut row.observations.health),
            CallbackKind::Start => after(&mut row.observations.start),
            CallbackKind::Terminate => after(&mut row.observations.terminate),
        }
        row.load.session().cloned()
    });
    let started = hosted.flatten().filter(|_| callback == CallbackKind::Start);
    if let Some(row) = started.and_then(|session| state.game_server_sessions.get_mut(&session)) {
        after(&mut row.observations.start);
    }
}

/// Counts a refused call with its process, and now and then with the session that this one hosts: that row is large.
fn refused(state: &mut State, now: Timestamp, id: &ProcessId, kind: (Rpc, Refusal), words: &str) {
    let counted = state.edit_process(id, |row| {
        count_refusal(&mut row.observations.refused, kind, words, now);
        let same = |known: &&RefusedCalls| (known.rpc, known.refusal) == kind;
        let count = row.observations.refused.iter().find(same).map_or(0, |known| known.count);
        (count, row.load.session().cloned())
    });
    let Some((count, Some(session))) = counted.filter(|(count, _)| count.is_power_of_two()) else { return };
    if let Some(row) = state.game_server_sessions.get_mut(&session) {
        count_refusal(&mut row.observations.refused, kind, words, now);
        if let Some(known) =
            row.observations.refused.iter_mut().find(|known| (known.rpc, known.refusal) == kind)
        {
            known.count = known.count.max(count);
        }
    }
}

fn refused_while_starting(
    state: &mut State,
    cx: &mut Cx<'_>,
    instance: &InstanceId,
    id: &ProcessId,
    (rpc, refusal): (Rpc, Refusal),
    words: &str,
) {
    let now = cx.now;
    let first = state.edit_instance(instance, |row| {
        let starting = row.starting.iter_mut().find(|starting| starting.process == *id)?;
        let first = starting.refused.is_empty();
        count_refusal(&mut starting.refused, (rpc, refusal), words, now);
        first.then(|| (starting.pid, row.fleet.clone()))
    });
    let Some(Some((pid, fleet))) = first.filter(|_| rpc == Rpc::ProcessReady) else { return };
    let message = format!("ProcessReady of {id} (pid {pid}) was refused: {}", shown(words, 400));
    let observations = EventObservations {
        process: Some(id.clone()),
        refusal: Some(refusal),
        ..EventObservations::default()
    };
    event::write_observed(state, cx, &fleet, EventCode::GenericEvent, message, String::new(), observations);
}

/// What an event about the end of a process says beside its code.
pub(crate) fn of_end(process: Option<&Process>, id: &ProcessId, log: &str) -> EventObservations {
    let callback = process.and_then(|process| {
        let observations = &process.observations;
        let health = observations.health.as_ref().filter(|_| process.unhealthy);
        let health = health.map(|trouble| (CallbackKind::Health, trouble.failure));
        let terminate = observations.terminate.as_ref();
        health.or(terminate.map(|trouble| (CallbackKind::Terminate, trouble.failure)))
    });
    EventObservations {
        process: Some(id.clone()),
        session: process.and_then(|process| process.load.session().cloned()),
        callback,
        refusal: None,
        output: last_lines(log),
        on_request: process.is_some_and(|process| process.kill_reason.is_some()),
    }
}

/// What is known of an end, after its code: `: exit code 3; its last line: …`. Empty when nothing is.
pub(crate) fn words_of_end(end: &ProcessEnd, process: Option<&Process>, log: &str) -> String {
    let observations = process.map(|process| &process.observations);
    let trouble = |of: Option<&CallbackTrouble>, name: &str| {
        of.map_or(String::new(), |trouble| format!(": {name} {}", trouble.words))
    };
    match end {
        ProcessEnd::Crashed(how) => {
            let line = last_lines(log).pop();
            let line = line.map_or(String::new(), |line| format!("; its last line: `{line}`"));
            format!(": {}{line}", shown(how, 200))
        }
        ProcessEnd::UnhealthyTerminated => {
            trouble(observations.and_then(|seen| seen.health.as_ref()), "OnHealthCheck")
        }
        ProcessEnd::ForceTerminated => {
            trouble(observations.and_then(|seen| seen.terminate.as_ref()), "OnProcessTerminate")
        }
        ProcessEnd::Clean
        | ProcessEnd::Terminated
        | ProcessEnd::InvalidPath(_)
        | ProcessEnd::NotExecutable(_)
        | ProcessEnd::NoContact
        | ProcessEnd::NotReady
        | ProcessEnd::Lost
        | ProcessEnd::ExitTimeout => String::new(),
    }
}

/// Why a session was not activated in time (G3).
pub(crate) fn words_of_activation(session: &GameServerSession, within: Duration) -> String {
    let seconds = within.as_secs();
    let seen = &session.observations;
    let refused = seen.refused.iter().find(|known| known.rpc == Rpc::Activate);
    if let Some(refused) = refused {
        format!(
            "ActivateGameServerSession was called {} and refused: {}",
            times(refused.count),
            refused.words
        )
    } else if seen.start_returned {
        format!(
            "OnStartGameServerSession returned OK and ActivateGameServerSession was not called within {seconds} s"
        )
    } else {
        format!(
            "OnStartGameServerSession did not return and ActivateGameServerSession was not called within {seconds} s"
        )
    }
}
