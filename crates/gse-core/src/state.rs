//! All rows of the control plane, and the changes that go to the store.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::alias::Alias;
use crate::asset::Asset;
use crate::event::Event;
use crate::fleet::Fleet;
use crate::game_server_session::GameServerSession;
use crate::id::{
    AliasId, AssetId, EventId, FleetId, GameServerSessionId, InstanceId, PlayerSessionId, ProcessId,
};
use crate::instance::Instance;
use crate::placement::{Placement, PlacementKey};
use crate::player_session::PlayerSession;
use crate::process::Process;
use crate::queue::{Queue, QueueKey};
use crate::table::Table;
use crate::time::Timestamp;

/// The number of the row format. Rows change additively; anything else raises this and brings a migration.
pub const SCHEMA_VERSION: u32 = 1;

macro_rules! rows {
    ($($kind:ident, $table:ident, $name:literal, $key:ty, $read_key:expr;)*) => {
        /// The kinds of row; each is a table of the store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

        /// One row of any kind.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "each holds the row type of that name")]
        pub enum Row { $($kind($kind),)* }

        impl Row {
            /// Its kind.
            pub fn kind(&self) -> RowKind {
                match self { $(Self::$kind(_) => RowKind::$kind,)* }
            }

            /// Its key inside its kind.
            pub fn key(&self) -> String {
                match self { $(Self::$kind(row) => $read_key(row).to_string(),)* }
            }

            /// When it wants to be looked at; every waiting state has a deadline in its row.
            pub fn deadline(&self) -> Option<Timestamp> {
                match self { $(Self::$kind(row) => row.deadline(),)* }
            }

            /// Reads the row of a kind back from the store's form.
            pub fn deserialize<'de, D: Deserializer<'de>>(kind: RowKind, from: D) -> Result<Self, D::Error> {
                match kind { $(RowKind::$kind => $kind::deserialize(from).map(Self::$kind),)* }
            }
        }

        impl Serialize for Row {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$kind(row) => row.serialize(to),)* }
            }
        }

        /// Everything the control plane knows. Rows are reached through their tables only.
        #[derive(Clone, Debug, Default)]
        #[expect(missing_docs, reason = "each is the table of the row type of that name")]
        pub struct State {
            $(pub $table: Table<$key, $kind>,)*
            /// Keys by what they belong to, derived from the rows.
            pub(crate) index: Index,
        }

        impl State {
            /// Puts a row of the store in.
            pub(crate) fn restore(&mut self, row: Row) {
                self.index.add(&row);
                match row { $(Row::$kind(row) => { let key = $read_key(&row).clone(); self.$table.restore(key, row); })* }
            }

            /// The rows touched since the last call.
            pub(crate) fn take_changes(&mut self) -> Vec<Change> {
                let mut changes = Vec::new();
                $(for (key, row) in self.$table.take_touched() {
                    changes.push(match row {
                        Some(row) => Change::Put(Row::$kind(row.clone())),
                        None => Change::Delete(RowKind::$kind, key.to_string()),
                    });
                })*
                changes
            }

            /// Every row, a copy each: kind by kind, by key. For checkers; reads use the tables.
            pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
                std::iter::empty()$(.chain(self.$table.values().cloned().map(Row::$kind)))*
            }

            /// Whether nothing was touched since the last `take_changes`.
            pub(crate) fn is_untouched(&self) -> bool {
                true $(&& self.$table.is_untouched())*
            }
        }
    };
}

rows! {
    Asset, assets, "asset", AssetId, |row: &Asset| row.id.clone();
    Fleet, fleets, "fleet", FleetId, |row: &Fleet| row.id.clone();
    Instance, instances, "instance", InstanceId, |row: &Instance| row.id.clone();
    Process, processes, "process", ProcessId, |row: &Process| row.id.clone();
    GameServerSession, game_server_sessions, "game_server_session", GameServerSessionId, |row: &GameServerSession| row.id.clone();
    PlayerSession, player_sessions, "player_session", PlayerSessionId, |row: &PlayerSession| row.id.clone();
    Alias, aliases, "alias", AliasId, |row: &Alias| row.id.clone();
    Queue, queues, "queue", QueueKey, |row: &Queue| row.key();
    Placement, placements, "placement", PlacementKey, |row: &Placement| row.key();
    Event, events, "event", EventId, |row: &Event| row.id.clone();
}

/// A change that goes to the store.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "changes are moved once, on their way to the store")]
pub enum Change {
    /// The row as it is now.
    Put(Row),
    /// The row of that key is gone.
    Delete(RowKind, String),
}

/// Keys by what they belong to. What a row belongs to never changes, so adding is enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub(crate) players_of_session: BTreeMap<GameServerSessionId, BTreeSet<PlayerSessionId>>,
    pub(crate) processes_of_instance: BTreeMap<InstanceId, BTreeSet<ProcessId>>,
    pub(crate) instances_of_fleet: BTreeMap<FleetId, BTreeSet<InstanceId>>,
    pub(crate) sessions_of_fleet: BTreeMap<FleetId, BTreeSet<GameServerSessionId>>,
    /// In the order in which the events were written.
    pub(crate) events_of_fleet: BTreeMap<FleetId, BTreeMap<u64, EventId>>,
}

impl Index {
    fn add(&mut self, row: &Row) {
        match row {
            Row::PlayerSession(row) => {
                self.players_of_session.entry(row.session.clone()).or_default().insert(row.id.clone());
            }
            Row::Process(row) => {
                self.processes_of_instance.entry(row.instance.clone()).or_default().insert(row.id.clone());
            }
            Row::Instance(row) => {
                self.instances_of_fleet.entry(row.fleet.clone()).or_default().insert(row.id.clone());
            }
            Row::GameServerSession(row) => {
                self.sessions_of_fleet.entry(row.fleet.clone()).or_default().insert(row.id.clone());
            }
            Row::Event(row) => {
                self.events_of_fleet
                    .entry(row.fleet.clone())
                    .or_default()
                    .insert(row.sequence, row.id.clone());
            }
            Row::Asset(_) | Row::Fleet(_) | Row::Alias(_) | Row::Queue(_) | Row::Placement(_) => {}
        }
    }
}

impl State {
    pub(crate) fn insert_player_session(&mut self, row: PlayerSession) {
        self.index.players_of_session.entry(row.session.clone()).or_default().insert(row.id.clone());
        self.player_sessions.insert(row.id.clone(), row);
    }

    pub(crate) fn insert_process(&mut self, row: Process) {
        self.index.processes_of_instance.entry(row.instance.clone()).or_default().insert(row.id.clone());
        self.processes.insert(row.id.clone(), row);
    }

    pub(crate) fn remove_process(&mut self, id: &ProcessId) {
        if let Some(row) = self.processes.remove(id)
            && let Some(processes) = self.index.processes_of_instance.get_mut(&row.instance)
        {
            processes.remove(id);
        }
    }

    pub(crate) fn insert_instance(&mut self, row: Instance) {
        self.index.instances_of_fleet.entry(row.fleet.clone()).or_default().insert(row.id.clone());
        self.instances.insert(row.id.clone(), row);
    }

    pub(crate) fn remove_instance(&mut self, id: &InstanceId) {
        if let Some(row) = self.instances.remove(id)
            && let Some(instances) = self.index.instances_of_fleet.get_mut(&row.fleet)
        {
            instances.remove(id);
        }
        self.index.processes_of_instance.remove(id);
    }

    pub(crate) fn insert_game_server_session(&mut self, row: GameServerSession) {
        self.index.sessions_of_fleet.entry(row.fleet.clone()).or_default().insert(row.id.clone());
        self.game_server_sessions.insert(row.id.clone(), row);
    }

    pub(crate) fn insert_event(&mut self, row: Event) {
        self.index.events_of_fleet.entry(row.fleet.clone()).or_default().insert(row.sequence, row.id.clone());
        self.events.insert(row.id.clone(), row);
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

    /// The sessions of a fleet that are retained, in any state.
    pub fn sessions_of(&self, fleet: &FleetId) -> impl Iterator<Item = &GameServerSession> {
        let ids = self.index.sessions_of_fleet.get(fleet).into_iter().flatten();
        ids.filter_map(|id| self.game_server_sessions.get(id))
    }

    /// The player sessions of a session, in any state.
    pub fn players_of(&self, session: &GameServerSessionId) -> impl Iterator<Item = &PlayerSession> {
        let ids = self.index.players_of_session.get(session).into_iter().flatten();
        ids.filter_map(|id| self.player_sessions.get(id))
    }
}
