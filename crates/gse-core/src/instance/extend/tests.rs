use super::*;
use crate::fixture::{World, scope};
use crate::host::ReportKind;

#[test]
fn the_counters_follow_processes_sessions_and_players() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 3);
    let id = world.instances(&fleet)[0].clone();
    let count = |world: &World| {
        let state = world.control_plane.state();
        counters(state, state.instances.get(&id).unwrap())
    };
    let idle = InstanceCounters {
        healthy_processes: 3,
        active_processes: 3,
        max_sessions: 3,
        ..InstanceCounters::default()
    };
    assert_eq!(count(&world), idle);
    let session = world.active_session(&fleet);
    world.create_session(&fleet).unwrap();
    world.join(&session.id, &["ada"]).unwrap();
    let busy = InstanceCounters { sessions: 2, players: 1, max_players: 4, ..idle };
    assert_eq!(count(&world), busy);
    let sick = ReportKind::ProcessUnhealthy { process: session.process, reason: "no answer".into() };
    world.report(&id, sick).unwrap();
    assert_eq!(count(&world), InstanceCounters { healthy_processes: 2, ..busy });
}
