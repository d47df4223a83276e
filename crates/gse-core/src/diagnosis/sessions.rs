//! Rules about what a game server does, or forgets, with sessions and players.

use super::{Facts, Finding, Hosted, Rule, Severity, Subject, ago, finding, span};
use crate::game_server_session::{GameServerSession, GameServerSessionStatus};
use crate::observation::{CallbackFailure, Refusal, RefusedCalls, Rpc, times};
use crate::player_session::{PlayerSession, PlayerSessionStatus};

pub(super) const ACTIVATE_MISSING: Rule =
    Rule { name: "activate-missing", section: "server-sdk.md 3.2, P10", check: activate_missing };
pub(super) const ACCEPT_MISSING: Rule =
    Rule { name: "accept-missing", section: "server-sdk.md 3.3, Y-7", check: accept_missing };
pub(super) const WRONG_SESSION_ID: Rule =
    Rule { name: "wrong-session-id", section: "server-sdk.md 4.2, step 4", check: wrong_session_id };
pub(super) const CALL_REFUSED: Rule =
    Rule { name: "call-refused", section: "server-sdk.md 4.1 and 4.2", check: call_refused };

/// So many players that nobody accepted are no accident any more.
const UNACCEPTED_ERROR: usize = 2;

fn activate_missing(facts: &Facts<'_>) -> Vec<Finding> {
    facts.sessions.iter().filter_map(|session| not_activated(facts, session.row)).collect()
}

fn not_activated(facts: &Facts<'_>, session: &GameServerSession) -> Option<Finding> {
    let seen = &session.observations;
    let refused = seen.refused.iter().any(|known| known.rpc == Rpc::Activate);
    let answered = match &seen.start {
        None => true,
        Some(trouble) => trouble.failure == CallbackFailure::NoAnswer,
    };
    let timed_out = session.status == GameServerSessionStatus::Error
        && session.status_reason.starts_with("GAME_SESSION_ACTIVATION_TIMEOUT");
    let waits = session.status == GameServerSessionStatus::Activating && seen.start_returned;
    if refused || !answered || !(timed_out || waits) {
        return None;
    }
    let limit = span(std::time::Duration::from_secs(u64::from(facts.fleet.runtime.activation_timeout_s)));
    let why = "a session takes players only after its process has called ActivateGameServerSession; returning OK from \
               OnStartGameServerSession is not enough";
    let fix = "call ActivateGameServerSession with the id from OnStartGameServerSession as soon as players can connect, and \
               look at its status";
    let subject = Subject::session(session);
    Some(if let Some(ended) = session.terminated.filter(|_| timed_out) {
        let what = format!(
            "the session was not activated within {limit} and became ERROR {} ago: {}",
            ago(facts.now, ended),
            session.status_reason
        );
        finding(subject, ended, what, why, fix)
    } else {
        let what = format!(
            "OnStartGameServerSession returned OK {} ago and the session is still ACTIVATING; it becomes ERROR {limit} after \
             its creation",
            ago(facts.now, session.created)
        );
        Finding { severity: Severity::Warning, ..finding(subject, session.created, what, why, fix) }
    })
}

fn accept_missing(facts: &Facts<'_>) -> Vec<Finding> {
    facts.sessions.iter().filter_map(|session| nobody_accepted(facts, session)).collect()
}

fn nobody_accepted(facts: &Facts<'_>, session: &Hosted<'_>) -> Option<Finding> {
    let row = session.row;
    let was_accepted = |player: &&PlayerSession| player.accepted_by.is_some();
    let never_came = |player: &&&PlayerSession| {
        // Those of a session that ends time out with it.
        player.status == PlayerSessionStatus::TimedOut
            && player.terminated.is_some_and(|at| row.terminated.is_none_or(|end| at < end))
    };
    let missed: Vec<&&PlayerSession> = session.players.iter().filter(never_came).collect();
    let tried = row.observations.refused.iter().any(|known| known.rpc == Rpc::AcceptPlayer);
    if missed.is_empty() || tried || session.players.iter().any(was_accepted) {
        return None;
    }
    let last = missed.iter().filter_map(|player| player.terminated).max()?;
    let left = row.observations.refused.iter().any(|known| known.rpc == Rpc::RemovePlayer);
    let what = format!(
        "{} joined the session and timed out after {}, and AcceptPlayerSession was never called (last {} ago)",
        if missed.len() == 1 { "1 player".into() } else { format!("{} players", missed.len()) },
        span(facts.clocks.player_reserve),
        ago(facts.now, last)
    );
    let why = "a seat is held for a player until the game server says that the player has come; either the players did not \
               reach the address that they were given, or the game server does not call AcceptPlayerSession";
    let fix = "have the client send its PlayerSessionId when it connects, and call AcceptPlayerSession with it; \
               RemovePlayerSession when it leaves";
    let sure = left || missed.len() >= UNACCEPTED_ERROR;
    let severity = if sure { Severity::Error } else { Severity::Warning };
    Some(Finding { severity, ..finding(Subject::session(row), last, what, why, fix) })
}

/// The refusals of processes that are there, and of sessions whose process is gone.
fn refusals<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = (Subject, &'a RefusedCalls)> {
    let of_processes = facts.processes.iter().flat_map(|process| {
        process.observations.refused.iter().map(|known| (Subject::process(&process.id), known))
    });
    // Most have none, and need not be looked for among the processes.
    let refused = facts.sessions.iter().filter(|session| !session.row.observations.refused.is_empty());
    let gone = refused.filter(|session| !facts.is_known(Some(&session.row.process)));
    let of_sessions = gone.flat_map(|session| {
        session.row.observations.refused.iter().map(|known| (Subject::session(session.row), known))
    });
    let of_starting = facts.starting.iter().flat_map(|starting| {
        starting.refused.iter().map(|known| (Subject::process(&starting.process), known))
    });
    of_processes.chain(of_sessions).chain(of_starting)
}

fn wrong_session_id(facts: &Facts<'_>) -> Vec<Finding> {
    let wrong = refusals(facts).filter(|(_, known)| known.refusal == Refusal::WrongSession);
    let wrong = wrong.map(|(subject, known)| {
        let what = refused_words(facts, known);
        let why = "the call names a session that this process does not host (any more): a game server that remembers its \
                   first session for ever does this from its second session on";
        let fix = "take the id from each OnStartGameServerSession, replace the one before, and use it for Activate, Accept, \
                   Remove and Terminate";
        finding(subject, known.last, what, why, fix)
    });
    wrong.collect()
}

fn call_refused(facts: &Facts<'_>) -> Vec<Finding> {
    let others = refusals(facts).filter_map(|(subject, known)| {
        let (why, fix) = match known.refusal {
            // They have rules of their own.
            Refusal::WrongSession | Refusal::PortTaken => return None,
            Refusal::BadRequest => (
                "a member or a metadata entry has an impossible value",
                "the words above name it; the metadata `pid` must be the decimal process id",
            ),
            Refusal::NotReady => (
                "only ProcessReady and ProcessEnding may be called before ProcessReady was accepted",
                "call ProcessReady first, and wait for its answer",
            ),
            Refusal::Ended => {
                ("the process has called ProcessEnding, or was given up", "call nothing after ProcessEnding")
            }
            Refusal::ReadyRefused => {
                ("ProcessReady cannot be accepted in this state", "the words above say what is in the way")
            }
            Refusal::SessionState => (
                "the session is not in the state that the call needs",
                "activate in time, accept while the session is ACTIVE, and call nothing after its end",
            ),
            Refusal::Player => (
                "the player session is not of this session, or is not RESERVED any more: a ticket is good once, and only \
                 until its time-out",
                "pass the PlayerSessionId that the client got from JoinGameServerSession, once, and turn away who is refused",
            ),
            Refusal::Other => ("the call was refused", "the words above say why"),
        };
        let found = finding(subject, known.last, refused_words(facts, known), why, fix);
        Some(Finding { severity: Severity::Warning, ..found })
    });
    others.collect()
}

fn refused_words(facts: &Facts<'_>, known: &RefusedCalls) -> String {
    format!(
        "{} was refused {}, last {} ago: {}",
        known.rpc,
        times(known.count),
        ago(facts.now, known.last),
        known.words
    )
}
