//! The contract with hosts: orders go down, reports come up. This is the seam for other kinds of host.
//!
//! Orders may be lost or repeated: they are derived from rows, and `ControlPlane::resync` derives them again.
//! Reports may be lost, repeated and late as well: `ConfirmProcesses` has the host tell again what has not arrived, and a
//! report that says nothing new changes nothing. The answer of a report says whether the control plane agreed, and is
//! what a game server hears.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fleet::ServerProcess;
use crate::fleet::runtime_configuration::EntryKey;
use crate::id::{BlobId, FleetId, GameServerSessionId, InstanceId, PlayerSessionId, ProcessId, Region};
use crate::log::SessionLog;
use crate::observation::Observation;
use crate::player_session::PlayerSessionCreationPolicy;
use crate::time::Timestamp;
use crate::timeline::StartTimes;
use crate::trace_context::TraceContext;

/// What the control plane wants done on a host. Each order names one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostOrder {
    /// Make the slot: unpack the package, check the launch paths, start and keep the processes (F-12).
    /// A slot that exists already is left alone, but for a newer runtime configuration, which it takes over (F-23).
    StartInstance(InstanceSpec),
    /// Hand a session to an idle process by OnStartGameServerSession. Repeated for the same session: ignored.
    StartGameServerSession {
        /// The process that was chosen.
        process: ProcessId,
        /// What the process is told.
        session: SessionSpec,
        /// The callback may take this long; the control plane ends the session then (G3).
        deadline: Timestamp,
    },
    /// Ask a process to end by OnProcessTerminate, and end it at the deadline (P13, P16). It gets no session any more.
    TerminateProcess {
        /// The process.
        process: ProcessId,
        /// What it is told and when it is killed.
        termination: Termination,
        /// Why, for the host's log.
        reason: String,
    },
    /// End a process at once, without OnProcessTerminate (G-15).
    KillProcess {
        /// The process.
        process: ProcessId,
        /// Why, for the host's log.
        reason: String,
    },
    /// The processes that the control plane takes for alive. Of each that is not, and of each that is unhealthy, the
    /// host reports so again: that report may have been lost.
    ConfirmProcesses(Vec<ProcessId>),
    /// Scale-in or deletion: start nothing any more, ask each process to end; when the last is gone, remove the slot
    /// and report `InstanceStopped` (S-24). A slot that does not exist is reported as stopped at once.
    DrainInstance {
        /// What the processes that host a session are told.
        hosting: Vec<(ProcessId, Termination)>,
        /// What every other process is told. One that never was ready is killed at once.
        others: Termination,
    },
    /// End everything at once, remove the slot, report `InstanceStopped`.
    StopInstance,
}

/// How long a process may go on after it was told to end (server-sdk.md 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termination {
    /// `terminationTime` of OnProcessTerminate, UNIX seconds (R11).
    pub termination_time_s: i64,
    /// When the host kills it; `None`: never while it hosts a session (FullProtection).
    pub deadline: Option<Timestamp>,
}

/// Everything a host needs to make a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSpec {
    /// The fleet that the slot belongs to.
    pub fleet: FleetId,
    /// Its region, for the host's choice of address and for logs.
    pub region: Region,
    /// The package to unpack.
    pub package: BlobId,
    /// The number of the runtime configuration; grows with each change (F-23).
    pub runtime_version: u64,
    /// Which processes to keep running (F-12).
    pub server_processes: Vec<ServerProcess>,
    /// Kept for investigation: what ended is not started again (F-32).
    #[serde(default)]
    pub reserved: bool,
    /// First deployment: start one process of each entry, and the rest when each entry had one ready (F-9, F-10).
    pub trial: bool,
}

/// A session as a process is told of it (server-sdk.md 4.5, OnStartGameServerSession).
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSpec {
    /// The session.
    pub id: GameServerSessionId,
    /// Its fleet.
    pub fleet: FleetId,
    /// Its name, empty when it has none.
    pub name: String,
    /// MaximumPlayerSessionCount.
    pub max_players: u32,
    /// Whether the creation policy is ACCEPT_ALL.
    pub joinable: bool,
    /// Key and value pairs in the given order.
    pub properties: Vec<(String, String)>,
    /// The process's clientPort.
    pub port: u16,
    /// The address that players use.
    pub ip_address: String,
    /// GameServerSessionData.
    pub data: String,
    /// MatchmakerData.
    pub matchmaker_data: String,
    /// Normally empty.
    pub dns_name: String,
    /// The trace that it belongs to, with the span that its start is below.
    pub trace: Option<TraceContext>,
}

/// What the game's own members hold is nobody else's business: orders are logged, and show only how long they are.
impl fmt::Debug for SessionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSpec")
            .field("id", &self.id)
            .field("fleet", &self.fleet)
            .field("max_players", &self.max_players)
            .field("joinable", &self.joinable)
            .field("port", &self.port)
            .field("ip_address", &self.ip_address)
            .field("data_bytes", &self.data.len())
            .field("matchmaker_data_bytes", &self.matchmaker_data.len())
            .field("trace", &self.trace.map(TraceContext::trace_id))
            .finish_non_exhaustive()
    }
}

/// What happened on a host. Each report names the instance it happened on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostReport {
    /// Where.
    pub instance: InstanceId,
    /// What.
    pub kind: ReportKind,
}

/// The kinds of report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// The host began to copy and unpack the package (NEW → DOWNLOADING).
    PreparationStarted,
    /// The host was restarted, found the slot as its predecessor left it and goes on with it (R21). What became of each
    /// process that it names is told by the reports that follow; it has no other.
    SlotReattached {
        /// Every process of the slot that the predecessor wrote down, running or not.
        processes: Vec<ProcessId>,
    },
    /// The package is unpacked.
    PackageExtracted {
        /// The files, a line each, bounded.
        log: String,
    },
    /// Something about the package that whoever made it should know; nothing failed.
    PreparationNoted {
        /// What.
        text: String,
    },
    /// `install.sh` was run.
    InstallScriptRan {
        /// How long it took.
        took: Duration,
        /// Its output, bounded.
        log: String,
    },
    /// The slot cannot be made.
    PreparationFailed {
        /// The step that failed.
        step: PreparationStep,
        /// Why, in words.
        reason: String,
        /// Details, bounded.
        log: String,
    },
    /// Each launch path was looked up (FLEET_CREATION_VALIDATING_RUNTIME_CONFIG).
    LaunchPathsChecked {
        /// The paths that do not exist in the package; empty means that the processes are being started now.
        missing: Vec<String>,
        /// Each path, found or not.
        log: String,
    },
    /// The slot is gone, nothing of it runs.
    InstanceStopped,
    /// ProcessReady was called and is acceptable to the host (P3).
    ProcessReady(ReadyProcess),
    /// Health changed: three failures in a row make a process unhealthy (P12).
    ProcessUnhealthy {
        /// The process.
        process: ProcessId,
        /// The kinds of failure, in words.
        reason: String,
    },
    /// A process ended, or could not be started.
    ProcessEnded {
        /// The process; it may be one that never was ready.
        process: ProcessId,
        /// How it ended.
        end: ProcessEnd,
        /// The last lines of its standard output and error, bounded.
        log: String,
    },
    /// The logs of a session that is over are stored, or could not be (G-21).
    LogsCollected {
        /// The session.
        session: GameServerSessionId,
        /// What was stored, or why nothing was.
        outcome: Result<SessionLog, String>,
    },
    /// OnStartGameServerSession failed for good (G4).
    StartSessionFailed {
        /// The process that was asked.
        process: ProcessId,
        /// The session.
        session: GameServerSessionId,
        /// What the process said, or why it could not be reached.
        reason: String,
    },
    /// A call of a game server about its session; the answer goes back to it.
    Call {
        /// The caller.
        process: ProcessId,
        /// What it asks for.
        call: SessionCall,
    },
    /// Something that decides nothing and explains much; it may be lost.
    Observed {
        /// The process.
        process: ProcessId,
        /// What was seen of it.
        observation: Observation,
    },
    /// ProcessEnding: the process is going away on purpose (P14).
    ProcessEnding {
        /// The caller.
        process: ProcessId,
    },
    /// ReportCustomData (G-17).
    CustomCounts {
        /// The caller.
        process: ProcessId,
        /// currentCustomCount, at least 0.
        current: u32,
        /// maxCustomCount, at least 0.
        max: u32,
    },
}

/// The steps of making a slot that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreparationStep {
    /// The package could not be copied (FLEET_BINARY_DOWNLOAD_FAILED).
    Download,
    /// The package could not be unpacked (FLEET_INITIALIZATION_FAILED).
    Extract,
    /// The install script failed.
    Install,
}

/// What ProcessReady told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyProcess {
    /// The record; a repeated ProcessReady names the same one.
    pub process: ProcessId,
    /// The operating system's number, for people.
    pub pid: u32,
    /// The runtime configuration that it was started with.
    pub runtime_version: u64,
    /// The launch entry that it was started for; `None`: somebody else launched it.
    pub entry: Option<EntryKey>,
    /// Where players connect.
    pub client_port: u16,
    /// Where callbacks go.
    pub grpc_port: u16,
    /// The address that players use.
    pub ip_address: String,
    /// Files and directories to collect when a session ends.
    pub log_paths: Vec<String>,
}

/// How a process ended (server-sdk.md 3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProcessEnd {
    /// ProcessEnding was called and the process is gone.
    Clean,
    /// It ended after OnProcessTerminate without ProcessEnding (P15).
    Terminated,
    /// The launch path does not exist (P4).
    InvalidPath(String),
    /// It could not be started (P4).
    NotExecutable(String),
    /// It never called any rpc (P5).
    NoContact,
    /// It called, but not ProcessReady (P6).
    NotReady,
    /// The host does not know it: it was restarted, and nothing of it is left (F-35).
    Lost,
    /// It ended without ProcessEnding (P7); how, in words.
    Crashed(String),
    /// Killed at the deadline, or by order (P16).
    ForceTerminated,
    /// Killed at the deadline after failing health checks (P16).
    UnhealthyTerminated,
    /// It called ProcessEnding but did not end in time, and was killed (P17).
    ExitTimeout,
}

/// The calls of a game server that name a session (server-sdk.md 4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionCall {
    /// ActivateGameServerSession.
    Activate {
        /// gameServerSessionId.
        session: GameServerSessionId,
        /// maxPlayers; 0 is ignored.
        max_players: u32,
        /// When the host did what to start it.
        start: StartTimes,
    },
    /// AcceptPlayerSession.
    AcceptPlayer {
        /// gameServerSessionId.
        session: GameServerSessionId,
        /// playerSessionId.
        player_session: PlayerSessionId,
        /// The pid and requestid of the call: a repetition with the same of both is a transport retry
        /// (server-sdk.md 4.3).
        attempt: String,
    },
    /// RemovePlayerSession.
    RemovePlayer {
        /// gameServerSessionId.
        session: GameServerSessionId,
        /// playerSessionId.
        player_session: PlayerSessionId,
    },
    /// UpdatePlayerSessionCreationPolicy.
    UpdatePolicy {
        /// gameServerSessionId.
        session: GameServerSessionId,
        /// newPlayerSessionCreationPolicy.
        policy: PlayerSessionCreationPolicy,
    },
    /// TerminateGameServerSession.
    Terminate {
        /// gameServerSessionId.
        session: GameServerSessionId,
    },
    /// A moment that the game server names; ours, not the vendor's.
    Milestone {
        /// The session.
        session: GameServerSessionId,
        /// The name.
        name: String,
    },
}

impl SessionCall {
    /// The session that the call names.
    pub fn session(&self) -> &GameServerSessionId {
        match self {
            Self::Activate { session, .. }
            | Self::AcceptPlayer { session, .. }
            | Self::RemovePlayer { session, .. }
            | Self::UpdatePolicy { session, .. }
            | Self::Terminate { session }
            | Self::Milestone { session, .. } => session,
        }
    }
}
