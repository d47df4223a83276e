//! Sessions that are not activated: in time, or at all (operations.md 6.3, G3 and G4).

use super::{GameServerSessionStatus, SessionEnd, end};
use crate::cx::Cx;
use crate::event::{self, EventCode};
use crate::id::{GameServerSessionId, ProcessId};
use crate::observation::{CallbackFailure, EventObservations, recording};
use crate::planted::planted;
use crate::process;
use crate::state::State;
use crate::supervisor::CallbackKind;

/// The activation timeout passed (G3).
pub(super) fn on_activation_timeout(state: &mut State, cx: &mut Cx<'_>, id: &GameServerSessionId) {
    let Some(session) = state.game_server_sessions.get(id) else { return };
    let (fleet, process) = (session.fleet.clone(), session.process.clone());
    let within = session.activation_deadline.unwrap_or(cx.now).since(session.created);
    let words = recording::words_of_activation(session, within);
    let message = format!("session {id} was not activated in time: {words}");
    let about = about(&process, id, None);
    let code = EventCode::GameSessionActivationTimeout;
    event::write_observed(state, cx, &fleet, code, message, String::new(), about);
    fail_activation(state, cx, id, &process, &format!("GAME_SESSION_ACTIVATION_TIMEOUT: {words}"));
}

/// OnStartGameServerSession failed for good (G4). A session that was activated meanwhile stays (case 21).
pub(crate) fn on_start_failed(
    state: &mut State,
    cx: &mut Cx<'_>,
    id: &GameServerSessionId,
    process: &ProcessId,
    reason: &str,
) {
    let Some(session) = state.game_server_sessions.get(id) else { return };
    if session.process != *process || session.status != GameServerSessionStatus::Activating {
        cx.because(format!("the start callback of session {id} failed after the fact: {reason}"));
        return;
    }
    let fleet = session.fleet.clone();
    let message = format!("the process refused session {id}: {reason}");
    let failure = session.observations.start.as_ref().map(|trouble| trouble.failure);
    let about = about(process, id, failure);
    event::write_observed(state, cx, &fleet, EventCode::GenericEvent, message, String::new(), about);
    fail_activation(state, cx, id, process, &format!("OnStartGameServerSession failed: {reason}"));
}

fn about(
    process: &ProcessId,
    session: &GameServerSessionId,
    failure: Option<CallbackFailure>,
) -> EventObservations {
    EventObservations {
        process: Some(process.clone()),
        session: Some(session.clone()),
        callback: failure.map(|failure| (CallbackKind::Start, failure)),
        ..EventObservations::default()
    }
}

/// A session that was given to a process and will not be activated: the process is replaced (P10).
pub(crate) fn fail_activation(
    state: &mut State,
    cx: &mut Cx<'_>,
    id: &GameServerSessionId,
    process: &ProcessId,
    reason: &str,
) {
    if planted!(TaintForgotten) {
        return end(state, cx, id, SessionEnd::Error, reason);
    }
    // Tainted first: ending the session frees the process, and it must not be chosen again.
    state.edit_process(process, |row| row.tainted = true);
    end(state, cx, id, SessionEnd::Error, reason);
    process::taint(state, cx, process, reason);
}
