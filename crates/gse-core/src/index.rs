//! Keys by what they belong to, derived from the rows, so that no step has to look at every row.
//!
//! Derived means: an index built from the rows of a state equals the one that was kept while they changed. A test
//! compares them, and so does every restart.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::allocation::pool::Pools;
use crate::event::Event;
use crate::game_server_session::GameServerSession;
use crate::id::{EventId, FleetId, GameServerSessionId, InstanceId, PlayerSessionId, ProcessId};
use crate::instance::Instance;
use crate::placement::{Placement, PlacementKey, PlacementStatus};
use crate::player_session::PlayerSession;
use crate::process::Process;
use crate::state::Row;
use crate::table::Spread;
use crate::time::Timestamp;

/// A set of keys for each owner; an owner without keys is not in it.
pub(crate) type Owned<O, K> = BTreeMap<O, BTreeSet<K>>;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Index {
    pub(crate) players_of_session: Owned<Spread<GameServerSessionId>, PlayerSessionId>,
    pub(crate) processes_of_instance: Owned<InstanceId, ProcessId>,
    pub(crate) instances_of_fleet: Owned<FleetId, InstanceId>,
    /// Newest first, then by id: the order of the answers (G-18).
    pub(crate) sessions_of_fleet: Owned<FleetId, (Reverse<Timestamp>, GameServerSessionId)>,
    /// G-9.
    pub(crate) session_of_custom_id: Owned<(FleetId, String), GameServerSessionId>,
    /// G-9.
    pub(crate) session_of_token: Owned<(FleetId, String), GameServerSessionId>,
    /// G-10: what counts for the creator limit, by the time of creation.
    pub(crate) sessions_of_creator: Owned<(FleetId, String), (Timestamp, GameServerSessionId)>,
    /// In the order in which the events were written.
    pub(crate) events_of_fleet: BTreeMap<FleetId, BTreeMap<u64, EventId>>,
    pub(crate) pending_placements: BTreeSet<PlacementKey>,
    /// When each PENDING placement is looked at next, and since when it waits.
    pub(crate) attempts: BTreeSet<(Timestamp, Timestamp, PlacementKey)>,
    /// The placements that wait for a process of a fleet, who waits longest first (P-17).
    pub(crate) waiting: Owned<FleetId, (Timestamp, PlacementKey)>,
    /// The placement that a session is being activated for.
    pub(crate) placement_of_session: BTreeMap<Spread<GameServerSessionId>, PlacementKey>,
    /// Which processes can take a session.
    pub(crate) pools: Pools,
}

fn add<O: Ord, K: Ord>(owned: &mut Owned<O, K>, owner: O, key: K) {
    owned.entry(owner).or_default().insert(key);
}

fn remove<O: Ord, K: Ord>(owned: &mut Owned<O, K>, owner: &O, key: &K) {
    if let Some(keys) = owned.get_mut(owner) {
        keys.remove(key);
        if keys.is_empty() {
            owned.remove(owner);
        }
    }
}

impl Index {
    pub(crate) fn add(&mut self, row: &Row) {
        match row {
            Row::PlayerSession(row) => self.add_player_session(row),
            Row::Process(row) => self.add_process(row),
            Row::Instance(row) => self.add_instance(row),
            Row::GameServerSession(row) => self.add_game_server_session(row),
            Row::Event(row) => self.add_event(row),
            Row::Placement(row) => self.add_placement(row),
            Row::Asset(_)
            | Row::Fleet(_)
            | Row::Alias(_)
            | Row::Queue(_)
            | Row::RegionFault(_)
            | Row::Timer(_)
            | Row::Scaling(_)
            | Row::DecisionLog(_)
            | Row::Bucket(_)
            | Row::Demo(_)
            | Row::InstanceLife(_) => {}
        }
    }

    /// A row changed elsewhere. What a row belongs to never changes; where a store that is damaged says so, nothing is
    /// counted twice.
    pub(crate) fn replace(&mut self, old: &Row, new: &Row) {
        match (old, new) {
            (Row::Process(old), Row::Process(new)) if old.instance == new.instance => {
                let (before, after) = (old.fitness(), new.fitness());
                if before != after {
                    self.pools.change_process(new, Some(before), Some(after));
                }
            }
            (_, Row::Instance(new)) => drop(self.pools.set_instance(new)),
            (Row::Process(_), Row::Process(_)) | (Row::Placement(_), Row::Placement(_)) => {
                self.remove(old);
                self.add(new);
            }
            _ => {}
        }
    }

    pub(crate) fn add_player_session(&mut self, row: &PlayerSession) {
        add(&mut self.players_of_session, Spread::new(&row.session), row.id.clone());
    }

    pub(crate) fn add_process(&mut self, row: &Process) {
        add(&mut self.processes_of_instance, row.instance.clone(), row.id.clone());
        self.pools.change_process(row, None, Some(row.fitness()));
    }

    pub(crate) fn add_instance(&mut self, row: &Instance) {
        add(&mut self.instances_of_fleet, row.fleet.clone(), row.id.clone());
        self.pools.set_instance(row);
    }

    pub(crate) fn add_game_server_session(&mut self, row: &GameServerSession) {
        let of_fleet = |text: &String| (row.fleet.clone(), text.clone());
        add(&mut self.sessions_of_fleet, row.fleet.clone(), (Reverse(row.created), row.id.clone()));
        if let Some(custom_id) = &row.custom_id {
            add(&mut self.session_of_custom_id, of_fleet(custom_id), row.id.clone());
        }
        if let Some(token) = &row.idempotency_token {
            add(&mut self.session_of_token, of_fleet(token), row.id.clone());
        }
        if row.counts_for_creator() {
            add(&mut self.sessions_of_creator, of_fleet(&row.creator), (row.created, row.id.clone()));
        }
    }

    pub(crate) fn add_event(&mut self, row: &Event) {
        self.events_of_fleet.entry(row.fleet.clone()).or_default().insert(row.sequence, row.id.clone());
    }

    pub(crate) fn add_placement(&mut self, row: &Placement) {
        let key = row.key();
        if let Some(session) = &row.activating {
            self.placement_of_session.insert(Spread::new(session), key.clone());
        }
        for fleet in &row.waits_for {
            add(&mut self.waiting, fleet.clone(), (row.started, key.clone()));
        }
        if let Some(next) = row.next_attempt {
            self.attempts.insert((next, row.started, key.clone()));
        }
        if row.status == PlacementStatus::Pending {
            self.pending_placements.insert(key);
        }
    }

    pub(crate) fn remove_placement(&mut self, row: &Placement) {
        let key = row.key();
        if let Some(session) = &row.activating {
            self.placement_of_session.remove(&Spread::new(session));
        }
        for fleet in &row.waits_for {
            remove(&mut self.waiting, fleet, &(row.started, key.clone()));
        }
        if let Some(next) = row.next_attempt {
            self.attempts.remove(&(next, row.started, key.clone()));
        }
        self.pending_placements.remove(&key);
    }

    pub(crate) fn remove(&mut self, row: &Row) {
        match row {
            Row::PlayerSession(row) => {
                remove(&mut self.players_of_session, &Spread::new(&row.session), &row.id)
            }
            Row::Process(row) => {
                remove(&mut self.processes_of_instance, &row.instance, &row.id);
                self.pools.change_process(row, Some(row.fitness()), None);
            }
            Row::Instance(row) => {
                remove(&mut self.instances_of_fleet, &row.fleet, &row.id);
                self.pools.close_instance(&row.id);
            }
            Row::GameServerSession(row) => self.remove_game_server_session(row),
            Row::Event(row) => {
                if let Some(events) = self.events_of_fleet.get_mut(&row.fleet) {
                    events.remove(&row.sequence);
                    if events.is_empty() {
                        self.events_of_fleet.remove(&row.fleet);
                    }
                }
            }
            Row::Placement(row) => self.remove_placement(row),
            Row::Asset(_)
            | Row::Fleet(_)
            | Row::Alias(_)
            | Row::Queue(_)
            | Row::RegionFault(_)
            | Row::Timer(_)
            | Row::Scaling(_)
            | Row::DecisionLog(_)
            | Row::Bucket(_)
            | Row::Demo(_)
            | Row::InstanceLife(_) => {}
        }
    }

    fn remove_game_server_session(&mut self, row: &GameServerSession) {
        let of_fleet = |text: &String| (row.fleet.clone(), text.clone());
        remove(&mut self.sessions_of_fleet, &row.fleet, &(Reverse(row.created), row.id.clone()));
        if let Some(custom_id) = &row.custom_id {
            remove(&mut self.session_of_custom_id, &of_fleet(custom_id), &row.id);
        }
        if let Some(token) = &row.idempotency_token {
            remove(&mut self.session_of_token, &of_fleet(token), &row.id);
        }
        if row.counts_for_creator() {
            remove(&mut self.sessions_of_creator, &of_fleet(&row.creator), &(row.created, row.id.clone()));
        }
    }
}
