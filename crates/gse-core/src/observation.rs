//! What hosts and the control plane saw of a game server that decides nothing, and explains much: kept with the row that
//! it is about, bounded, and read by `diagnosis`.
//!
//! Nothing here is a secret: ids of player sessions and the members that belong to the game never get in.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::host::SessionCall;
use crate::id::{GameServerSessionId, ProcessId};
use crate::supervisor::{CallError, CallbackKind, CallbackOutcome, RpcRequest};
use crate::time::Timestamp;
use crate::timeline::StartTimes;
use crate::words::words;

/// Kinds of refusal that are kept of one process or session.
const REFUSALS_MOST: usize = 8;
/// Words of a game server or of a refusal, in characters.
const WORDS_MOST: usize = 700;
/// Lines of output that are kept with an event.
const LINES_MOST: usize = 20;
/// Characters of one such line.
const LINE_MOST: usize = 160;
/// How the id of a player session begins: it is a ticket, and is not shown.
const TICKET: &str = "psess-";

/// How a callback failed: the kinds that server-sdk.md 3.1 tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CallbackFailure {
    /// OnHealthCheck was answered, and healthStatus is false or absent.
    AnsweredFalse,
    /// The method is not implemented.
    Unimplemented,
    /// It was answered with an error.
    Failed,
    /// No answer in time.
    NoAnswer,
    /// No connection.
    NoConnection,
}

impl CallbackFailure {
    /// How a callback failed; `None`: it did not.
    pub fn of(outcome: &CallbackOutcome) -> Option<Self> {
        match outcome {
            CallbackOutcome::Health(true) | CallbackOutcome::Done => None,
            CallbackOutcome::Health(false) => Some(Self::AnsweredFalse),
            CallbackOutcome::Status { unimplemented: true, .. } => Some(Self::Unimplemented),
            CallbackOutcome::Status { unimplemented: false, .. } | CallbackOutcome::Rejected(_) => {
                Some(Self::Failed)
            }
            CallbackOutcome::TimedOut => Some(Self::NoAnswer),
            CallbackOutcome::Unreachable(_) => Some(Self::NoConnection),
        }
    }
}

words! {
    /// The calls of a game server that can be refused.
    #[expect(missing_docs, reason = "each is the rpc of that name")]
    pub enum Rpc {
        ProcessReady = "ProcessReady",
        Activate = "ActivateGameServerSession",
        AcceptPlayer = "AcceptPlayerSession",
        RemovePlayer = "RemovePlayerSession",
        DescribePlayers = "DescribePlayerSessions",
        UpdatePolicy = "UpdatePlayerSessionCreationPolicy",
        Terminate = "TerminateGameServerSession",
        ProcessEnding = "ProcessEnding",
        ReportCustomData = "ReportCustomData",
        TellMilestone = "TellMilestone",
    }
}

impl Rpc {
    /// The rpc of a request.
    pub fn of(request: &RpcRequest) -> Self {
        match request {
            RpcRequest::ProcessReady { .. } => Self::ProcessReady,
            RpcRequest::Activate { .. } => Self::Activate,
            RpcRequest::AcceptPlayer { .. } => Self::AcceptPlayer,
            RpcRequest::RemovePlayer { .. } => Self::RemovePlayer,
            RpcRequest::DescribePlayers { .. } => Self::DescribePlayers,
            RpcRequest::UpdatePolicy { .. } => Self::UpdatePolicy,
            RpcRequest::Terminate { .. } => Self::Terminate,
            RpcRequest::ProcessEnding => Self::ProcessEnding,
            RpcRequest::ReportCustomData { .. } => Self::ReportCustomData,
            RpcRequest::Milestone { .. } => Self::TellMilestone,
        }
    }

    /// The rpc of a call that names a session.
    pub fn of_session_call(call: &SessionCall) -> Self {
        match call {
            SessionCall::Activate { .. } => Self::Activate,
            SessionCall::AcceptPlayer { .. } => Self::AcceptPlayer,
            SessionCall::RemovePlayer { .. } => Self::RemovePlayer,
            SessionCall::UpdatePolicy { .. } => Self::UpdatePolicy,
            SessionCall::Terminate { .. } => Self::Terminate,
            SessionCall::Milestone { .. } => Self::TellMilestone,
        }
    }
}

/// Why a call of a game server was refused, as far as it matters for what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Refusal {
    /// A member or a metadata entry has an impossible value.
    BadRequest,
    /// ProcessReady has not been called.
    NotReady,
    /// The process has ended.
    Ended,
    /// ProcessReady names a grpcPort that another process has.
    PortTaken,
    /// ProcessReady cannot be accepted for another reason.
    ReadyRefused,
    /// The session that is named is not the one that the process hosts.
    WrongSession,
    /// The session is not in a state that allows the call.
    SessionState,
    /// The player session is unknown, or not RESERVED.
    Player,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Why the host refused; `None`: it is not the game server's doing.
    pub fn of_host(error: &CallError) -> Option<Self> {
        Some(match error {
            CallError::BadRequest(_) => Self::BadRequest,
            CallError::ProcessNotReady(_) => Self::NotReady,
            CallError::ProcessNotActive(_) => Self::Ended,
            CallError::PortTaken(_) => Self::PortTaken,
            CallError::ProcessReadyFailed(_) => Self::ReadyRefused,
            CallError::Refused(error) => Self::of(error),
            CallError::Unavailable(_) => return None,
        })
    }

    /// Why the control plane refused.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::SessionNotFound(_)
            | Error::SessionOfAnotherProcess(_)
            | Error::SessionOfAnotherFleet(_)
            | Error::SessionEndedHostingAnother { .. } => Self::WrongSession,
            Error::SessionNotReady { .. } | Error::ActivationTooLate { .. } => Self::SessionState,
            Error::PlayerUnknown { .. } | Error::PlayerNotReserved { .. } => Self::Player,
            _ => Self::Other,
        }
    }
}

/// What a host saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A process was started; ProcessReady is waited for.
    Started {
        /// Its number.
        pid: u32,
    },
    /// A callback failed.
    CallbackFailed {
        /// Which.
        callback: CallbackKind,
        /// How.
        failure: CallbackFailure,
        /// In words.
        words: String,
    },
    /// OnHealthCheck succeeded for the first time, or after it had failed.
    HealthSucceeded,
    /// OnProcessTerminate was answered.
    TerminateReturned,
    /// OnStartGameServerSession returned OK before ActivateGameServerSession had come.
    StartReturned {
        /// The session that was started.
        session: GameServerSessionId,
        /// When the host did what to start it.
        start: StartTimes,
    },
    /// A call was refused by the host.
    CallRefused {
        /// Which.
        rpc: Rpc,
        /// Why.
        refusal: Refusal,
        /// In words.
        words: String,
    },
}

/// A callback that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackTrouble {
    /// How the last one failed.
    pub failure: CallbackFailure,
    /// In words.
    pub words: String,
    /// How many failed since the last success.
    pub count: u32,
    /// When the last one failed.
    pub last: Timestamp,
}

/// Calls that were refused for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedCalls {
    /// Which call.
    pub rpc: Rpc,
    /// Why.
    pub refusal: Refusal,
    /// How often, at least.
    pub count: u32,
    /// What the last one was told.
    pub words: String,
    /// When.
    pub last: Timestamp,
}

/// What was seen of a process that is ready.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessObservations {
    /// OnHealthCheck, when its last one failed.
    #[serde(default)]
    pub health: Option<CallbackTrouble>,
    /// OnStartGameServerSession, when the last one failed.
    #[serde(default)]
    pub start: Option<CallbackTrouble>,
    /// OnProcessTerminate, when it failed.
    #[serde(default)]
    pub terminate: Option<CallbackTrouble>,
    /// Calls that were refused, by their kind.
    #[serde(default)]
    pub refused: Vec<RefusedCalls>,
}

/// What was seen of a session; it outlives its process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionObservations {
    /// OnStartGameServerSession returned OK, and ActivateGameServerSession had not come.
    #[serde(default)]
    pub start_returned: bool,
    /// OnStartGameServerSession failed.
    #[serde(default)]
    pub start: Option<CallbackTrouble>,
    /// Calls of its process that were refused, by their kind.
    #[serde(default)]
    pub refused: Vec<RefusedCalls>,
}

/// A process that was started and has not called ProcessReady.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartingProcess {
    /// Its record.
    pub process: ProcessId,
    /// Its number.
    pub pid: u32,
    /// When it was started.
    pub since: Timestamp,
    /// Calls of it that were refused.
    #[serde(default)]
    pub refused: Vec<RefusedCalls>,
}

/// What an event is about, beside its fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventObservations {
    /// The process.
    #[serde(default)]
    pub process: Option<ProcessId>,
    /// The session.
    #[serde(default)]
    pub session: Option<GameServerSessionId>,
    /// The callback that was the cause.
    #[serde(default)]
    pub callback: Option<(CallbackKind, CallbackFailure)>,
    /// The refusal that was the cause.
    #[serde(default)]
    pub refusal: Option<Refusal>,
    /// The last lines of standard error of a process that ended.
    #[serde(default)]
    pub output: Vec<String>,
    /// Somebody asked for just this; nothing went wrong.
    #[serde(default)]
    pub on_request: bool,
}

impl CallbackTrouble {
    /// One more failure, after those that are known.
    pub(crate) fn after(
        known: Option<&Self>,
        failure: CallbackFailure,
        words: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let count = known.map_or(0, |known| known.count).saturating_add(1);
        Some(Self { failure, words: shown(words, WORDS_MOST), count, last: now })
    }
}

/// Counts a refused call; of too many kinds the oldest is forgotten.
pub(crate) fn count_refusal(
    refused: &mut Vec<RefusedCalls>,
    (rpc, refusal): (Rpc, Refusal),
    words: &str,
    now: Timestamp,
) {
    let words = shown(words, WORDS_MOST);
    if let Some(known) = refused.iter_mut().find(|known| known.rpc == rpc && known.refusal == refusal) {
        known.count = known.count.saturating_add(1);
        (known.words, known.last) = (words, now);
        return;
    }
    if refused.len() >= REFUSALS_MOST {
        let oldest = refused.iter().enumerate().min_by_key(|(_, known)| known.last).map(|(index, _)| index);
        refused.remove(oldest.unwrap_or_default());
    }
    refused.push(RefusedCalls { rpc, refusal, count: 1, words, last: now });
}

/// The last lines of standard error in the output that a host sent up with the end of a process, or of standard output
/// when it wrote nothing to the other: printable, bounded, without tickets.
pub(crate) fn last_lines(log: &str) -> Vec<String> {
    let (stdout, stderr) = log.split_once("[stderr]\n").unwrap_or(("", log));
    let stdout = stdout.strip_prefix("[stdout]\n").unwrap_or(stdout);
    let text = if stderr.trim().is_empty() { stdout } else { stderr };
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(LINES_MOST);
    lines[from..].iter().map(|line| shown(line, LINE_MOST)).collect()
}

/// Characters of a line of output that somebody asks for.
const SHOWN_LINE_MOST: usize = 1000;

/// Each line of output as a person may see it: printable, bounded, without tickets.
pub fn shown_lines(text: &str) -> Vec<String> {
    text.lines().map(|line| shown(line, SHOWN_LINE_MOST)).collect()
}

/// Text of a game server as a person may see it: one line, printable, bounded, tickets cut.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let printable = |c: char| if c.is_control() || is_invisible(c) { ' ' } else { c };
    let clean: String = text.chars().take(most.saturating_mul(4)).map(printable).collect();
    let mut result = String::new();
    let mut rest = clean.as_str();
    while let Some(at) = rest.find(TICKET) {
        let (before, ticket) = rest.split_at(at);
        let end = ticket[TICKET.len()..].find(|c: char| !c.is_ascii_alphanumeric());
        result.push_str(before);
        result.push_str(TICKET);
        result.push('…');
        rest = end.map_or("", |end| &ticket[TICKET.len() + end..]);
        rest = rest.strip_prefix('…').unwrap_or(rest);
    }
    result.push_str(rest);
    let result = result.trim_end();
    match result.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &result[..end]),
        None => result.to_owned(),
    }
}

/// Characters that change how others are shown.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for RefusedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was refused {}: {}", self.rpc, times(self.count), self.words)
    }
}

/// `once`, `2 times`.
pub(crate) fn times(count: u32) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

pub(crate) mod recording;

#[cfg(test)]
mod tests;
