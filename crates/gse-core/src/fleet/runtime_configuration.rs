//! Which processes an instance runs, and changing that while it runs them (F-23).
//!
//! Which processes go is decided here, because who places sessions must know it first: a process of an entry that is not
//! configured any more gets no session, is asked to end when it hosts none, and is left alone until then. Which processes
//! are started, and what becomes of those that never were ready, is the supervisor's business (`supervisor/slot.rs`).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{Fleet, find_changeable};
use crate::id::{FleetId, InstanceId, ProcessId, Scope};
use crate::instance;
use crate::planted::planted;
use crate::process::{self, Load, Process};
use crate::state::State;

/// One launch entry: an executable and how many copies of it run on an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerProcess {
    /// Under `/local/game/` or `C:\game\`.
    pub launch_path: String,
    /// One command line, 0–1024 characters.
    pub parameters: String,
    /// At least 1; the sum over all entries is at most 50.
    pub concurrent_executions: u32,
}

/// What tells launch entries apart: path and parameters, and not how many copies run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryKey(u64);

impl ServerProcess {
    /// A number made of path and parameters (FNV-1a), so that a row of a process need not hold both.
    pub fn key(&self) -> EntryKey {
        let bytes = self.launch_path.bytes().chain([0]).chain(self.parameters.bytes());
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        EntryKey(bytes.fold(0xcbf2_9ce4_8422_2325, mix))
    }
}

/// Which processes an instance runs, and how sessions start on them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeConfiguration {
    /// Grows with each change of the entries (F-23), from 1.
    pub version: u64,
    /// At least one.
    pub server_processes: Vec<ServerProcess>,
    /// Sessions that may be ACTIVATING on one instance at a time; 0: unlimited (C-7).
    pub max_concurrent_activations: u32,
    /// 1–600.
    pub activation_timeout_s: u32,
}

impl RuntimeConfiguration {
    /// Processes of one instance, and so its most sessions (M-1).
    pub fn processes_per_instance(&self) -> u32 {
        self.server_processes.iter().map(|entry| entry.concurrent_executions).sum()
    }

    /// How many copies of each entry run on an instance; an entry that is listed twice counts twice.
    fn counts(&self) -> BTreeMap<EntryKey, u32> {
        let mut counts = BTreeMap::new();
        for entry in &self.server_processes {
            *counts.entry(entry.key()).or_default() += entry.concurrent_executions;
        }
        counts
    }

    /// Whether a process that was started with this version for this entry is one of those that are wanted now; one that
    /// somebody else launched has no entry and never grows old.
    pub(crate) fn is_current(&self, version: u64, entry: Option<EntryKey>) -> bool {
        let is_listed = |key| self.server_processes.iter().any(|listed| listed.key() == key);
        version == self.version || entry.is_none_or(is_listed)
    }
}

/// Changes the runtime configuration; what is absent stays.
#[derive(Clone, Debug)]
pub struct UpdateRuntimeConfiguration {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// ServerProcesses, the whole list.
    pub server_processes: Option<Vec<ServerProcess>>,
    /// MaxConcurrentGameServerSessionActivations; 0: unlimited.
    pub max_concurrent_activations: Option<u32>,
    /// GameServerSessionActivationTimeoutSeconds. Sessions that are being activated keep the time they were given.
    pub activation_timeout_s: Option<u32>,
}

impl Command for UpdateRuntimeConfiguration {
    type Reply = RuntimeConfiguration;
    const NAME: &'static str = "UpdateRuntimeConfiguration";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<RuntimeConfiguration, Error> {
        let fleet = find_changeable(state, &self.scope, &self.fleet)?;
        let mut runtime = fleet.runtime.clone();
        if let Some(server_processes) = self.server_processes {
            runtime.server_processes = server_processes;
        }
        runtime.max_concurrent_activations =
            self.max_concurrent_activations.unwrap_or(runtime.max_concurrent_activations);
        runtime.activation_timeout_s = self.activation_timeout_s.unwrap_or(runtime.activation_timeout_s);
        // F-23: what touches no entry starts no process.
        let is_new = runtime.counts() != fleet.runtime.counts();
        if is_new {
            runtime.version += 1;
        }
        if let Some(fleet) = state.fleets.get_mut(&self.fleet) {
            fleet.runtime = runtime.clone();
        }
        state.may_host_more(&self.fleet);
        if is_new {
            carry_out(state, cx, &self.fleet, &runtime);
        }
        Ok(runtime)
    }
}

/// The hosts are told, processes of entries that stay become those of the new version, and of the others those end that
/// host nothing.
fn carry_out(state: &mut State, cx: &mut Cx<'_>, fleet: &FleetId, runtime: &RuntimeConfiguration) {
    let instances: Vec<InstanceId> = state
        .instances_of(fleet)
        .filter(|instance| !instance.is_leaving())
        .map(|instance| instance.id.clone())
        .collect();
    for instance in instances {
        instance::order_start(state, cx, &instance);
        let mut processes: Vec<&Process> = state.processes_of(&instance).collect();
        // Of those that are too many, the youngest go.
        processes.sort_by_key(|process| Reverse((process.ready, process.id.clone())));
        let processes: Vec<(ProcessId, bool)> = processes
            .into_iter()
            .map(|process| (process.id.clone(), runtime.is_current(process.runtime_version, process.entry)))
            .collect();
        for (process, _) in processes.iter().filter(|(_, is_current)| *is_current) {
            state.edit_process(process, |row| row.runtime_version = runtime.version);
        }
        for (process, _) in processes {
            end_if_superseded(state, cx, &process);
        }
    }
}

/// Asks an idle process to end that the configuration does not want any more: its entry is gone, or more copies of it run
/// on its instance than are listed. Says whether it did.
pub(crate) fn end_if_superseded(state: &mut State, cx: &mut Cx<'_>, id: &ProcessId) -> bool {
    let Some(process) = state.processes.get(id) else { return false };
    let Some(fleet) = state.fleets.get(&process.fleet) else { return false };
    let is_idle = matches!(process.load, Load::Idle(_)) && !process.draining;
    if !is_idle || !is_superseded(state, fleet, process) || planted!(OldProcessesStay) {
        return false;
    }
    process::terminate(state, cx, id, "the runtime configuration was changed");
    true
}

fn is_superseded(state: &State, fleet: &Fleet, process: &Process) -> bool {
    if process.runtime_version != fleet.runtime.version {
        return true;
    }
    let Some(entry) = process.entry else { return false };
    let Some(wanted) = fleet.runtime.counts().get(&entry).copied() else { return false };
    let same = |other: &&Process| {
        other.entry == Some(entry) && !other.draining && other.runtime_version == fleet.runtime.version
    };
    state.processes_of(&process.instance).filter(same).count() > usize::try_from(wanted).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
