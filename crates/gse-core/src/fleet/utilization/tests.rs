use super::*;
use crate::fixture::{World, scope, scope_in};
use crate::host::SessionCall;

#[test]
fn the_counts_are_those_of_what_runs() {
    let mut world = World::new();
    let (busy, idle) = (world.active_fleet(&scope(), 3), world.active_fleet(&scope(), 1));
    let ended = world.active_session(&busy);
    world.call(&ended, SessionCall::Terminate { session: ended.id.clone() }).unwrap();
    let session = world.active_session(&busy);
    world.create_session(&busy).unwrap();
    world.join(&session.id, &["ada"]).unwrap();
    let found = describe(world.control_plane.state(), &scope(), &[idle.clone(), busy.clone()]).unwrap();
    let nothing =
        FleetUtilization { fleet: idle, active_sessions: 0, processes: 1, players: 0, max_players: 0 };
    // The one that is ACTIVATING counts by its maximum only.
    let something = FleetUtilization {
        fleet: busy.clone(),
        active_sessions: 1,
        processes: 3,
        players: 1,
        max_players: 4,
    };
    assert_eq!(found, [nothing, something]);
    let elsewhere =
        describe(world.control_plane.state(), &scope_in("ap-beijing"), std::slice::from_ref(&busy));
    assert_eq!(elsewhere, Err(Error::FleetNotFound(busy)));
}
