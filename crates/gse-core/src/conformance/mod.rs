//! Whether a game server keeps the contract, judged from what one life of it looked like (`gse conformance`).
//!
//! The life is driven elsewhere; here are the expectations, and what a trace says of each.

mod judge;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::host::{ProcessEnd, ReportKind};
use crate::id::{GameServerSessionId, ProcessId};
use crate::observation::{CallbackFailure, Observation, Refusal, Rpc, last_lines, shown};
use crate::supervisor::CallbackKind;
use crate::words::words;

pub use judge::judge;

words! {
    /// What is expected of a game server, in the order of its life.
    pub enum Expectation {
        /// ProcessReady.
        Ready = "ready",
        /// It listens on the announced port.
        Listening = "listening",
        /// OnHealthCheck.
        Health = "health",
        /// OnStartGameServerSession.
        Start = "start",
        /// ActivateGameServerSession.
        Activate = "activate",
        /// AcceptPlayerSession.
        Accept = "accept",
        /// RemovePlayerSession.
        Remove = "remove",
        /// TerminateGameServerSession.
        EndSession = "end-session",
        /// A second session.
        Reuse = "reuse",
        /// OnProcessTerminate.
        Terminate = "terminate",
        /// ProcessEnding.
        Ending = "ending",
        /// The end of the process.
        Exit = "exit",
        /// No call is refused.
        Calls = "calls",
    }
}

impl Expectation {
    /// The rule's place in the contract.
    pub fn section(self) -> &'static str {
        match self {
            Self::Ready => "server-sdk.md 3.1, P3",
            Self::Listening => "server-sdk.md 4.5 and 7",
            Self::Health => "server-sdk.md 3.1, P12",
            Self::Start => "server-sdk.md 4.5, P8",
            Self::Activate => "server-sdk.md 3.2, P9",
            Self::Accept | Self::Remove => "server-sdk.md 3.3",
            Self::EndSession => "server-sdk.md 3.2, P11",
            Self::Reuse => "server-sdk.md 7, any",
            Self::Terminate => "server-sdk.md 4.5, P13",
            Self::Ending => "server-sdk.md 3.5, P14",
            Self::Exit => "server-sdk.md 3.5, P17",
            Self::Calls => "server-sdk.md 4.2",
        }
    }

    /// What is expected, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Ready => "calls ProcessReady when it can take a session",
            Self::Listening => "listens on the announced grpcPort before, or seconds after, ProcessReady",
            Self::Health => "answers OnHealthCheck with healthStatus true",
            Self::Start => "answers OnStartGameServerSession with OK",
            Self::Activate => {
                "calls ActivateGameServerSession with the id it was given, in or after OnStartGameServerSession"
            }
            Self::Accept => "calls AcceptPlayerSession when a player comes (needs --client)",
            Self::Remove => "calls RemovePlayerSession when a player leaves (needs --client)",
            Self::EndSession => {
                "calls TerminateGameServerSession when the match is over, or when it is told to end"
            }
            Self::Reuse => "takes a second session after it ended the first, without another ProcessReady",
            Self::Terminate => "answers OnProcessTerminate, or ends in it",
            Self::Ending => "calls ProcessEnding before it goes",
            Self::Exit => "exits by itself after ProcessEnding, in time",
            Self::Calls => "makes no call that is refused",
        }
    }

    /// What to do about it.
    pub fn fix(self) -> &'static str {
        match self {
            Self::Ready => {
                "call ProcessReady on the address in GSE_AGENT_ADDRESS (default 127.0.0.1:5758) with the metadata `pid`, and \
                 look at its status"
            }
            Self::Listening => {
                "bind the gRPC server first, on 127.0.0.1 or 0.0.0.0 without TLS, and announce the port that was bound"
            }
            Self::Health => {
                "override OnHealthCheck, answer at once and with `healthStatus: true`; an empty answer means unhealthy"
            }
            Self::Start => {
                "override OnStartGameServerSession, return OK, and load in the background if it takes long"
            }
            Self::Activate => {
                "call ActivateGameServerSession with the gameServerSessionId of OnStartGameServerSession; OK is not enough"
            }
            Self::Accept => "call AcceptPlayerSession with the PlayerSessionId that the client brings",
            Self::Remove => "call RemovePlayerSession with the same ids when the connection of a player ends",
            Self::EndSession => {
                "call TerminateGameServerSession with the session's id when nobody plays any more"
            }
            Self::Reuse => "replace the remembered session id at each OnStartGameServerSession",
            Self::Terminate => "override OnProcessTerminate and return from it; end in the background",
            Self::Ending => {
                "in OnProcessTerminate: TerminateGameServerSession if there is a session, then ProcessEnding"
            }
            Self::Exit => "exit the process when ProcessEnding was answered",
            Self::Calls => "look at the status of every call; the words above say what was wrong with it",
        }
    }

    /// What every game server should do. Players need a client, ends of matches and second sessions are the game's.
    pub fn usual(has_client: bool) -> Vec<Self> {
        let usual = |expectation: &&Self| match expectation {
            Self::Accept | Self::Remove => has_client,
            Self::EndSession | Self::Reuse => false,
            Self::Ready
            | Self::Listening
            | Self::Health
            | Self::Start
            | Self::Activate
            | Self::Terminate
            | Self::Ending
            | Self::Exit
            | Self::Calls => true,
        };
        Self::ALL.iter().filter(usual).copied().collect()
    }
}

/// What happened, in the order in which it happened.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Each with the time since the start.
    pub moments: Vec<(Duration, Moment)>,
    /// The process was started by somebody else: its end cannot be seen.
    pub is_attached: bool,
}

/// Something that was done to the game server, or that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// ProcessReady was called.
    Ready {
        /// clientPort.
        client_port: u16,
        /// grpcPort.
        grpc_port: u16,
        /// Why it was refused.
        refusal: Option<String>,
    },
    /// A call about a session.
    Called {
        /// Which.
        rpc: Rpc,
        /// The session that it names.
        session: GameServerSessionId,
        /// Why it was refused.
        refusal: Option<String>,
    },
    /// Another call was refused, by the agent.
    Refused {
        /// Which.
        rpc: Rpc,
        /// Why.
        refusal: Refusal,
        /// In words.
        words: String,
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
    /// OnHealthCheck succeeded.
    HealthSucceeded,
    /// OnStartGameServerSession returned OK before the activation.
    StartReturned,
    /// OnProcessTerminate returned OK.
    TerminateReturned,
    /// ProcessEnding was called.
    Ending,
    /// The process is gone.
    Ended {
        /// How.
        end: ProcessEnd,
        /// Its last lines.
        output: Vec<String>,
    },
    /// A session was made for it.
    SessionCreated(GameServerSessionId),
    /// A session could not be made.
    SessionRefused(String),
    /// A player has a seat, and its client was started.
    PlayerJoined,
    /// The client ended; how, in words.
    PlayerLeft(String),
    /// It is told to end.
    ToldToEnd,
    /// It was waited for in vain, so long.
    WaitedFor(Expectation, Duration),
}

impl Moment {
    /// What a report of the host says, and of which process; `None`: nothing for a trace.
    pub fn of_report(kind: &ReportKind, refusal: Option<String>) -> Option<(ProcessId, Self)> {
        let refusal = refusal.map(|words| shown(&words, 400));
        Some(match kind {
            ReportKind::ProcessReady(ready) => {
                let (client_port, grpc_port) = (ready.client_port, ready.grpc_port);
                (ready.process.clone(), Self::Ready { client_port, grpc_port, refusal })
            }
            ReportKind::Call { process, call } => {
                let (rpc, session) = (Rpc::of_session_call(call), call.session().clone());
                (process.clone(), Self::Called { rpc, session, refusal })
            }
            ReportKind::Observed { process, observation } => {
                (process.clone(), Self::of_observation(observation)?)
            }
            ReportKind::ProcessEnding { process } => (process.clone(), Self::Ending),
            ReportKind::ProcessEnded { process, end, log } => {
                (process.clone(), Self::Ended { end: end.clone(), output: last_lines(log) })
            }
            ReportKind::PreparationStarted
            | ReportKind::SlotReattached { .. }
            | ReportKind::PackageExtracted { .. }
            | ReportKind::PreparationFailed { .. }
            | ReportKind::LaunchPathsChecked { .. }
            | ReportKind::InstanceStopped
            | ReportKind::ProcessUnhealthy { .. }
            | ReportKind::StartSessionFailed { .. }
            | ReportKind::PreparationNoted { .. }
            | ReportKind::InstallScriptRan { .. }
            | ReportKind::LogsCollected { .. }
            | ReportKind::CustomCounts { .. } => return None,
        })
    }

    fn of_observation(observation: &Observation) -> Option<Self> {
        Some(match observation {
            Observation::Started { .. } => return None,
            Observation::CallbackFailed { callback, failure, words } => {
                Self::CallbackFailed { callback: *callback, failure: *failure, words: shown(words, 400) }
            }
            Observation::HealthSucceeded => Self::HealthSucceeded,
            Observation::StartReturned { .. } => Self::StartReturned,
            Observation::TerminateReturned => Self::TerminateReturned,
            Observation::CallRefused { rpc, refusal, words } => {
                Self::Refused { rpc: *rpc, refusal: *refusal, words: shown(words, 400) }
            }
        })
    }
}

words! {
    /// What became of an expectation.
    pub enum Outcome {
        /// It was met.
        Ok = "ok",
        /// It was tried, and done wrongly.
        Wrong = "wrong",
        /// It was not done.
        Missing = "missing",
        /// There was no occasion for it.
        NotDriven = "not driven",
    }
}

/// What a trace says of one expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The expectation.
    pub expectation: Expectation,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it was asked for.
    pub is_required: bool,
    /// What was seen.
    pub seen: String,
    /// What to do if it was not met.
    pub fix: &'static str,
}

impl Verdict {
    /// Whether the game server fails by it.
    pub fn is_failure(&self) -> bool {
        self.is_required && self.outcome != Outcome::Ok
    }
}
