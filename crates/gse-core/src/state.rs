//! All rows of the control plane, and the changes that go to the store.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::alias::Alias;
use crate::asset::Asset;
use crate::bucket::Bucket;
use crate::capacity::{DecisionLog, Scaling};
use crate::demo::Demo;
use crate::event::Event;
use crate::fleet::Fleet;
use crate::game_server_session::GameServerSession;
use crate::id::{
    AliasId, AssetId, BucketName, DemoId, EventId, FleetId, GameServerSessionId, InstanceId, InstanceLifeId,
    PlayerSessionId, ProcessId, Region, TimerId,
};
use crate::index::Index;
use crate::instance::Instance;
use crate::placement::{Placement, PlacementKey};
use crate::player_session::PlayerSession;
use crate::process::Process;
use crate::queue::{Queue, QueueKey};
use crate::region::RegionFault;
use crate::statistics::InstanceLife;
use crate::table::{Spread, Table};
use crate::time::Timestamp;
use crate::timer::Timer;

/// The number of the row format. Rows change additively; anything else raises this and brings a migration
/// (`gse-store/src/migration.rs`).
pub const SCHEMA_VERSION: u32 = 2;

macro_rules! rows {
    ($($kind:ident, $table:ident, $name:literal, $key:ty, $read_key:expr, $parse_key:expr, $shared_key:expr;)*) => {
        /// The kinds of row; each is a table of the store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is the kind of the row type of that name")]
        pub enum RowKind { $($kind,)* }

        impl RowKind {
            /// All kinds.
            pub const ALL: &'static [RowKind] = &[$(RowKind::$kind,)*];

            /// The name of the store's table.
            pub fn table_name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }

        /// One row of any kind, shared by all who hold it.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "each holds the row type of that name")]
        pub enum Row { $($kind(Arc<$kind>),)* }

        $(impl From<$kind> for Row {
            fn from(row: $kind) -> Self {
                Self::$kind(Arc::new(row))
            }
        })*

        impl Row {
            /// Its kind.
            pub fn kind(&self) -> RowKind {
                match self { $(Self::$kind(_) => RowKind::$kind,)* }
            }

            /// Its key inside its kind.
            pub fn key(&self) -> String {
                match self { $(Self::$kind(row) => $read_key(row).to_string(),)* }
            }

            /// The same, without a copy where the key is an id.
            pub fn shared_key(&self) -> Arc<str> {
                match self { $(Self::$kind(row) => $shared_key(row),)* }
            }

            /// When it wants to be looked at; every waiting state has a deadline in its row.
            pub fn deadline(&self) -> Option<Timestamp> {
                match self { $(Self::$kind(row) => row.deadline(),)* }
            }

            /// Reads the row of a kind back from the store's form.
            pub fn deserialize<'de, D: Deserializer<'de>>(kind: RowKind, from: D) -> Result<Self, D::Error> {
                match kind { $(RowKind::$kind => $kind::deserialize(from).map(Self::from),)* }
            }
        }

        impl Serialize for Row {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$kind(row) => row.as_ref().serialize(to),)* }
            }
        }

        /// Everything the control plane knows. Rows are reached through their tables only.
        #[derive(Clone, Debug, Default)]
        #[expect(missing_docs, reason = "each is the table of the row type of that name")]
        pub struct State {
            $(pub $table: Table<$key, $kind>,)*
            /// Keys by what they belong to, derived from the rows.
            pub(crate) index: Index,
            /// Rows that left in this step for the archive.
            archived: Vec<Change>,
            /// Fleets that may be able to host more than before this step; what waits for them is woken.
            improved: BTreeSet<FleetId>,
        }

        impl State {
            /// Takes over what another state has committed: this is how a replica for reads is kept up to date.
            pub fn follow(&mut self, change: Change) {
                match change {
                    Change::Put(row) => self.restore(row),
                    Change::Delete(kind, key) => match kind { $(RowKind::$kind => {
                        if let Some(old) = $parse_key(&key).and_then(|key: $key| self.$table.take(&key)) {
                            self.index.remove(&Row::$kind(old));
                        }
                    })* },
                    Change::Archive { row, .. } => match row { $(Row::$kind(row) => {
                        if let Some(old) = self.$table.take(&$read_key(&row)) {
                            self.index.remove(&Row::$kind(old));
                        }
                    })* },
                }
            }

            /// Puts a row of the store in.
            pub(crate) fn restore(&mut self, row: Row) {
                match row { $(Row::$kind(row) => {
                    match self.$table.restore($read_key(&row), Arc::clone(&row)) {
                        Some(old) => self.index.replace(&Row::$kind(old), &Row::$kind(row)),
                        None => self.index.add(&Row::$kind(row)),
                    }
                })* }
            }

            /// The rows touched since the last call.
            pub(crate) fn take_changes(&mut self) -> Vec<Change> {
                let mut changes = std::mem::take(&mut self.archived);
                $(if !self.$table.is_untouched() {
                    for (key, row) in self.$table.take_touched() {
                        changes.push(match row {
                            Some(row) => Change::Put(Row::$kind(row)),
                            None => Change::Delete(RowKind::$kind, key.to_string()),
                        });
                    }
                })*
                changes
            }

            /// Every row, shared: kind by kind, by key. For checkers; reads use the tables.
            pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
                std::iter::empty()$(.chain(self.$table.iter_shared().cloned().map(Row::$kind)))*
            }

            /// Whether nothing was touched since the last `take_changes`.
            pub(crate) fn is_untouched(&self) -> bool {
                self.archived.is_empty() $(&& self.$table.is_untouched())*
            }
        }
    };
}

rows! {
    Asset, assets, "asset", AssetId, |row: &Asset| row.id.clone(), id_key(AssetId::new), |row: &Asset| row.id.shared();
    Fleet, fleets, "fleet", FleetId, |row: &Fleet| row.id.clone(), id_key(FleetId::new), |row: &Fleet| row.id.shared();
    Instance, instances, "instance", InstanceId, |row: &Instance| row.id.clone(), id_key(InstanceId::new), |row: &Instance| row.id.shared();
    Process, processes, "process", ProcessId, |row: &Process| row.id.clone(), id_key(ProcessId::new), |row: &Process| row.id.shared();
    GameServerSession, game_server_sessions, "game_server_session", GameServerSessionId, |row: &GameServerSession| row.id.clone(), id_key(GameServerSessionId::new), |row: &GameServerSession| row.id.shared();
    PlayerSession, player_sessions, "player_session", PlayerSessionId, |row: &PlayerSession| row.id.clone(), id_key(PlayerSessionId::new), |row: &PlayerSession| row.id.shared();
    Alias, aliases, "alias", AliasId, |row: &Alias| row.id.clone(), id_key(AliasId::new), |row: &Alias| row.id.shared();
    Queue, queues, "queue", QueueKey, |row: &Queue| row.key(), QueueKey::parse, |row: &Queue| row.key().to_string().into();
    Placement, placements, "placement", PlacementKey, |row: &Placement| row.key(), PlacementKey::parse, |row: &Placement| row.key().to_string().into();
    Timer, timers, "timer", TimerId, |row: &Timer| row.id.clone(), id_key(TimerId::new), |row: &Timer| row.id.shared();
    Scaling, scalings, "scaling", FleetId, |row: &Scaling| row.fleet.clone(), id_key(FleetId::new), |row: &Scaling| row.fleet.shared();
    DecisionLog, decision_logs, "decision_log", FleetId, |row: &DecisionLog| row.fleet.clone(), id_key(FleetId::new), |row: &DecisionLog| row.fleet.shared();
    Event, events, "event", EventId, |row: &Event| row.id.clone(), id_key(EventId::new), |row: &Event| row.id.shared();
    RegionFault, region_faults, "region_fault", Region, |row: &RegionFault| row.region.clone(), id_key(Region::new), |row: &RegionFault| row.region.shared();
    Bucket, buckets, "bucket", BucketName, |row: &Bucket| row.name.clone(), id_key(BucketName::new), |row: &Bucket| row.name.shared();
    Demo, demos, "demo", DemoId, |row: &Demo| row.id.clone(), id_key(DemoId::new), |row: &Demo| row.id.shared();
    InstanceLife, instance_lives, "instance_life", InstanceLifeId, |row: &InstanceLife| row.id.clone(), id_key(InstanceLifeId::new), |row: &InstanceLife| row.id.shared();
}

/// An id is its own printed form.
fn id_key<K>(new: fn(String) -> K) -> impl Fn(&str) -> Option<K> {
    move |text| Some(new(text.to_string()))
}

/// A change that goes to the store.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The row as it is now.
    Put(Row),
    /// The row of that key is gone.
    Delete(RowKind, String),
    /// The row left memory for the archive: it never changes again, is read from the store, and is forgotten then.
    Archive {
        /// The row as it is for ever.
        row: Row,
        /// When it is forgotten.
        until: Timestamp,
    },
}

impl State {
    pub(crate) fn insert_player_session(&mut self, row: PlayerSession) {
        self.index.add_player_session(&row);
        self.player_sessions.insert(row.id.clone(), row);
    }

    /// What waits for this fleet is woken at the end of the step. Changes of processes and instances say so themselves.
    pub(crate) fn may_host_more(&mut self, fleet: &FleetId) {
        self.improved.insert(fleet.clone());
    }

    /// The fleets that may be able to host more than before.
    pub(crate) fn take_improved(&mut self) -> BTreeSet<FleetId> {
        std::mem::take(&mut self.improved)
    }

    pub(crate) fn insert_process(&mut self, row: Process) {
        self.index.add_process(&row);
        self.improved.insert(row.fleet.clone());
        self.processes.insert(row.id.clone(), row);
    }

    /// Changes a process; what it can host is looked at again. The only way to change one.
    pub(crate) fn edit_process<R>(
        &mut self,
        id: &ProcessId,
        edit: impl FnOnce(&mut Process) -> R,
    ) -> Option<R> {
        let row = self.processes.get_mut(id)?;
        let before = row.fitness();
        let result = edit(row);
        let after = row.fitness();
        if before != after {
            let frees_an_activation = before.is_activating && !after.is_activating;
            if frees_an_activation || (after.idle.is_ok() && before.idle.is_err()) {
                self.improved.insert(row.fleet.clone());
            }
            self.index.pools.change_process(row, Some(before), Some(after));
        }
        Some(result)
    }

    pub(crate) fn remove_process(&mut self, id: &ProcessId) {
        if let Some(row) = self.processes.remove(id) {
            self.index.remove(&Row::Process(row));
        }
    }

    pub(crate) fn insert_instance(&mut self, row: Instance) {
        self.index.add_instance(&row);
        self.instances.insert(row.id.clone(), row);
    }

    /// Changes an instance; what its processes can host is looked at again. The only way to change one.
    pub(crate) fn edit_instance<R>(
        &mut self,
        id: &InstanceId,
        edit: impl FnOnce(&mut Instance) -> R,
    ) -> Option<R> {
        let row = self.instances.get_mut(id)?;
        let result = edit(row);
        if self.index.pools.set_instance(row) {
            self.improved.insert(row.fleet.clone());
        }
        Some(result)
    }

    pub(crate) fn remove_instance(&mut self, id: &InstanceId) {
        if let Some(row) = self.instances.remove(id) {
            self.index.remove(&Row::Instance(row));
        }
    }

    pub(crate) fn insert_game_server_session(&mut self, row: GameServerSession) {
        self.index.add_game_server_session(&row);
        self.game_server_sessions.insert(row.id.clone(), row);
    }

    pub(crate) fn insert_event(&mut self, row: Event) {
        self.index.add_event(&row);
        self.events.insert(row.id.clone(), row);
    }

    /// Puts a placement in, in place of an earlier one of that key.
    pub(crate) fn insert_placement(&mut self, row: Placement) {
        if let Some(earlier) = self.placements.get(&row.key()) {
            self.index.remove_placement(earlier);
        }
        self.index.add_placement(&row);
        self.placements.insert(row.key(), row);
    }

    /// Changes a placement; what waits is looked at again. The only way to change one.
    pub(crate) fn edit_placement<R>(
        &mut self,
        key: &PlacementKey,
        edit: impl FnOnce(&mut Placement) -> R,
    ) -> Option<R> {
        let row = self.placements.get_mut(key)?;
        self.index.remove_placement(row);
        let result = edit(row);
        self.index.add_placement(row);
        Some(result)
    }

    /// Takes an ended row out of memory; it stays readable in the store until then.
    pub(crate) fn archive(&mut self, row: Row, until: Timestamp) {
        match &row {
            Row::GameServerSession(row) => drop(self.game_server_sessions.take(&row.id)),
            Row::PlayerSession(row) => drop(self.player_sessions.take(&row.id)),
            Row::Placement(row) => drop(self.placements.take(&row.key())),
            Row::Event(row) => drop(self.events.take(&row.id)),
            Row::Asset(_)
            | Row::Fleet(_)
            | Row::Instance(_)
            | Row::Process(_)
            | Row::Alias(_)
            | Row::Queue(_)
            | Row::RegionFault(_)
            | Row::Timer(_)
            | Row::Scaling(_)
            | Row::DecisionLog(_)
            | Row::Bucket(_)
            | Row::Demo(_)
            | Row::InstanceLife(_) => panic!("rows of kind {:?} are never archived", row.kind()),
        }
        self.index.remove(&row);
        self.archived.push(Change::Archive { row, until });
    }

    /// Takes an ended row out for ever.
    pub(crate) fn forget(&mut self, row: Row) {
        match &row {
            Row::GameServerSession(row) => drop(self.game_server_sessions.remove(&row.id)),
            Row::PlayerSession(row) => drop(self.player_sessions.remove(&row.id)),
            Row::Placement(row) => drop(self.placements.remove(&row.key())),
            Row::Event(row) => drop(self.events.remove(&row.id)),
            Row::Asset(_)
            | Row::Fleet(_)
            | Row::Instance(_)
            | Row::Process(_)
            | Row::Alias(_)
            | Row::Queue(_)
            | Row::RegionFault(_)
            | Row::Timer(_)
            | Row::Scaling(_)
            | Row::DecisionLog(_)
            | Row::Bucket(_)
            | Row::Demo(_)
            | Row::InstanceLife(_) => panic!("rows of kind {:?} do not end by time", row.kind()),
        }
        self.index.remove(&row);
    }

    /// The instances of a fleet that exist, in any state.
    pub fn instances_of(&self, fleet: &FleetId) -> impl Iterator<Item = &Instance> {
        self.index.instances_of_fleet.get(fleet).into_iter().flatten().filter_map(|id| self.instances.get(id))
    }

    /// The processes of an instance.
    pub fn processes_of(&self, instance: &InstanceId) -> impl Iterator<Item = &Process> {
        self.index
            .processes_of_instance
            .get(instance)
            .into_iter()
            .flatten()
            .filter_map(|id| self.processes.get(id))
    }

    /// The sessions of a fleet that are in memory, in any state, newest first, then by id.
    pub fn sessions_of(&self, fleet: &FleetId) -> impl Iterator<Item = &GameServerSession> {
        let ids = self.index.sessions_of_fleet.get(fleet).into_iter().flatten();
        ids.filter_map(|(_, id)| self.game_server_sessions.get(id))
    }

    /// The player sessions of a session that are in memory, in any state.
    pub fn players_of(&self, session: &GameServerSessionId) -> impl Iterator<Item = &PlayerSession> {
        let ids = self.index.players_of_session.get(&Spread::new(session)).into_iter().flatten();
        ids.filter_map(|id| self.player_sessions.get(id))
    }
}
