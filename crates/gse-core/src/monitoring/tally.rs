//! What is there now, kept up to date by each change, so that no sample walks over sessions or processes.
//!
//! It begins with one walk over the rows of the start; afterwards a change costs a look-up, and only ever subtracts what
//! its old row had added.

use std::collections::BTreeMap;

use super::metric::{FLEET_COUNTS, FleetCount, QUEUE_COUNTS, QueueCount};
use crate::event::{Event, EventCode};
use crate::fleet::{Fleet, FleetStatus};
use crate::game_server_session::{GameServerSession, GameServerSessionStatus};
use crate::id::{FleetId, InstanceId, Region};
use crate::placement::{self, Placement, PlacementStatus};
use crate::player_session::{PlayerSession, PlayerSessionStatus};
use crate::process::Process;
use crate::queue::{self, QueueKey};
use crate::state::{Change, Row, RowKind, State};

/// Of one fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FleetTally {
    pub(super) activating: u64,
    pub(super) active: u64,
    pub(super) players: u64,
    pub(super) processes: u64,
    pub(super) healthy: u64,
    pub(super) available: u64,
    /// Since the start of the service, by `FleetCount`.
    pub(super) counts: [u64; FLEET_COUNTS],
}

/// Of one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InstanceTally {
    pub(super) processes: u64,
    pub(super) sessions: u64,
}

/// Of one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct QueueTally {
    pub(super) pending: u64,
    /// Sum of the times at which the pending requests were started, milliseconds.
    pub(super) started_ms: i128,
    /// Since the start of the service, by `QueueCount`.
    pub(super) counts: [u64; QUEUE_COUNTS],
    /// Placements in each region since the start of the service.
    pub(super) placed_in: BTreeMap<Region, u64>,
}

/// Of everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) fleets: BTreeMap<FleetId, FleetTally>,
    pub(super) instances: BTreeMap<InstanceId, InstanceTally>,
    pub(super) queues: BTreeMap<QueueKey, QueueTally>,
}

/// Adds or takes away.
fn step(count: &mut u64, by: u64, is_added: bool) {
    // What was never added cannot be taken away; a damaged store must not end the service.
    *count = if is_added { count.saturating_add(by) } else { count.saturating_sub(by) };
}

impl Tally {
    /// What the rows of a state give.
    pub(super) fn of(state: &State) -> Self {
        let mut tally = Self::default();
        state.processes.values().for_each(|row| tally.process(row, true));
        state.game_server_sessions.values().for_each(|row| tally.session(row, true));
        state.placements.values().for_each(|row| tally.placement(row, true));
        tally
    }

    /// A change that the state does not have yet.
    pub(super) fn see(&mut self, state: &State, change: &Change) {
        match change {
            Change::Put(row) => self.see_row(state, row),
            Change::Delete(RowKind::Process, key) => {
                if let Some(old) = state.processes.get(&crate::id::ProcessId::new(key.as_str())) {
                    self.process(old, false);
                    self.count(&old.fleet, FleetCount::Terminations);
                }
            }
            Change::Delete(RowKind::Instance, key) => {
                self.instances.remove(&InstanceId::new(key.as_str()));
            }
            Change::Delete(RowKind::Fleet, key) => {
                self.fleets.remove(&FleetId::new(key.as_str()));
            }
            Change::Delete(RowKind::Queue, key) => {
                QueueKey::parse(key).and_then(|key| self.queues.remove(&key));
            }
            Change::Delete(..) => {}
            // Over already, so it adds nothing.
            Change::Archive { .. } => {}
        }
    }

    fn see_row(&mut self, state: &State, row: &Row) {
        match row {
            Row::Process(new) => {
                match state.processes.get(&new.id) {
                    Some(old) => self.process(old, false),
                    None => self.count(&new.fleet, FleetCount::Activations),
                }
                self.process(new, true);
            }
            Row::GameServerSession(new) => {
                if let Some(old) = state.game_server_sessions.get(&new.id) {
                    self.session(old, false);
                }
                self.session(new, true);
            }
            Row::PlayerSession(new) => self.see_player(state, new),
            Row::Placement(new) => self.see_placement(state, new),
            Row::Event(new) if state.events.get(&new.id).is_none() => self.see_event(new),
            Row::Event(_)
            | Row::Asset(_)
            | Row::Fleet(_)
            | Row::Instance(_)
            | Row::Alias(_)
            | Row::Queue(_)
            | Row::Timer(_)
            | Row::Scaling(_)
            | Row::DecisionLog(_)
            | Row::Bucket(_)
            | Row::Demo(_)
            | Row::InstanceLife(_)
            | Row::RegionFault(_) => {}
        }
    }

    fn count(&mut self, fleet: &FleetId, what: FleetCount) {
        self.fleets.entry(fleet.clone()).or_default().counts[what as usize] += 1;
    }

    fn process(&mut self, row: &Process, is_added: bool) {
        let fleet = self.fleets.entry(row.fleet.clone()).or_default();
        step(&mut fleet.processes, 1, is_added);
        step(&mut fleet.healthy, u64::from(!row.unhealthy), is_added);
        step(&mut fleet.available, u64::from(row.fitness().idle.is_ok()), is_added);
        let instance = self.instances.entry(row.instance.clone()).or_default();
        step(&mut instance.processes, 1, is_added);
        step(&mut instance.sessions, u64::from(row.load.session().is_some()), is_added);
    }

    fn session(&mut self, row: &GameServerSession, is_added: bool) {
        let (activating, active) = match row.status {
            GameServerSessionStatus::Activating => (1, 0),
            GameServerSessionStatus::Active => (0, 1),
            GameServerSessionStatus::Terminating
            | GameServerSessionStatus::Terminated
            | GameServerSessionStatus::Error => return,
        };
        let fleet = self.fleets.entry(row.fleet.clone()).or_default();
        step(&mut fleet.activating, activating, is_added);
        step(&mut fleet.active, active, is_added);
        step(&mut fleet.players, row.seats_taken.into(), is_added);
    }

    fn see_player(&mut self, state: &State, new: &PlayerSession) {
        let was = state.player_sessions.get(&new.id).map(|old| old.status);
        if new.status == PlayerSessionStatus::Active && was != Some(PlayerSessionStatus::Active) {
            self.count(&new.fleet, FleetCount::PlayerActivations);
        }
    }

    fn see_event(&mut self, event: &Event) {
        let what = match event.code {
            EventCode::ServerProcessCrashed
            | EventCode::ServerProcessSdkInitializationTimeout
            | EventCode::ServerProcessProcessReadyTimeout
            | EventCode::ServerProcessTerminatedUnhealthy
            | EventCode::ServerProcessForceTerminated
            | EventCode::ServerProcessProcessExitTimeout => FleetCount::AbnormalTerminations,
            EventCode::FleetBinaryDownloadFailed
            | EventCode::FleetInitializationFailed
            | EventCode::FleetActivationFailedNoInstances => FleetCount::NoInstances,
            _ => return,
        };
        self.count(&event.fleet, what);
    }

    fn placement(&mut self, row: &Placement, is_added: bool) {
        if row.status != PlacementStatus::Pending {
            return;
        }
        let key = QueueKey { scope: row.scope.clone(), name: row.request.queue.clone() };
        let queue = self.queues.entry(key).or_default();
        step(&mut queue.pending, 1, is_added);
        let started = i128::from(row.started.millis());
        queue.started_ms += if is_added { started } else { -started };
    }

    fn see_placement(&mut self, state: &State, new: &Placement) {
        let old = state.placements.get(&new.key());
        if let Some(old) = old {
            self.placement(old, false);
        }
        self.placement(new, true);
        // The id of one that is over may be used again (R4): then it is another placement.
        let is_pending = |row: &Placement| row.status == PlacementStatus::Pending;
        let before = old.filter(|old| is_pending(old) || !is_pending(new)).map(|old| old.status);
        let key = QueueKey { scope: new.scope.clone(), name: new.request.queue.clone() };
        let queue = self.queues.entry(key).or_default();
        let mut count = |what: QueueCount| queue.counts[what as usize] += 1;
        if before.is_none() {
            count(QueueCount::Started);
        }
        if before == Some(new.status) {
            return;
        }
        match new.status {
            PlacementStatus::Pending => {}
            PlacementStatus::Cancelled => count(QueueCount::Canceled),
            PlacementStatus::Failed => count(QueueCount::Failed),
            PlacementStatus::TimedOut => count(QueueCount::TimedOut),
            PlacementStatus::Fulfilled => {
                count(QueueCount::Succeeded);
                choices(state, new).into_iter().for_each(&mut count);
                if let Some(fulfilment) = &new.fulfilment {
                    *queue.placed_in.entry(fulfilment.region.clone()).or_default() += 1;
                }
            }
        }
    }
}

/// What a placement that was fulfilled says of the choice that its queue had, as it is at that moment.
fn choices(state: &State, placed: &Placement) -> Vec<QueueCount> {
    let Some(fulfilment) = &placed.fulfilment else { return Vec::new() };
    let mut found = Vec::new();
    if placement::latency::lowest(&placed.request.latencies).contains(&fulfilment.region) {
        found.push(QueueCount::LowestLatency);
    }
    let key = QueueKey { scope: placed.scope.clone(), name: placed.request.queue.clone() };
    let first = state.queues.get(&key).and_then(|queue| queue.destinations.first());
    let first = first.and_then(|name| queue::resolve_destination(state, &placed.scope, name));
    let got = state.game_server_sessions.get(&fulfilment.session).map(|session| &session.fleet);
    let (Some(first), Some(got)) = (first, got) else { return found };
    let is_usable = |fleet: &&Fleet| fleet.status == FleetStatus::Active;
    match first.fleet.filter(is_usable) {
        Some(fleet) if fleet.id == *got => {}
        // Which latency policy kept it out is not looked at: that relaxes with time.
        Some(fleet) if placement::latency::is_reachable(&placed.request.latencies, &fleet.scope.region) => {
            found.push(QueueCount::FirstChoiceOutOfCapacity);
        }
        Some(_) | None => found.push(QueueCount::FirstChoiceNotViable),
    }
    found
}
