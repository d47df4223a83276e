//! The record of one process: its phase, its ports, its health, and when something is due for it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::host::{ProcessEnd, Termination};
use crate::id::{GameServerSessionId, InstanceId, ProcessId};
use crate::time::Timestamp;
use crate::timeline::StartTimes;

/// A process may be told of a session twice (orders are repeated); the last so many are remembered.
const SESSIONS_REMEMBERED: usize = 32;

/// Where the process comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    /// The agent launched it for this entry of the runtime configuration.
    Launched { entry: usize },
    /// Somebody else did. It is never signalled; `started` is the kernel's start time of its pid.
    Adopted { started: Option<u64> },
}

/// The states of server-sdk.md 3.1; TERMINATING is `Process::terminating`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// The shell was asked to start it.
    Spawning,
    /// ACTIVATING until this time (P5, P6).
    Activating { until: Timestamp },
    /// ACTIVE.
    Active,
    /// TERMINATED by ProcessEnding, but the operating system's process may still be there (3.5).
    Ending { exit_by: Option<Timestamp> },
    /// TERMINATED and gone.
    Ended { at: Timestamp },
}

/// What ProcessReady told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ready {
    pub(super) client_port: u16,
    pub(super) grpc_port: u16,
    pub(super) log_paths: Vec<String>,
}

/// Health as 3.1 counts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Health {
    pub(super) next_check: Option<Timestamp>,
    pub(super) in_flight: bool,
    pub(super) ever_succeeded: bool,
    /// The failures since the last success.
    pub(super) failures: Vec<String>,
    pub(super) unhealthy: bool,
}

/// The session that the process was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hosted {
    pub(super) id: GameServerSessionId,
    pub(super) activated: bool,
    /// OnStartGameServerSession has not returned.
    pub(super) start_in_flight: bool,
    /// OnStartGameServerSession was sent, or is just about to be.
    pub(super) sent: bool,
    /// When the order came.
    #[serde(default)]
    pub(super) ordered_at: Option<Timestamp>,
    /// When OnStartGameServerSession was sent.
    #[serde(default)]
    pub(super) sent_at: Option<Timestamp>,
    /// The moments that it named (`timeline`).
    #[serde(default)]
    pub(super) milestones: Vec<String>,
}

impl Hosted {
    /// How long ago what was done to start it.
    pub(super) fn start_times(&self, now: Timestamp) -> StartTimes {
        let ago = |at: Option<Timestamp>| at.map(|at| now.since(at));
        StartTimes { ordered_ago: ago(self.ordered_at), sent_ago: ago(self.sent_at) }
    }
}

/// OnProcessTerminate (P13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terminating {
    pub(super) termination: Termination,
    /// When the process is killed; `None`: not while it hosts.
    pub(super) kill_at: Option<Timestamp>,
    /// OnProcessTerminate was answered: a successor of this host need not call again.
    pub(super) answered: bool,
}

/// The end is decided; signals go out until the process is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Doomed {
    pub(super) end: ProcessEnd,
    pub(super) kill_at: Timestamp,
}

/// A session whose logs are not stored yet (G-21).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Uncollected {
    pub(super) session: GameServerSessionId,
    /// The shell was asked. A successor of this host asks its own.
    #[serde(skip)]
    pub(super) under_way: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) id: ProcessId,
    pub(super) instance: InstanceId,
    pub(super) origin: Origin,
    pub(super) runtime_version: u64,
    /// The pid that was launched, or that an adopted process claims.
    pub(super) pid: Option<u32>,
    /// The pid that ProcessReady told, when a wrapper was launched (2.3, rule 2).
    pub(super) bound_pid: Option<u32>,
    pub(super) token: Option<String>,
    pub(super) phase: Phase,
    pub(super) started_at: Timestamp,
    pub(super) ready_at: Option<Timestamp>,
    /// Any rpc came (P5).
    pub(super) contacted: bool,
    pub(super) ready: Option<Ready>,
    pub(super) health: Health,
    pub(super) hosted: Option<Hosted>,
    pub(super) sessions: VecDeque<GameServerSessionId>,
    /// Since when it hosts nothing.
    pub(super) idle_since: Timestamp,
    pub(super) terminating: Option<Terminating>,
    pub(super) doomed: Option<Doomed>,
    /// It ended, and what it started outside its group is being ended.
    pub(super) has_strays: bool,
    /// The sessions that it was given and whose logs are not stored yet.
    #[serde(default)]
    pub(super) uncollected: Vec<Uncollected>,
    /// How it ended, to be told again if that was not heard.
    pub(super) end: Option<ProcessEnd>,
    /// Its calls that were refused here.
    #[serde(default)]
    pub(super) refused: u32,
}

impl Process {
    pub(super) fn new(
        id: ProcessId,
        instance: InstanceId,
        origin: Origin,
        runtime_version: u64,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            instance,
            origin,
            runtime_version,
            pid: None,
            bound_pid: None,
            token: None,
            phase: Phase::Spawning,
            started_at: now,
            ready_at: None,
            contacted: false,
            ready: None,
            health: Health::default(),
            hosted: None,
            sessions: VecDeque::new(),
            idle_since: now,
            terminating: None,
            doomed: None,
            has_strays: false,
            uncollected: Vec::new(),
            end: None,
            refused: 0,
        }
    }

    pub(super) fn is_launched(&self) -> bool {
        matches!(self.origin, Origin::Launched { .. })
    }

    /// Something of it runs, or is about to.
    pub(super) fn is_alive(&self) -> bool {
        match self.phase {
            Phase::Spawning | Phase::Activating { .. } | Phase::Active | Phase::Ending { .. } => true,
            Phase::Ended { .. } => false,
        }
    }

    /// It, or what it started, may hold files and ports of its slot.
    pub(super) fn is_there(&self) -> bool {
        self.is_alive() || self.has_strays
    }

    /// Files of its slot are still needed for it.
    pub(super) fn needs_slot(&self) -> bool {
        self.is_there() || !self.uncollected.is_empty()
    }

    pub(super) fn is_active(&self) -> bool {
        self.phase == Phase::Active
    }

    pub(super) fn has_pid(&self, pid: u32) -> bool {
        self.pid == Some(pid) || self.bound_pid == Some(pid)
    }

    /// The pid that people know it by.
    pub(super) fn shown_pid(&self) -> u32 {
        self.bound_pid.or(self.pid).unwrap_or(0)
    }

    /// It was given this session, now or lately.
    pub(super) fn was_given(&self, session: &GameServerSessionId) -> bool {
        self.sessions.contains(session)
    }

    pub(super) fn give(&mut self, session: GameServerSessionId, now: Timestamp) {
        if self.sessions.len() == SESSIONS_REMEMBERED {
            self.sessions.pop_front();
        }
        self.sessions.push_back(session.clone());
        // What it writes and where is the business of who launched it (server-sdk.md 4.4).
        if self.is_launched() {
            self.uncollected.push(Uncollected { session: session.clone(), under_way: false });
        }
        self.hosted = Some(Hosted {
            id: session,
            activated: false,
            start_in_flight: true,
            sent: false,
            ordered_at: Some(now),
            sent_at: None,
            milestones: Vec::new(),
        });
    }

    /// When something is due for it.
    pub(super) fn next_wakeup(&self) -> Option<Timestamp> {
        if let Some(doomed) = &self.doomed {
            return self.is_alive().then_some(doomed.kill_at);
        }
        match &self.phase {
            Phase::Spawning | Phase::Ended { .. } => None,
            Phase::Activating { until } => Some(*until),
            Phase::Ending { exit_by } => *exit_by,
            Phase::Active => {
                let kill_at = self.terminating.as_ref().and_then(|terminating| terminating.kill_at);
                self.health.next_check.into_iter().chain(kill_at).min()
            }
        }
    }
}
