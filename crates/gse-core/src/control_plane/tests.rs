//! What holds for the machine as a whole.

use crate::capacity::UpdateFleetCapacity;
use crate::fixture::{World, scope};
use crate::fleet::FleetStatus;
use crate::game_server_session::GameServerSessionStatus;
use crate::host::{HostOrder, ReportKind, SessionCall};
use crate::instance::InstanceStatus;
use crate::player_session::PlayerSessionStatus;

fn capacity(world: &mut World, fleet: &crate::id::FleetId, desired: u32, max: u32) {
    let request = UpdateFleetCapacity {
        scope: scope(),
        fleet: fleet.clone(),
        desired: Some(desired),
        min: None,
        max: Some(max),
        scaling_interval_minutes: None,
    };
    world.apply(request).unwrap();
}

/// What the store holds is all there is: a restart changes nothing.
#[test]
fn a_restart_finds_everything() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let session = world.active_session(&fleet);
    let players = world.join(&session.id, &["a"]).unwrap();
    let before = (world.control_plane.next_wakeup(), format!("{:?}", world.control_plane.state()));
    world.restart();
    assert_eq!((world.control_plane.next_wakeup(), format!("{:?}", world.control_plane.state())), before);
    // Deadlines that are in the rows still fire.
    world.pass_seconds(60);
    assert_eq!(world.player(&players[0].id).status, PlayerSessionStatus::TimedOut);
}

/// Ended rows leave memory after `archive.after`, and are kept until `retention` has passed.
#[test]
fn r23_ended_rows_leave_memory_for_the_archive() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let lasting = world.active_session(&fleet);
    let session = world.active_session(&fleet);
    let player = world.join(&session.id, &["a"]).unwrap().remove(0);
    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
    let ended = world.now;
    world.pass_seconds(3599);
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Terminated);
    world.pass_seconds(1);
    let state = world.control_plane.state();
    assert!(state.game_server_sessions.get(&session.id).is_none());
    assert!(state.player_sessions.get(&player.id).is_none());
    assert!(state.game_server_sessions.get(&lasting.id).is_some());
    let until = ended.plus(world.clocks.retention);
    let kept = |key: &str| world.archived.iter().find(|(row, _)| row.key() == key).map(|(_, until)| *until);
    assert_eq!(kept(session.id.as_str()), Some(until));
    assert_eq!(kept(player.id.as_str()), Some(until));
    // Of the events, the newest stays: the place of the next one follows from it.
    let codes: Vec<_> = state.events.values().map(|event| event.code.as_str()).collect();
    assert_eq!((codes, world.events(&fleet).len()), (vec!["FLEET_STATE_ACTIVE"], 8));
    assert_index_is_derived(&world);
}

/// A session that counts for the creator limit stays as long as it counts (G-10).
#[test]
fn r23_the_creator_limit_keeps_a_session_in_memory() {
    let mut world = World::new();
    world.clocks.archive_after = std::time::Duration::from_secs(1);
    let fleet = world.active_fleet(&scope(), 3);
    let request = || crate::game_server_session::CreateGameServerSession {
        creator: "creator".into(),
        ..crate::fixture::session_request(&scope(), &fleet)
    };
    for _ in 0..2 {
        let session = world.apply(request()).unwrap();
        world
            .call(
                &session,
                SessionCall::Activate {
                    session: session.id.clone(),
                    max_players: 0,
                    start: Default::default(),
                },
            )
            .and_then(|()| world.call(&session, SessionCall::Terminate { session: session.id.clone() }))
            .unwrap();
    }
    world.pass_seconds(179);
    assert!(matches!(world.apply(request()), Err(crate::Error::CreatorLimit { .. })));
    world.pass_seconds(2);
    world.apply(request()).unwrap();
    assert_eq!(world.control_plane.state().game_server_sessions.len(), 1);
}

/// The indexes that were kept while rows changed are those that the rows give, here and in a replica.
fn assert_index_is_derived(world: &World) {
    let state = world.control_plane.state();
    let rows = world.stored.values().cloned();
    let mut replica = crate::State::default();
    rows.clone().for_each(|row| replica.follow(crate::Change::Put(row)));
    assert_eq!(state.index, replica.index);
    assert_eq!(state.index, crate::ControlPlane::restore(rows).state().index);
}

/// Found by the fuzzer: two rows of one process, of different instances, were counted down from nothing.
#[test]
fn a_process_that_comes_twice_of_two_instances_counts_once() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    let state = world.control_plane.state();
    let first = state.processes.get(&session.process).unwrap().clone();
    let second =
        crate::process::Process { instance: crate::id::InstanceId::new("ins-other"), ..first.clone() };
    let once = crate::ControlPlane::restore([second.clone().into()]);
    let twice = crate::ControlPlane::restore([first.into(), second.into()]);
    assert_eq!(twice.state().index, once.state().index);
}

/// The host makes a slot from nothing: what ran there is lost, and is told so.
#[test]
fn f35_a_slot_made_again_loses_its_processes() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    world.restart();
    world.orders.clear();
    world.deploy(&session.instance);
    // That may have been a late report: the host is asked, and tells of each process that it does not know.
    let asked = HostOrder::ConfirmProcesses(vec![session.process.clone()]);
    assert_eq!(world.orders, [(session.instance.clone(), asked)]);
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Active);
    let end = ReportKind::ProcessEnded {
        process: session.process.clone(),
        end: crate::host::ProcessEnd::Lost,
        log: String::new(),
    };
    world.report(&session.instance, end).unwrap();
    let lost = world.session(&session.id);
    assert_eq!(
        (lost.status, lost.status_reason.as_str()),
        (GameServerSessionStatus::Error, "its instance was lost")
    );
    assert_eq!(world.events(&fleet).last(), Some(&"SERVER_DOWN"));
    world.ready(&session.instance);
    world.create_session(&fleet).unwrap();
}

/// Lost orders are given again until the host answers.
#[test]
fn orders_are_derived_again() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.orders.clear();
    world.pass_seconds(10);
    assert!(matches!(&world.orders[..], [(_, HostOrder::StartInstance(_))]));
    world.deploy(&instance);
    world.ready(&instance);
    world.orders.clear();
    world.pass_seconds(100);
    assert_eq!(world.orders, []);
    // A session that is being activated is part of what an instance must be doing.
    let session = world.create_session(&fleet).unwrap();
    let (clocks, quotas) = (world.clocks.clone(), world.quotas.clone());
    let cx = crate::Cx::new(world.now, &mut world.ids, &clocks, &quotas);
    let orders = world.control_plane.resync(&cx, &instance);
    let starts = |order: &HostOrder| matches!(order, HostOrder::StartGameServerSession { session: spec, .. } if spec.id == session.id);
    assert_eq!(orders.iter().filter(|(_, order)| starts(order)).count(), 1);
}

/// S-24, F-29: growing and shrinking by request.
#[test]
fn s24_capacity_is_followed() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let busy = world.active_session(&fleet);
    capacity(&mut world, &fleet, 3, 3);
    assert_eq!(world.instances(&fleet).len(), 3);
    world.pass_seconds(1);
    capacity(&mut world, &fleet, 1, 3);
    let state = world.control_plane.state();
    let leaving: Vec<_> =
        state.instances_of(&fleet).filter(|instance| instance.status == InstanceStatus::Leaving).collect();
    assert_eq!(leaving.len(), 2);
    assert!(leaving.iter().all(|instance| instance.id != busy.instance));
    capacity(&mut world, &fleet, 0, 3);
    let drained = world.session(&busy.id);
    assert_eq!((drained.status, drained.enabled), (GameServerSessionStatus::Active, false));
    // The session goes on until the game ends it; a leaving instance takes no other.
    world.call(&busy, SessionCall::Terminate { session: busy.id.clone() }).unwrap();
    assert!(world.create_session(&fleet).is_err());
    for instance in world.instances(&fleet) {
        world.report(&instance, ReportKind::InstanceStopped).unwrap();
    }
    assert_eq!(world.instances(&fleet).len(), 0);
}

/// R13, R14, R15.
#[test]
fn s1_s2_s3_capacity_limits() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let request = |desired, min, max| UpdateFleetCapacity {
        scope: scope(),
        fleet: fleet.clone(),
        desired,
        min,
        max,
        scaling_interval_minutes: None,
    };
    let mut refused = |request| world.apply(request).unwrap_err().to_string();
    assert!(refused(request(Some(5), None, Some(4))).contains("`DesiredInstances`"));
    assert!(refused(request(None, Some(5), Some(4))).contains("`MinSize`"));
    assert!(refused(request(None, None, Some(21))).contains("quota is 20"));
    // S-2: if only the range changes, Desired moves to the nearest value inside it.
    world.apply(request(None, Some(2), Some(4))).unwrap();
    assert_eq!(world.fleet(&fleet).capacity.desired, 2);
}

/// A process that is told to end while it hosts gets the deadline of its session's protection (3.4).
#[test]
fn protection_decides_the_deadline() {
    use crate::fleet::ProtectionPolicy;
    use crate::instance::Terms;
    let world = World::new();
    let terms = Terms {
        now: world.now,
        protection_none: world.clocks.protection_none,
        protection_minute: world.clocks.protection_minute,
    };
    let told = |policy, minutes| terms.termination(policy, minutes).termination_time_s - world.now.seconds();
    assert_eq!(told(ProtectionPolicy::NoProtection, 0), 300);
    assert_eq!(told(ProtectionPolicy::TimeLimitProtection, 7), 420);
    let full = terms.termination(ProtectionPolicy::FullProtection, 0);
    assert_eq!((full.termination_time_s, full.deadline), (253_402_300_799, None));
}

/// A lost TerminateProcess is given again, and so is the question what still runs.
#[test]
fn p13_a_process_that_was_told_to_end_is_told_again() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    let unhealthy = ReportKind::ProcessUnhealthy { process: session.process.clone(), reason: "test".into() };
    world.report(&session.instance, unhealthy).unwrap();
    world.orders.clear();
    let (clocks, quotas) = (world.clocks.clone(), world.quotas.clone());
    let cx = crate::Cx::new(world.now, &mut world.ids, &clocks, &quotas);
    let orders = world.control_plane.resync(&cx, &session.instance);
    let again = |order: &HostOrder| matches!(order, HostOrder::TerminateProcess { process, .. } if *process == session.process);
    assert_eq!(orders.iter().filter(|(_, order)| again(order)).count(), 1);
    assert_eq!(orders.last().unwrap().1, HostOrder::ConfirmProcesses(vec![session.process.clone()]));
}

/// A late StartInstance can make a slot for an instance that is gone: it is stopped as soon as it is heard of.
#[test]
fn an_unknown_instance_is_stopped() {
    let mut world = World::new();
    let stranger = crate::id::InstanceId::new("ins-gone");
    world.report(&stranger, ReportKind::PreparationStarted).unwrap();
    assert_eq!(world.orders, [(stranger.clone(), HostOrder::StopInstance)]);
    world.orders.clear();
    world.report(&stranger, ReportKind::InstanceStopped).unwrap();
    assert_eq!(world.orders, []);
}

/// R21: the host goes on with the slot: what it names keeps its session, what it does not name is lost.
#[test]
fn r21_a_slot_taken_up_again_keeps_the_processes_that_are_named() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let (kept, lost) = (world.active_session(&fleet), world.active_session(&fleet));
    let players = world.join(&kept.id, &["a"]).unwrap();
    let kept = world.session(&kept.id);
    world.restart();
    let named = vec![kept.process.clone()];
    world.report(&kept.instance, ReportKind::SlotReattached { processes: named.clone() }).unwrap();
    assert_eq!(world.session(&kept.id), kept);
    assert_eq!(world.player(&players[0].id).status, PlayerSessionStatus::Reserved);
    assert_eq!(world.session(&lost.id).status, GameServerSessionStatus::Error);
    assert_eq!(world.events(&fleet).last(), Some(&"SERVER_PROCESS_CRASHED"));
    // Told twice, it says nothing new.
    let before = format!("{:?}", world.control_plane.state());
    world.report(&kept.instance, ReportKind::SlotReattached { processes: named }).unwrap();
    assert_eq!(format!("{:?}", world.control_plane.state()), before);
}

/// The reports of the making of a slot were lost with the kill: the fleet goes on all the same.
#[test]
fn r21_a_fleet_that_was_being_created_goes_on() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, ReportKind::SlotReattached { processes: vec![] }).unwrap();
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Validating);
    world.ready(&instance);
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Active);
}

/// A host of a data directory that is older or newer than the rows.
#[test]
fn r21_a_slot_that_nobody_knows_is_stopped() {
    let mut world = World::new();
    let stranger = crate::id::InstanceId::new("ins-stranger");
    world.report(&stranger, ReportKind::SlotReattached { processes: vec![] }).unwrap();
    assert_eq!(world.orders, [(stranger, HostOrder::StopInstance)]);
}

/// Nobody was there for a while: what was due then happens now, and once.
#[test]
fn deadlines_that_passed_while_the_service_was_away_fire_once() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let session = world.active_session(&fleet);
    let player = world.join(&session.id, &["a"]).unwrap().remove(0);
    let activating = world.create_session(&fleet).unwrap();
    world.now = world.now.plus(std::time::Duration::from_secs(86_400));
    world.restart();
    world.pass_seconds(0);
    assert_eq!(world.player(&player.id).status, PlayerSessionStatus::TimedOut);
    assert_eq!(world.session(&activating.id).status, GameServerSessionStatus::Error);
    world.restart();
    world.pass_seconds(600);
    let timeouts =
        world.events(&fleet).iter().filter(|&&code| code == "GAME_SESSION_ACTIVATION_TIMEOUT").count();
    assert_eq!(timeouts, 1);
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Active);
}
