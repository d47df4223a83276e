//! What goes into the supervisor and what it wants done. The shell carries out effects and feeds back what happened.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::host::{HostOrder, HostReport, SessionSpec};
use crate::id::{BlobId, FleetId, GameServerSessionId, InstanceId, ProcessId};
use crate::log::SessionLog;
use crate::package::setup::PackageSetup;
use crate::player_session::{PlayerSessionCreationPolicy, ProcessQuery};
use crate::supervisor::launch::LaunchTarget;
use crate::supervisor::recovery::{Recovered, SlotRecord};

/// Names one rpc while it waits for its answer. Chosen by the shell, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Names one report while it waits for the control plane's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The control plane wants something.
    Order(InstanceId, HostOrder),
    /// The package is unpacked.
    SlotExtracted {
        /// The slot.
        instance: InstanceId,
        /// A line per file, bounded.
        log: String,
        /// What it asks for before its first process starts.
        setup: PackageSetup,
    },
    /// The install script is gone, with everything that it started.
    InstallScriptEnded {
        /// The slot.
        instance: InstanceId,
        /// How long it took, or how it failed.
        outcome: Result<Duration, String>,
        /// Its output, bounded.
        log: String,
    },
    /// The package could not be copied or unpacked.
    SlotFailed {
        /// The slot.
        instance: InstanceId,
        /// The step.
        step: crate::host::PreparationStep,
        /// Why.
        reason: String,
        /// Details, bounded.
        log: String,
    },
    /// Each launch target was looked up; in the order of the effect, the absolute path of each that exists.
    LaunchPathsResolved {
        /// The slot.
        instance: InstanceId,
        /// That of the effect.
        runtime_version: u64,
        /// What was found.
        found: Vec<Option<String>>,
    },
    /// The slot's files are gone.
    SlotRemoved {
        /// The slot.
        instance: InstanceId,
    },
    /// A process was started.
    Spawned {
        /// Its record.
        process: ProcessId,
        /// Its number.
        pid: u32,
        /// The value of its `GSE_PROCESS_TOKEN`.
        token: String,
    },
    /// A process could not be started.
    SpawnFailed {
        /// Its record.
        process: ProcessId,
        /// The executable does not exist.
        missing: bool,
        /// The system's words.
        reason: String,
    },
    /// A process that the agent launched is gone, with everything in its process group; or an adopted one is gone.
    Exited {
        /// Its record.
        process: ProcessId,
        /// Such as "exit code 1" or "signal 9".
        status: String,
        /// The last lines of its output.
        log: String,
    },
    /// Nothing carries the tokens of these ended processes any more.
    StraysEnded {
        /// Their records.
        processes: Vec<ProcessId>,
    },
    /// A game server calls one of the nine rpcs.
    Call {
        /// Names the call.
        call: CallId,
        /// Who says it is calling.
        caller: Box<Caller>,
        /// What it asks for.
        rpc: RpcRequest,
    },
    /// A connection for OnStartGameServerSession stands; the shell sends it as soon as this step is written down.
    StartSending {
        /// The process that is called.
        process: ProcessId,
    },
    /// A callback came to its end.
    CallbackDone {
        /// The process that was called.
        process: ProcessId,
        /// Which callback.
        callback: CallbackKind,
        /// How it went.
        outcome: CallbackOutcome,
    },
    /// The control plane answered a report.
    ReportAnswered {
        /// The report.
        ticket: Ticket,
        /// Its word; `None`: it is not there.
        answer: Option<Result<(), Error>>,
    },
    /// The logs of a session were packed and stored, or could not be.
    LogsCollected {
        /// Whose session it was.
        process: ProcessId,
        /// The session.
        session: GameServerSessionId,
        /// What was stored.
        outcome: Result<SessionLog, String>,
    },
    /// A slot that the host before this one left behind is gone on with. Comes before everything else.
    Recovered {
        /// The slot; `SlotRecord::can_be_taken_up` was asked.
        slot: Box<SlotRecord>,
        /// Every process of it that was written down.
        processes: Vec<Recovered>,
    },
    /// End everything that was launched and start nothing any more.
    ShutDown,
}

/// Who a call says it comes from (server-sdk.md 2.2, 2.3). A claimed pid selects a record, never a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The `pid` metadata, unchanged; `None` when absent or not text.
    pub pid: Option<String>,
    /// The `requestid` metadata, or one that the shell made up.
    pub request_id: String,
    /// The `gse-process-token` metadata.
    pub token: Option<String>,
    /// The parents of the claimed pid, nearest first, as the system tells them now.
    pub ancestors: Vec<u32>,
    /// The kernel's start time of the claimed pid, to notice a pid that was used again.
    pub started: Option<u64>,
    /// `GSE_FLEET_ID` in the environment of the claimed pid: which fleet an adopted process joins.
    pub fleet: Option<String>,
    /// The call comes from another machine, where pids mean something else.
    pub is_remote: bool,
}

/// The nine active calls and the one of ours, as they come from the wire, unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members are those of the proto file")]
pub enum RpcRequest {
    ProcessReady {
        log_paths: Vec<String>,
        client_port: i32,
        grpc_port: i32,
    },
    Activate {
        session: String,
        max_players: i32,
    },
    AcceptPlayer {
        session: String,
        player_session: String,
    },
    RemovePlayer {
        session: String,
        player_session: String,
    },
    DescribePlayers {
        session: String,
        player_id: String,
        player_session: String,
        status_filter: String,
        next_token: String,
        limit: i32,
    },
    UpdatePolicy {
        session: String,
        policy: String,
    },
    Terminate {
        session: String,
    },
    ProcessEnding,
    ReportCustomData {
        current: i32,
        max: i32,
    },
    /// Ours, not the vendor's: a moment of a session that the game server names.
    Milestone {
        session: String,
        name: String,
    },
}

/// Why a call is refused. Names and status codes are the shell's business (`sdk_error.rs`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// A metadata entry or field has an impossible value.
    BadRequest(String),
    /// The caller is unknown or has not called ProcessReady.
    ProcessNotReady(String),
    /// The caller's record has ended.
    ProcessNotActive(String),
    /// ProcessReady names a grpcPort that another process has.
    PortTaken(String),
    /// ProcessReady cannot be accepted for another reason.
    ProcessReadyFailed(String),
    /// The control plane's word.
    Refused(Error),
    /// The agent is shutting down, or the control plane is not there.
    Unavailable(String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRequest(text)
            | Self::ProcessNotReady(text)
            | Self::ProcessNotActive(text)
            | Self::PortTaken(text)
            | Self::ProcessReadyFailed(text)
            | Self::Unavailable(text) => f.write_str(text),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CallError {}

/// The three callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CallbackKind {
    /// OnHealthCheck.
    Health,
    /// OnStartGameServerSession.
    Start,
    /// OnProcessTerminate.
    Terminate,
}

impl CallbackKind {
    /// The name of the rpc.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Health => "OnHealthCheck",
            Self::Start => "OnStartGameServerSession",
            Self::Terminate => "OnProcessTerminate",
        }
    }
}

/// A callback with what it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// OnHealthCheck.
    Health,
    /// OnStartGameServerSession.
    Start(Box<SessionSpec>),
    /// OnProcessTerminate with `terminationTime`.
    Terminate {
        /// UNIX seconds (R11).
        termination_time_s: i64,
    },
}

impl Callback {
    /// Which of the three it is.
    pub fn kind(&self) -> CallbackKind {
        match self {
            Self::Health => CallbackKind::Health,
            Self::Start(_) => CallbackKind::Start,
            Self::Terminate { .. } => CallbackKind::Terminate,
        }
    }
}

/// How a callback went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackOutcome {
    /// OnHealthCheck answered with this `healthStatus`.
    Health(bool),
    /// A callback answered with status OK.
    Done,
    /// It answered gRPC OK with another status in the rich response, or with an unknown one (1.4).
    Rejected(String),
    /// It answered with a gRPC status other than OK.
    Status {
        /// The status code's name and message.
        words: String,
        /// The method is not implemented: the generated base class was registered unchanged.
        unimplemented: bool,
    },
    /// No answer in time.
    TimedOut,
    /// No connection, for as long as it was tried.
    Unreachable(String),
}

impl fmt::Display for CallbackOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Health(true) => f.write_str("healthy"),
            Self::Health(false) => f.write_str("answered, but healthStatus is false or absent"),
            Self::Done => f.write_str("ok"),
            Self::Rejected(words) => write!(f, "answered with an error: {words}"),
            Self::Status { words, unimplemented: false } => write!(f, "answered with status {words}"),
            Self::Status { words, unimplemented: true } => {
                write!(
                    f,
                    "answered with status {words} (hint: the callback's base class was registered unchanged)"
                )
            }
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Unreachable(words) => write!(f, "no connection: {words}"),
        }
    }
}

/// What the shell does for the supervisor, in the order given.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Unpack the package into a tree of its own; answered by `SlotExtracted` or `SlotFailed`.
    PrepareSlot {
        /// The slot.
        instance: InstanceId,
        /// The package.
        package: BlobId,
    },
    /// Run `install.sh` with `bash` in the package root; answered by `InstallScriptEnded`.
    RunInstallScript {
        /// The slot.
        instance: InstanceId,
        /// For `GSE_FLEET_ID`.
        fleet: FleetId,
        /// It is killed then.
        within: Duration,
    },
    /// Kill the install script of a slot.
    StopInstallScript {
        /// The slot.
        instance: InstanceId,
    },
    /// Look up launch targets and make those in the package executable; answered by `LaunchPathsResolved`.
    ResolveLaunchPaths {
        /// The slot.
        instance: InstanceId,
        /// Says which question it is; the answer repeats it.
        runtime_version: u64,
        /// Where to look; `None`: the path was refused already.
        targets: Vec<Option<LaunchTarget>>,
    },
    /// Remove the slot's files; answered by `SlotRemoved`.
    RemoveSlot {
        /// The slot.
        instance: InstanceId,
    },
    /// Start a process; answered by `Spawned`, later `Exited`, or by `SpawnFailed`.
    Spawn {
        /// Its record.
        process: ProcessId,
        /// The slot whose tree is its working directory.
        instance: InstanceId,
        /// For `GSE_FLEET_ID`.
        fleet: FleetId,
        /// The executable, as `LaunchPathsResolved` named it.
        executable: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
    /// Signal the process group of a process that was launched here.
    Signal {
        /// Its record.
        process: ProcessId,
        /// How.
        signal: Signal,
    },
    /// Notice the end of a process that somebody else launched; answered by `Exited`. It is never signalled.
    WatchAdopted {
        /// Its record.
        process: ProcessId,
        /// The pid that it claims.
        pid: u32,
        /// The kernel's start time of that pid.
        started: u64,
    },
    /// The record of an adopted process ended: stop watching.
    ForgetAdopted {
        /// Its record.
        process: ProcessId,
    },
    /// End whatever still carries the token of a process that ended: it was started by what was launched here, and left
    /// its group. Answered by `StraysEnded`.
    EndStrays {
        /// Its record.
        process: ProcessId,
        /// The value of its `GSE_PROCESS_TOKEN`.
        token: String,
    },
    /// Pack what a session left in its slot, the captured output of its process too, and hand it over to be stored.
    /// Always answered by `LogsCollected`.
    CollectLogs {
        /// The process that hosted it.
        process: ProcessId,
        /// The session.
        session: GameServerSessionId,
        /// The slot.
        instance: InstanceId,
        /// Its fleet, which the captured output is kept by.
        fleet: FleetId,
        /// logPathsToUpload of ProcessReady, unchecked.
        log_paths: Vec<String>,
    },
    /// Call a process; answered by `CallbackDone`.
    Callback {
        /// Its record.
        process: ProcessId,
        /// Where it listens, on the loopback addresses.
        grpc_port: u16,
        /// What to call.
        callback: Callback,
        /// How long a refused connection is tried again.
        dial_for: Duration,
        /// When to give up, dialling included.
        answer_within: Duration,
        /// When to give up once the connection stands.
        answer_for: Duration,
    },
    /// Tell the control plane; a ticket is answered by `ReportAnswered`.
    Report {
        /// What happened.
        report: HostReport,
        /// Who waits for the answer.
        ticket: Option<Ticket>,
    },
    /// Answer a call.
    Answer {
        /// The call.
        call: CallId,
        /// OK, or why not.
        result: Result<(), CallError>,
    },
    /// Ask the control plane for a page of player sessions and answer the call with it.
    Query {
        /// The call.
        call: CallId,
        /// What is asked.
        query: ProcessQuery,
    },
    /// A line for the log.
    Note(String),
}

/// How a process is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Politely: SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// The values of `newPlayerSessionCreationPolicy`, letter case counts.
pub(super) fn parse_policy(word: &str) -> Option<PlayerSessionCreationPolicy> {
    match word {
        "ACCEPT_ALL" => Some(PlayerSessionCreationPolicy::AcceptAll),
        "DENY_ALL" => Some(PlayerSessionCreationPolicy::DenyAll),
        _ => None,
    }
}
