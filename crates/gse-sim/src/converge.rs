//! What must be true when the faults stopped long ago: every fleet is what it should be, and every wait has ended.

use std::collections::BTreeMap;

use gse_core::fleet::{Fleet, FleetStatus};
use gse_core::game_server_session::GameServerSessionStatus;
use gse_core::id::InstanceId;
use gse_core::instance::InstanceStatus;
use gse_core::placement::PlacementStatus;
use gse_core::player_session::PlayerSessionStatus;
use gse_core::process::Load;
use gse_core::{ControlPlane, State};

use crate::engine::Rows;
use crate::world::World;

/// Looks at the end of a run.
pub fn check(world: &mut World) {
    let Some(control_plane) = &world.engine.control_plane else {
        world.violation("simulation: the control plane runs at the end", String::new());
        return;
    };
    let state = control_plane.state();
    let found = restored_equals_live(control_plane, &world.engine.live)
        .map(|detail| ("rule 3: no change escapes the store", detail))
        .or_else(|| world.known.first_broken(state).map(|detail| ("an acknowledged change survives", detail)))
        .or_else(|| waits(state).map(|detail| ("rule 5: every wait ends", detail)))
        .or_else(|| fleets(state).map(|detail| ("S-5: a fleet becomes as large as desired", detail)))
        .or_else(|| hosts(world, state).map(|detail| ("hosts do what the rows say", detail)));
    if let Some((rule, detail)) = found {
        world.violation(rule, detail);
    }
}

/// What the store has is all there is: the same rows, and the same next deadline.
pub fn restored_equals_live(control_plane: &ControlPlane, rows: &Rows) -> Option<String> {
    let restored = ControlPlane::restore(rows.values().cloned());
    if restored.next_wakeup() != control_plane.next_wakeup() {
        return Some(format!("{:?} became {:?}", control_plane.next_wakeup(), restored.next_wakeup()));
    }
    let (mut live, mut stored) = (control_plane.state().rows(), restored.state().rows());
    loop {
        match (live.next(), stored.next()) {
            (None, None) => return None,
            (live, stored) if live == stored => {}
            (live, stored) => return Some(format!("{live:?} became {stored:?}")),
        }
    }
}

fn waits(state: &State) -> Option<String> {
    let session = state
        .game_server_sessions
        .values()
        .find(|session| session.status == GameServerSessionStatus::Activating);
    let player = state.player_sessions.values().find(|player| player.status == PlayerSessionStatus::Reserved);
    let placement = state.placements.values().find(|placement| placement.status == PlacementStatus::Pending);
    let fleet = state.fleets.values().find(|fleet| match fleet.status {
        FleetStatus::Active | FleetStatus::Error | FleetStatus::Terminated => false,
        FleetStatus::New
        | FleetStatus::Downloading
        | FleetStatus::Validating
        | FleetStatus::Building
        | FleetStatus::Activating
        | FleetStatus::Deleting => true,
    });
    session
        .map(|session| format!("session {} is still ACTIVATING", session.id))
        .or_else(|| player.map(|player| format!("player session {} is still RESERVED", player.id)))
        .or_else(|| placement.map(|row| format!("placement {} is still PENDING", row.id)))
        .or_else(|| fleet.map(|fleet| format!("fleet {} is still {}", fleet.id, fleet.status)))
}

fn fleets(state: &State) -> Option<String> {
    state.fleets.values().find_map(|fleet| match fleet.status {
        FleetStatus::Active => active_fleet(state, fleet),
        FleetStatus::Error | FleetStatus::Terminated => {
            let left = state.instances_of(&fleet.id).count();
            (left > 0).then(|| format!("{} is {} and has {left} instance(s)", fleet.id, fleet.status))
        }
        FleetStatus::New
        | FleetStatus::Downloading
        | FleetStatus::Validating
        | FleetStatus::Building
        | FleetStatus::Activating
        | FleetStatus::Deleting => None,
    })
}

fn active_fleet(state: &State, fleet: &Fleet) -> Option<String> {
    let counted = state.instances_of(&fleet.id).filter(|row| !row.is_leaving() && !row.reserved);
    // F-32: a reserved one is replaced, as far as MaxSize allows.
    let reserved = state.instances_of(&fleet.id).filter(|row| row.reserved && !row.is_leaving()).count();
    let room = (fleet.capacity.max as usize).saturating_sub(reserved);
    let (count, desired) = (counted.count(), room.min(fleet.capacity.desired as usize));
    if count != desired {
        return Some(format!("{} has {count} instance(s) of {desired}", fleet.id));
    }
    // F-32: nothing is started or ended on a reserved one.
    state.instances_of(&fleet.id).filter(|instance| !instance.reserved).find_map(|instance| {
        let processes: Vec<_> = state.processes_of(&instance.id).collect();
        match instance.status {
            InstanceStatus::Active => {
                let wanted = fleet.runtime.processes_per_instance() as usize;
                let useful = processes
                    .iter()
                    .filter(|process| !process.unhealthy && !process.draining && !process.tainted);
                let useful = useful.count();
                // F-23: what was not configured any more is gone, or would be as soon as its session ends.
                let old = processes
                    .iter()
                    .find(|process| !process.draining && process.runtime_version != fleet.runtime.version);
                if let Some(old) = old.filter(|old| matches!(old.load, Load::Idle(_))) {
                    return Some(format!("{} is idle and of an older configuration", old.id));
                }
                (useful != wanted || processes.len() != wanted).then(|| {
                    format!(
                        "{} has {} process(es), {useful} useful, wanted {wanted}",
                        instance.id,
                        processes.len()
                    )
                })
            }
            InstanceStatus::Pending | InstanceStatus::Leaving | InstanceStatus::Stopping => {
                Some(format!("{} is still {:?}", instance.id, instance.status))
            }
        }
    })
}

/// The same processes on both sides, and each session is played by the process that it is on.
fn hosts(world: &World, state: &State) -> Option<String> {
    let mut running = BTreeMap::new();
    for host in &world.hosts {
        for server in host.servers.values() {
            running.insert(server.process.clone(), server);
        }
    }
    if let Some(ghost) = state.processes.values().find(|process| !running.contains_key(&process.id)) {
        return Some(format!("{} does not run anywhere", ghost.id));
    }
    for server in running.values() {
        let Some(process) = state.processes.get(&server.process) else {
            return Some(format!("{} runs on {} and is unknown", server.process, server.instance));
        };
        let played = server.play.as_ref().map(|play| &play.session);
        let hosted = match &process.load {
            Load::Hosting(session) => Some(session),
            Load::Idle(_) | Load::Reserved(_) => None,
        };
        // F-32: what failed to start a session is not ended on a reserved instance, and may play on.
        let is_kept = state.instances.get(&server.instance).is_some_and(|instance| instance.reserved);
        if played != hosted && !(is_kept && process.tainted) {
            return Some(format!("{} plays {played:?} and hosts {hosted:?}", process.id));
        }
    }
    let homeless = world
        .hosts
        .iter()
        .flat_map(|host| host.servers.values())
        .find(|server| state.instances.get(&server.instance).is_none());
    homeless.map(|server| {
        format!("{} runs on {}, which is gone", server.process, InstanceId::as_str(&server.instance))
    })
}
