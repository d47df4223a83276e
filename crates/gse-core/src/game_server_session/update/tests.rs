use super::*;
use crate::fixture::{World, scope};
use crate::host::{HostOrder, ReportKind, SessionCall, Termination};
use crate::id::FleetId;
use crate::time::END_OF_TIME_S;

fn nothing(session: &GameServerSession) -> UpdateGameServerSession {
    UpdateGameServerSession {
        scope: scope(),
        session: session.id.clone(),
        max_players: None,
        name: None,
        policy: None,
        protection: None,
    }
}

fn session(world: &mut World) -> (FleetId, GameServerSession) {
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    world.orders.clear();
    (fleet, session)
}

#[test]
fn g16_what_is_absent_stays() {
    let mut world = World::new();
    let (_, session) = session(&mut world);
    assert_eq!(world.apply(nothing(&session)).unwrap(), session);
    let change = UpdateGameServerSession {
        max_players: Some(7),
        name: Some("final".into()),
        policy: Some(PlayerSessionCreationPolicy::DenyAll),
        protection: Some(ProtectionPolicy::FullProtection),
        ..nothing(&session)
    };
    let changed = world.apply(change).unwrap();
    let policy = PlayerSessionCreationPolicy::DenyAll;
    let protection = ProtectionPolicy::FullProtection;
    let wanted = GameServerSession { max_players: 7, name: "final".into(), policy, protection, ..session };
    assert_eq!(changed, wanted);
    assert_eq!(world.session(&changed.id), wanted);
    assert_eq!(world.orders, []);
}

/// G18, Y-9: nobody is thrown out, and nobody new gets in.
#[test]
fn g16_a_maximum_below_the_count_keeps_out_who_comes_now() {
    let mut world = World::new();
    let (_, session) = session(&mut world);
    world.join(&session.id, &["ada", "bob"]).unwrap();
    let one = UpdateGameServerSession { max_players: Some(1), ..nothing(&session) };
    assert_eq!(world.apply(one).unwrap().seats_taken, 2);
    let full = Error::SessionFull { session: session.id.clone(), free: 0, wanted: 1 };
    assert_eq!(world.join(&session.id, &["cy"]).unwrap_err(), full);
    let three = UpdateGameServerSession { max_players: Some(3), ..nothing(&session) };
    world.apply(three).unwrap();
    world.join(&session.id, &["cy"]).unwrap();
    let policy = Some(PlayerSessionCreationPolicy::DenyAll);
    world.apply(UpdateGameServerSession { max_players: Some(9), policy, ..nothing(&session) }).unwrap();
    assert_eq!(world.join(&session.id, &["dan"]).unwrap_err(), Error::SessionDeniesJoins(session.id));
}

#[test]
fn g16_only_while_the_session_goes_on_and_within_the_quota() {
    let mut world = World::new();
    let (_, session) = session(&mut world);
    let many = UpdateGameServerSession { max_players: Some(201), ..nothing(&session) };
    assert!(world.apply(many).unwrap_err().to_string().contains("`MaximumPlayerSessionCount`"));
    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
    let status = GameServerSessionStatus::Terminated;
    let over = Error::SessionNotActive { session: session.id.clone(), status };
    assert_eq!(world.apply(nothing(&session)).unwrap_err(), over);
    let unknown = GameServerSessionId::new("nope");
    let update = UpdateGameServerSession { session: unknown.clone(), ..nothing(&session) };
    assert_eq!(world.apply(update).unwrap_err(), Error::SessionNotFound(unknown));
}

/// A process that was told to end is told again, by the protection that its session has now.
#[test]
fn f21_protection_that_is_changed_while_the_process_ends() {
    let mut world = World::new();
    let (fleet, session) = session(&mut world);
    let full = Some(ProtectionPolicy::FullProtection);
    world.apply(UpdateGameServerSession { protection: full, ..nothing(&session) }).unwrap();
    let sick = ReportKind::ProcessUnhealthy { process: session.process.clone(), reason: "no answer".into() };
    world.report(&session.instance, sick).unwrap();
    let told = |world: &mut World| -> Vec<Termination> {
        let told = world.orders.drain(..).filter_map(|(_, order)| match order {
            HostOrder::TerminateProcess { termination, .. } => Some(termination),
            _ => None,
        });
        told.collect()
    };
    let never = Termination { termination_time_s: END_OF_TIME_S, deadline: None };
    assert_eq!(told(&mut world), [never]);
    let none = Some(ProtectionPolicy::NoProtection);
    world.apply(UpdateGameServerSession { protection: none, ..nothing(&session) }).unwrap();
    let deadline = world.now.plus(world.clocks.protection_none);
    let soon = Termination { termination_time_s: deadline.seconds(), deadline: Some(deadline) };
    assert_eq!(told(&mut world), [soon]);
    // F-21: the next session has what the fleet says.
    assert_eq!(world.fleet(&fleet).protection, ProtectionPolicy::NoProtection);
}
