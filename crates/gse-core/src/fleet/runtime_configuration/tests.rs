//! F-23 and S18: which processes a change ends, and when.

use std::time::Duration;

use super::*;
use crate::fixture::{World, scope};
use crate::fleet::DeleteFleet;
use crate::game_server_session::GameServerSession;
use crate::host::{HostOrder, ProcessEnd, ReadyProcess, ReportKind, SessionCall};

fn entry(parameters: &str, count: u32) -> ServerProcess {
    ServerProcess {
        launch_path: "/local/game/server".into(),
        parameters: parameters.into(),
        concurrent_executions: count,
    }
}

fn update(fleet: &FleetId, entries: &[ServerProcess]) -> UpdateRuntimeConfiguration {
    UpdateRuntimeConfiguration {
        scope: scope(),
        fleet: fleet.clone(),
        server_processes: Some(entries.to_vec()),
        max_concurrent_activations: None,
        activation_timeout_s: None,
    }
}

/// The processes that were told to end since the last look.
fn told_to_end(world: &mut World) -> Vec<ProcessId> {
    let told = world.orders.drain(..).filter_map(|(_, order)| match order {
        HostOrder::TerminateProcess { process, .. } => Some(process),
        _ => None,
    });
    told.collect()
}

fn end_session(world: &mut World, session: &GameServerSession) {
    world.call(session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
}

#[test]
fn s18_new_processes_start_idle_old_ones_end_and_a_busy_one_is_not_disturbed() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let instance = world.instances(&fleet)[0].clone();
    let session = world.active_session(&fleet);
    world.orders.clear();
    let runtime = world.apply(update(&fleet, &[entry("--new", 2)])).unwrap();
    assert_eq!((runtime.version, runtime.server_processes), (2, vec![entry("--new", 2)]));
    let HostOrder::StartInstance(spec) = &world.orders[0].1 else { panic!("{:?}", world.orders) };
    assert_eq!((spec.runtime_version, &spec.server_processes[..]), (2, &[entry("--new", 2)][..]));
    let told = told_to_end(&mut world);
    assert_eq!(told.len(), 1, "the idle one");
    assert_ne!(told[0], session.process);
    let refused = world.create_session(&fleet).unwrap_err().to_string();
    assert!(refused.contains("1 of an older configuration") && refused.contains("1 ending"), "{refused}");
    let first = world.ready(&instance);
    world.ready(&instance);
    assert_eq!(told_to_end(&mut world), []);
    let on_new = world.active_session(&fleet);
    assert_eq!(on_new.process, first);
    assert!(world.session(&session.id).enabled, "the old session is not disturbed");
    world.orders.clear();
    end_session(&mut world, &session);
    assert_eq!(told_to_end(&mut world), [session.process]);
    end_session(&mut world, &on_new);
    assert_eq!(told_to_end(&mut world), [], "one of the new ones stays");
}

#[test]
fn f23_an_idle_old_process_gets_five_minutes_and_is_told_again_until_it_is_gone() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let instance = world.instances(&fleet)[0].clone();
    world.apply(update(&fleet, &[entry("--new", 1)])).unwrap();
    let cx = Cx::new(world.now, &mut world.ids, &world.clocks, &world.quotas);
    let orders = world.control_plane.resync(&cx, &instance);
    let deadline = orders.iter().find_map(|(_, order)| match order {
        HostOrder::TerminateProcess { termination, .. } => termination.deadline,
        _ => None,
    });
    assert_eq!(deadline, Some(world.now.plus(Duration::from_secs(300))));
    assert!(matches!(&orders[0].1, HostOrder::StartInstance(spec) if spec.runtime_version == 2));
}

#[test]
fn f23_fewer_copies_end_the_youngest_idle_ones_and_busy_ones_as_they_become_free() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 4);
    let sessions: Vec<_> = (0..2).map(|_| world.active_session(&fleet)).collect();
    let state = world.control_plane.state();
    let mut idle: Vec<_> =
        state.processes.values().filter(|process| process.load.session().is_none()).collect();
    idle.sort_by_key(|process| Reverse((process.ready, process.id.clone())));
    let idle: Vec<ProcessId> = idle.into_iter().map(|process| process.id.clone()).collect();
    world.orders.clear();
    // Four run, three are wanted: one idle one goes.
    world.apply(update(&fleet, &[entry("", 3)])).unwrap();
    assert_eq!(told_to_end(&mut world), idle[..1]);
    // One is wanted: the other idle one, and the first that becomes free.
    world.apply(update(&fleet, &[entry("", 1)])).unwrap();
    assert_eq!(told_to_end(&mut world), idle[1..]);
    end_session(&mut world, &sessions[0]);
    assert_eq!(told_to_end(&mut world), [sessions[0].process.clone()]);
    end_session(&mut world, &sessions[1]);
    assert_eq!(told_to_end(&mut world), []);
    world.create_session(&fleet).expect("the last one takes sessions");
}

#[test]
fn f23_more_copies_or_another_order_disturb_nobody() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.apply(update(&fleet, &[entry("--other", 1), entry("", 3)])).unwrap();
    assert_eq!(told_to_end(&mut world), []);
    world.create_session(&fleet).expect("the process of the entry that stayed takes sessions");
    let runtime = world.apply(update(&fleet, &[entry("", 3), entry("--other", 1)])).unwrap();
    assert_eq!((runtime.version, world.orders.len()), (2, 1), "only the session's order");
}

#[test]
fn f23_the_other_members_start_no_process_and_what_is_absent_stays() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let request = UpdateRuntimeConfiguration {
        scope: scope(),
        fleet: fleet.clone(),
        server_processes: None,
        max_concurrent_activations: Some(3),
        activation_timeout_s: None,
    };
    let runtime = world.apply(request).unwrap();
    assert_eq!(
        (runtime.version, runtime.max_concurrent_activations, runtime.activation_timeout_s),
        (1, 3, 600)
    );
    assert_eq!(runtime.server_processes, [entry("", 1)]);
    assert_eq!(world.orders, []);
}

#[test]
fn a_process_that_is_ready_late_is_judged_by_its_entry() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let instance = world.instances(&fleet)[0].clone();
    world.apply(update(&fleet, &[entry("", 2)])).unwrap();
    world.orders.clear();
    let ready = |name: &str, entry: Option<EntryKey>, port: u16| {
        ReportKind::ProcessReady(ReadyProcess {
            process: ProcessId::new(name),
            pid: 1,
            runtime_version: 1,
            entry,
            client_port: port,
            grpc_port: port + 1000,
            ip_address: "127.0.0.1".into(),
            log_paths: vec![],
        })
    };
    world.report(&instance, ready("stays", Some(entry("", 1).key()), 4000)).unwrap();
    world.report(&instance, ready("adopted", None, 4001)).unwrap();
    assert_eq!(told_to_end(&mut world), []);
    world.report(&instance, ready("gone", Some(entry("x", 1).key()), 4002)).unwrap();
    assert_eq!(told_to_end(&mut world), [ProcessId::new("gone")]);
    assert_eq!(
        world.create_session(&fleet).unwrap().process,
        ProcessId::new("adopted"),
        "by hand comes first"
    );
}

#[test]
fn an_adopted_process_outlives_every_change() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let launched = world.control_plane.state().processes.values().next().unwrap().id.clone();
    let instance = world.instances(&fleet)[0].clone();
    let adopted = ReadyProcess {
        process: ProcessId::new("adopted"),
        pid: 1,
        runtime_version: 1,
        entry: None,
        client_port: 5000,
        grpc_port: 6000,
        ip_address: "127.0.0.1".into(),
        log_paths: vec![],
    };
    world.report(&instance, ReportKind::ProcessReady(adopted)).unwrap();
    world.apply(update(&fleet, &[entry("--new", 1)])).unwrap();
    assert_eq!(told_to_end(&mut world), [launched]);
    assert_eq!(world.create_session(&fleet).unwrap().process, ProcessId::new("adopted"));
}

#[test]
fn a_fleet_that_is_gone_or_going_is_not_changed() {
    let mut world = World::new();
    let unknown = FleetId::new("fleet-none");
    assert_eq!(world.apply(update(&unknown, &[])), Err(Error::FleetNotFound(unknown.clone())));
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.deploy(&instance);
    let end = ProcessEnd::NotExecutable("no".into());
    let ended = ReportKind::ProcessEnded { process: ProcessId::new("p"), end, log: String::new() };
    world.report(&instance, ended).unwrap();
    world
        .apply(update(&fleet, &[entry("--mended", 1)]))
        .expect("a failed fleet can be changed; nothing comes of it");
    world.apply(DeleteFleet { scope: scope(), fleet: fleet.clone() }).unwrap();
    let refused = world.apply(update(&fleet, &[entry("", 1)])).unwrap_err();
    assert_eq!(
        refused,
        Error::FleetNotActive {
            fleet: fleet.clone(),
            reason: String::new(),
            status: crate::fleet::FleetStatus::Deleting
        }
    );
    world.report(&instance, ReportKind::InstanceStopped).unwrap();
    assert_eq!(world.apply(update(&fleet, &[])), Err(Error::FleetNotFound(fleet)));
}
