use super::*;
use crate::allocation;
use crate::capacity::UpdateFleetCapacity;
use crate::fixture::{World, scope, scope_in};
use crate::host::{HostOrder, ProcessEnd, ReportKind};
use crate::instance::InstanceStatus;

fn reserve(world: &World, instance: &InstanceId, reserved: bool) -> SetServerReserved {
    let fleet = world.control_plane.state().instances.get(instance).unwrap().fleet.clone();
    SetServerReserved { scope: scope(), fleet, instance: instance.clone(), reserved }
}

fn weigh(world: &mut World, instance: &InstanceId, weight: u32) -> Result<(), Error> {
    let SetServerReserved { scope, fleet, instance, .. } = reserve(world, instance, false);
    world.apply(SetServerWeight { scope, fleet, instance, weight })
}

fn capacity(world: &mut World, fleet: &FleetId, desired: u32, max: u32) {
    let (scope, fleet) = (scope(), fleet.clone());
    let (desired, min, max) = (Some(desired), Some(0), Some(max));
    let scaling_interval_minutes = None;
    world.apply(UpdateFleetCapacity { scope, fleet, desired, min, max, scaling_interval_minutes }).unwrap();
}

/// A fleet of two instances with one process each.
fn two(world: &mut World) -> (FleetId, InstanceId, InstanceId) {
    let fleet = world.active_fleet(&scope(), 1);
    let first = world.instances(&fleet)[0].clone();
    capacity(world, &fleet, 2, 3);
    let second = world.instances(&fleet).into_iter().find(|id| *id != first).unwrap();
    world.deploy(&second);
    world.ready(&second);
    world.orders.clear();
    (fleet, first, second)
}

/// Whether the host was told to leave dead processes dead.
fn told_reserved(world: &mut World, instance: &InstanceId) -> Vec<bool> {
    let told = world.orders.drain(..).filter_map(|(id, order)| match order {
        HostOrder::StartInstance(spec) if id == *instance => Some(spec.reserved),
        _ => None,
    });
    told.collect()
}

/// F-31.
#[test]
fn s33_weight_decides_where_sessions_go() {
    let mut world = World::new();
    let (fleet, first, second) = two(&mut world);
    weigh(&mut world, &first, 4).unwrap();
    let session = world.create_session(&fleet).unwrap();
    assert_eq!((&session.instance, session.weight), (&second, 5));
    assert_eq!(world.create_session(&fleet).unwrap().weight, 4);
    let mut world = World::new();
    let (fleet, first, second) = two(&mut world);
    for instance in [&first, &second] {
        weigh(&mut world, instance, 0).unwrap();
    }
    let refused = world.create_session(&fleet).unwrap_err().to_string();
    assert!(refused.contains("weight"), "{refused}");
    weigh(&mut world, &first, 10).unwrap();
    assert_eq!(world.create_session(&fleet).unwrap().instance, first);
    assert!(matches!(weigh(&mut world, &first, 11), Err(Error::Invalid { member: "Weight", .. })));
}

/// F-32: no sessions, no scale-in, a replacement within MaxSize, and the host is told.
#[test]
fn s45_a_reserved_instance_is_replaced_and_left_alone() {
    let mut world = World::new();
    let (fleet, first, second) = two(&mut world);
    let session = world.active_session(&fleet);
    world.orders.clear();
    world.apply(reserve(&world, &first, true)).unwrap();
    assert_eq!(told_reserved(&mut world, &first), [true]);
    assert_eq!(world.instances(&fleet).len(), 3, "the third one is its replacement");
    world.apply(reserve(&world, &first, true)).unwrap();
    assert_eq!(world.instances(&fleet).len(), 3, "twice is the same");
    // MaxSize is 3: a second one is not replaced.
    world.apply(reserve(&world, &second, true)).unwrap();
    assert_eq!(world.instances(&fleet).len(), 3);
    assert!(matches!(world.create_session(&fleet), Err(Error::NoIdleProcess { .. })));
    assert!(world.session(&session.id).terminated.is_none(), "what it hosts goes on");
    // S-21
    capacity(&mut world, &fleet, 0, 3);
    let status = |id: &InstanceId| world.control_plane.state().instances.get(id).unwrap().status;
    assert_eq!((status(&first), status(&second)), (InstanceStatus::Active, InstanceStatus::Active));
}

#[test]
fn f32_given_back_it_is_one_of_the_desired_again() {
    let mut world = World::new();
    let (fleet, first, second) = two(&mut world);
    world.apply(reserve(&world, &first, true)).unwrap();
    world.orders.clear();
    world.apply(reserve(&world, &first, false)).unwrap();
    // There were three, two are desired, and the replacement is the youngest (S-22).
    let leaving = |world: &World| -> Vec<InstanceId> {
        let instances = world.control_plane.state().instances_of(&fleet);
        instances.filter(|row| row.is_leaving()).map(|row| row.id.clone()).collect()
    };
    let gone = leaving(&world);
    assert!(gone.len() == 1 && ![&first, &second].contains(&&gone[0]), "{gone:?}");
    assert_eq!(told_reserved(&mut world, &first), [false]);
}

/// Its processes are neither ended nor, by the host, started again; that is made up for when it is given back.
#[test]
fn f32_an_unhealthy_process_of_a_reserved_instance_is_not_ended() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    world.apply(reserve(&world, &session.instance, true)).unwrap();
    world.orders.clear();
    let sick = ReportKind::ProcessUnhealthy { process: session.process.clone(), reason: "no answer".into() };
    world.report(&session.instance, sick).unwrap();
    let is_end = |(_, order): &(InstanceId, HostOrder)| matches!(order, HostOrder::TerminateProcess { .. });
    assert!(!world.orders.iter().any(is_end), "{:?}", world.orders);
    assert!(!world.session(&session.id).enabled, "F-16: no more players");
    let cx = Cx::new(world.now, &mut world.ids, &world.clocks, &world.quotas);
    let again = world.control_plane.resync(&cx, &session.instance);
    assert!(!again.iter().any(is_end), "{again:?}");
    world.apply(reserve(&world, &session.instance, false)).unwrap();
    assert!(world.orders.iter().any(is_end), "{:?}", world.orders);
}

#[test]
fn f32_f31_refusals() {
    let mut world = World::new();
    let (fleet, first, _) = two(&mut world);
    let unknown =
        SetServerReserved { instance: InstanceId::new("ins-none"), ..reserve(&world, &first, true) };
    assert_eq!(world.apply(unknown).unwrap_err(), Error::InstanceNotFound(InstanceId::new("ins-none")));
    let elsewhere = SetServerReserved { scope: scope_in("ap-beijing"), ..reserve(&world, &first, true) };
    assert_eq!(world.apply(elsewhere).unwrap_err(), Error::FleetNotFound(fleet.clone()));
    let other = world.active_fleet(&scope(), 1);
    let of_another = SetServerReserved { fleet: other, ..reserve(&world, &first, true) };
    assert_eq!(world.apply(of_another).unwrap_err(), Error::InstanceNotFound(first.clone()));
    capacity(&mut world, &fleet, 0, 3);
    let leaving = world.apply(reserve(&world, &first, true)).unwrap_err();
    assert!(matches!(leaving, Error::Invalid { member: "InstanceId", .. }), "{leaving}");
}

/// The end of its process is heard, and nothing of it is placed on: the pools follow the row.
#[test]
fn f32_a_reserved_instance_may_lose_its_processes() {
    let mut world = World::new();
    let (fleet, first, second) = two(&mut world);
    world.apply(reserve(&world, &first, true)).unwrap();
    let process = world.control_plane.state().processes_of(&first).next().unwrap().id.clone();
    let end = ProcessEnd::Crashed("signal 11".into());
    world.report(&first, ReportKind::ProcessEnded { process, end, log: String::new() }).unwrap();
    let fleet = world.fleet(&fleet);
    let chosen = allocation::choose_process(world.control_plane.state(), &fleet).unwrap();
    let on = world.control_plane.state().processes.get(&chosen).unwrap().instance.clone();
    assert_eq!(on, second);
}
