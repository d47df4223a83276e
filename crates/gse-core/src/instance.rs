//! Instances: one host slot of a fleet each (operations.md 2.7).

use serde::{Deserialize, Serialize};

use crate::capacity;
use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::fleet::{self, Fleet, FleetStatus, ProtectionPolicy, lifecycle};
use crate::game_server_session::{self, SessionEnd};
use crate::host::{HostOrder, InstanceSpec, PreparationStep, ProcessEnd, Termination};
use crate::id::{FleetId, IdKind, InstanceId, ProcessId, Scope};
use crate::observation::StartingProcess;
use crate::page::OffsetPage;
use crate::planted::planted;
use crate::process::{self, Load};
use crate::state::State;
use crate::statistics;
use crate::time::{END_OF_TIME_S, Timestamp};

pub mod extend;
mod set_aside;

pub use set_aside::{SetServerReserved, SetServerWeight};

/// Where an instance stands (F-29).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InstanceStatus {
    /// Package and processes are on their way.
    Pending,
    /// Its first process was ready.
    Active,
    /// Scaled in: asked to end, and gone when its last process has ended.
    Leaving,
    /// Its fleet failed or is deleted: everything on it is ended at once.
    Stopping,
}

/// One instance. The row goes away with the instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The account and region.
    pub scope: Scope,
    /// Its fleet.
    pub fleet: FleetId,
    /// Where it stands.
    pub status: InstanceStatus,
    /// 0–10; 0 gives it no new sessions (F-31).
    pub weight: u32,
    /// Kept for investigation (F-32).
    pub reserved: bool,
    /// The address that players use; empty until its first process is ready.
    pub ip_address: String,
    /// From the fleet.
    pub instance_type: String,
    /// When it was requested.
    pub created: Timestamp,
    /// When its order is given again, while it waits for its host.
    pub deadline: Option<Timestamp>,
    /// When its machine is there; until then no host is told of it (R73).
    #[serde(default)]
    pub machine_at: Option<Timestamp>,
    /// Its processes that were started and have not called ProcessReady; decides nothing.
    #[serde(default)]
    pub starting: Vec<StartingProcess>,
    /// How many stretches of running time have begun; the newest one may go on (`statistics`).
    #[serde(default)]
    pub lives: u32,
}

const DEFAULT_WEIGHT: u32 = 5;

impl Instance {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// Whether it has not had a process that was ready.
    pub fn is_pending(&self) -> bool {
        self.status == InstanceStatus::Pending
    }

    /// Whether it still waits for its machine.
    fn has_no_machine(&self, now: Timestamp) -> bool {
        self.machine_at.is_some_and(|at| at > now)
    }

    /// Whether it is on its way out.
    pub fn is_leaving(&self) -> bool {
        match self.status {
            InstanceStatus::Pending | InstanceStatus::Active => false,
            InstanceStatus::Leaving | InstanceStatus::Stopping => true,
        }
    }
}

/// Requests one more instance of a fleet.
pub(crate) fn start(state: &mut State, cx: &mut Cx<'_>, fleet_id: &FleetId) {
    let Some(fleet) = state.fleets.get(fleet_id) else { return };
    let pace = cx.clocks.pace_machine;
    let machine_at = (!pace.is_zero()).then(|| cx.now.plus(pace));
    let instance = Instance {
        id: InstanceId::new(format!("ins-{}", cx.suffix(IdKind::Instance))),
        scope: fleet.scope.clone(),
        fleet: fleet.id.clone(),
        status: InstanceStatus::Pending,
        weight: DEFAULT_WEIGHT,
        reserved: false,
        ip_address: String::new(),
        instance_type: fleet.instance_type.clone(),
        created: cx.now,
        deadline: Some(machine_at.unwrap_or_else(|| cx.now.plus(cx.clocks.host_resync))),
        machine_at,
        starting: Vec::new(),
        lives: 0,
    };
    let id = instance.id.clone();
    state.insert_instance(instance);
    for order in orders(state, cx.now, cx.clocks.protection_none, cx.clocks.protection_minute, &id) {
        cx.order(&id, order);
    }
}

/// Sets a state that the instance's host has been or will be told of.
pub(crate) fn set_status(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId, status: InstanceStatus) {
    let deadline = match status {
        InstanceStatus::Active => None,
        InstanceStatus::Leaving if planted!(DrainNotRepeated) => None,
        InstanceStatus::Pending | InstanceStatus::Leaving | InstanceStatus::Stopping => {
            Some(cx.now.plus(cx.clocks.host_resync))
        }
    };
    state.edit_instance(id, |instance| {
        instance.status = status;
        instance.deadline = deadline;
    });
    match status {
        InstanceStatus::Active => statistics::begin(state, cx, id),
        InstanceStatus::Pending => statistics::end(state, cx, id),
        // It runs until it is gone.
        InstanceStatus::Leaving | InstanceStatus::Stopping => {}
    }
}

/// Everything that the host of an instance must be doing now, derived from the rows alone.
pub(crate) fn orders(
    state: &State,
    now: Timestamp,
    protection_none: std::time::Duration,
    protection_minute: std::time::Duration,
    id: &InstanceId,
) -> Vec<HostOrder> {
    let Some(instance) = state.instances.get(id) else { return Vec::new() };
    let Some(fleet) = state.fleets.get(&instance.fleet) else { return Vec::new() };
    let terms = Terms { now, protection_none, protection_minute };
    match instance.status {
        InstanceStatus::Pending if instance.has_no_machine(now) => vec![],
        InstanceStatus::Stopping => vec![HostOrder::StopInstance],
        InstanceStatus::Leaving => {
            let drain = drain_order(state, fleet, id, terms);
            let kills = state.processes_of(id).filter_map(process::kill_order);
            [drain].into_iter().chain(kills).chain(confirm_order(state, id)).collect()
        }
        InstanceStatus::Pending | InstanceStatus::Active => {
            let mut orders: Vec<HostOrder> = start_order(state, fleet, instance).into_iter().collect();
            for process in state.processes_of(id) {
                if let Load::Reserved(session) = &process.load {
                    orders.extend(game_server_session::start_order(state, session));
                }
                if let Some(kill) = process::kill_order(process) {
                    orders.push(kill);
                } else if process.draining && !planted!(TerminationNotRepeated) {
                    orders.push(process::terminate_order(state, process, terms, "it was told to end before"));
                }
            }
            orders.extend(confirm_order(state, id));
            orders
        }
    }
}

/// What must be heard again if it was lost: that a process is gone or unhealthy.
fn confirm_order(state: &State, id: &InstanceId) -> Option<HostOrder> {
    let processes: Vec<ProcessId> = state.processes_of(id).map(|process| process.id.clone()).collect();
    (!processes.is_empty()).then_some(HostOrder::ConfirmProcesses(processes))
}

fn start_order(state: &State, fleet: &Fleet, instance: &Instance) -> Option<HostOrder> {
    let asset = state.assets.get(&fleet.asset)?;
    Some(HostOrder::StartInstance(InstanceSpec {
        fleet: fleet.id.clone(),
        region: fleet.scope.region.clone(),
        // A fleet of an image is never made (R63).
        package: asset.package.clone()?,
        runtime_version: fleet.runtime.version,
        server_processes: fleet.runtime.server_processes.clone(),
        trial: !fleet.was_active,
        reserved: instance.reserved,
    }))
}

/// Tells the host what to run; an instance that runs already is changed to it (F-23).
pub(crate) fn order_start(state: &State, cx: &mut Cx<'_>, id: &InstanceId) {
    let Some(instance) = state.instances.get(id).filter(|row| !row.has_no_machine(cx.now)) else { return };
    let fleet = state.fleets.get(&instance.fleet);
    if let Some(order) = fleet.and_then(|fleet| start_order(state, fleet, instance)) {
        cx.order(id, order);
    }
}

/// What decides how long a process may go on.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) now: Timestamp,
    pub(crate) protection_none: std::time::Duration,
    pub(crate) protection_minute: std::time::Duration,
}

impl Terms {
    pub(crate) fn of(cx: &Cx<'_>) -> Self {
        Self {
            now: cx.now,
            protection_none: cx.clocks.protection_none,
            protection_minute: cx.clocks.protection_minute,
        }
    }

    /// server-sdk.md 3.4, R11: what a process is told, and when it is killed.
    pub(crate) fn termination(self, policy: ProtectionPolicy, limit_minutes: u32) -> Termination {
        let until = |duration| {
            let deadline = self.now.plus(duration);
            Termination { termination_time_s: deadline.seconds(), deadline: Some(deadline) }
        };
        match policy {
            ProtectionPolicy::NoProtection => until(self.protection_none),
            ProtectionPolicy::TimeLimitProtection => {
                until(self.protection_minute.saturating_mul(limit_minutes))
            }
            ProtectionPolicy::FullProtection => {
                Termination { termination_time_s: END_OF_TIME_S, deadline: None }
            }
        }
    }
}

fn drain_order(state: &State, fleet: &Fleet, id: &InstanceId, terms: Terms) -> HostOrder {
    let hosting = state.processes_of(id).filter_map(|process| {
        let session = state.game_server_sessions.get(process.load.session()?)?;
        Some((process.id.clone(), terms.termination(session.protection, fleet.protection_time_limit_minutes)))
    });
    // S-25: a process with no session is never protected.
    HostOrder::DrainInstance {
        hosting: hosting.collect(),
        others: terms.termination(ProtectionPolicy::NoProtection, 0),
    }
}

/// Scale-in has chosen this instance: blocked for new sessions, every process is asked to end (S-24).
pub(crate) fn begin_leaving(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    set_status(state, cx, id, InstanceStatus::Leaving);
    let processes: Vec<ProcessId> = state.processes_of(id).map(|process| process.id.clone()).collect();
    for process in processes.into_iter().filter(|_| !planted!(LeavingNotTold)) {
        process::drain(state, &process);
    }
    for order in orders(state, cx.now, cx.clocks.protection_none, cx.clocks.protection_minute, id) {
        cx.order(id, order);
    }
}

/// The instance has waited for its host: its order may have been lost, and is given again.
pub(crate) fn on_deadline(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    let deadline = Some(cx.now.plus(cx.clocks.host_resync));
    if state.edit_instance(id, |instance| instance.deadline = deadline).is_none() {
        return;
    }
    for order in orders(state, cx.now, cx.clocks.protection_none, cx.clocks.protection_minute, id) {
        cx.order(id, order);
    }
}

/// The host makes the slot, from nothing. This report may be a late or repeated one, so it proves nothing about what
/// the instance runs now: the host is asked, and tells of each process that is lost.
pub(crate) fn on_preparation_started(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    let Some(fleet) = state.instances.get(id).map(|instance| instance.fleet.clone()) else { return };
    if let Some(order) = confirm_order(state, id) {
        cx.order(id, order);
    }
    lifecycle::on_preparation_started(state, cx, &fleet);
}

/// The host knows nothing of a process of this instance (F-35). When it was the last one, the instance is made again.
pub(crate) fn on_process_lost(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    let Some(instance) = state.instances.get(id) else { return };
    let fleet = instance.fleet.clone();
    if instance.status != InstanceStatus::Active || state.processes_of(id).next().is_some() {
        return;
    }
    set_status(state, cx, id, InstanceStatus::Pending);
    let message = format!("instance {id} was lost and is made again");
    event::write(state, cx, &fleet, EventCode::ServerDown, message);
}

/// The host goes on with a slot that its predecessor left (R21). It has no process but those it names; a report about
/// the making of the slot that was lost is made up for. Told once and first, so a process that it does not name cannot
/// have begun after it.
pub(crate) fn on_reattached(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId, named: &[ProcessId]) {
    let Some(fleet) = state.instances.get(id).map(|instance| instance.fleet.clone()) else { return };
    lifecycle::on_preparation_started(state, cx, &fleet);
    let log = "the slot was found as an earlier run had left it\n".to_owned();
    lifecycle::on_launch_paths_checked(state, cx, &fleet, &[], log);
    if state.instances.get(id).is_some_and(|instance| instance.status == InstanceStatus::Active) {
        // One that was made by a version which did not count.
        statistics::begin(state, cx, id);
    }
    let known = state.processes_of(id).map(|process| process.id.clone());
    let missing: Vec<ProcessId> = known.filter(|process| !named.contains(process)).collect();
    for process in missing {
        let end = ProcessEnd::Crashed("its host was restarted and does not have it any more".into());
        process::on_ended(state, cx, id, &process, &end, String::new());
    }
}

/// The slot could not be made. A fleet that was ACTIVE before tries again with the next order.
pub(crate) fn on_preparation_failed(
    state: &mut State,
    cx: &mut Cx<'_>,
    id: &InstanceId,
    step: PreparationStep,
    reason: &str,
    log: String,
) {
    let Some(fleet) = state.instances.get(id).map(|instance| instance.fleet.clone()) else { return };
    lifecycle::on_preparation_failed(state, cx, &fleet, step, reason, log);
}

/// The slot is gone.
pub(crate) fn on_stopped(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    let Some(fleet) = state.instances.get(id).map(|instance| instance.fleet.clone()) else { return };
    lose_processes(state, cx, id);
    statistics::end(state, cx, id);
    state.remove_instance(id);
    lifecycle::finish_deletion(state, cx, &fleet);
    capacity::reconcile(state, cx, &fleet);
}

/// The processes of an instance are no more; what they hosted ends as ERROR (F-35).
fn lose_processes(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    let processes: Vec<ProcessId> = state.processes_of(id).map(|process| process.id.clone()).collect();
    for process in processes {
        if let Some(session) = state.processes.get(&process).and_then(|row| row.load.session().cloned()) {
            game_server_session::end(state, cx, &session, SessionEnd::Error, "its instance was lost");
        }
        state.remove_process(&process);
    }
}

/// An instance of a fleet of this account and region.
pub fn find<'a>(
    state: &'a State,
    scope: &Scope,
    fleet: &FleetId,
    id: &InstanceId,
) -> Result<&'a Instance, Error> {
    let fleet = fleet::find_live(state, scope, fleet)?;
    let instance = state.instances.get(id).filter(|instance| instance.fleet == fleet.id);
    instance.ok_or_else(|| Error::InstanceNotFound(id.clone()))
}

/// GetInstanceAccess (F-33): an instance is a slot on a host, and this version gives nobody a shell on a host.
pub fn access(
    state: &State,
    scope: &Scope,
    fleet: &FleetId,
    id: &InstanceId,
) -> Result<std::convert::Infallible, Error> {
    let instance = find(state, scope, fleet, id)?;
    Err(Error::NoRemoteLogin(instance.id.clone()))
}

/// What DescribeInstances asks for; conditions are combined with AND.
#[derive(Clone, Debug)]
pub struct InstanceQuery {
    /// Who asks.
    pub scope: Scope,
    /// FleetId.
    pub fleet: Option<FleetId>,
    /// InstanceId.
    pub instance: Option<InstanceId>,
    /// IpAddress.
    pub ip_address: Option<String>,
    /// Records to leave out.
    pub offset: usize,
    /// Records at most.
    pub limit: usize,
}

/// The instances that match, oldest first.
pub fn describe<'a>(state: &'a State, query: &InstanceQuery) -> OffsetPage<&'a Instance> {
    let mut instances: Vec<&Instance> = state
        .instances
        .values()
        .filter(|instance| instance.scope == query.scope)
        .filter(|instance| query.fleet.as_ref().is_none_or(|fleet| instance.fleet == *fleet))
        .filter(|instance| query.instance.as_ref().is_none_or(|id| instance.id == *id))
        .filter(|instance| query.ip_address.as_ref().is_none_or(|ip| instance.ip_address == *ip))
        .collect();
    instances.sort_by(|a, b| a.created.cmp(&b.created).then(a.id.cmp(&b.id)));
    OffsetPage::cut(instances.into_iter(), query.offset, query.limit)
}

/// Whether a fleet in this state may have instances started for it.
pub(crate) fn may_start(status: FleetStatus) -> bool {
    match status {
        FleetStatus::New
        | FleetStatus::Downloading
        | FleetStatus::Validating
        | FleetStatus::Building
        | FleetStatus::Activating
        | FleetStatus::Active => true,
        FleetStatus::Error | FleetStatus::Deleting | FleetStatus::Terminated => false,
    }
}
