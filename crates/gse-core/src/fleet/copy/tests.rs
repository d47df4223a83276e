use super::*;
use crate::capacity::UpdateFleetCapacity;
use crate::capacity::policy::{NewPolicy, PutScalingPolicy};
use crate::fixture::{World, copy_request as copy, fleet_request, scope};
use crate::fleet::settings::SetFleetActions;
use crate::fleet::{FleetStatus, Protocol};
use crate::id::InstanceId;

/// A fleet of which no setting is the default.
fn source(world: &mut World) -> Fleet {
    let asset = world.asset(&scope(), Ok(()));
    let disk = |size_gb| Disk { disk_type: "CLOUD_SSD".into(), size_gb };
    let request = CreateFleet {
        name: "source".into(),
        description: "described".into(),
        instance_type: "S5.2XLARGE16".into(),
        tags: vec![Tag { key: "env".into(), value: "prod".into() }],
        max_concurrent_activations: 4,
        activation_timeout_s: Some(30),
        inbound: vec![InboundPermission {
            from_port: 2000,
            to_port: 3000,
            protocol: Protocol::Tcp,
            ip_range: "10.0.0.0/8".into(),
        }],
        protection: Some(ProtectionPolicy::TimeLimitProtection),
        protection_time_limit_minutes: Some(15),
        creator_limit: Some(CreatorLimit { sessions: 9, period_minutes: 8 }),
        bandwidth_mbps: Some(7),
        system_disk: Some(disk(200)),
        data_disks: Some(vec![disk(300), disk(400)]),
        ..fleet_request(&scope(), &asset, 2)
    };
    world.apply(request).unwrap()
}

fn scaled(world: &mut World, fleet: &FleetId, desired: u32, max: u32) {
    let (min, scaling_interval_minutes) = (Some(1), Some(5));
    let (desired, max) = (Some(desired), Some(max));
    let (scope, fleet) = (scope(), fleet.clone());
    world.apply(UpdateFleetCapacity { scope, fleet, desired, min, max, scaling_interval_minutes }).unwrap();
}

fn activate(world: &mut World, fleet: &FleetId) -> InstanceId {
    let instance = world.instances(fleet)[0].clone();
    world.deploy(&instance);
    world.ready(&instance);
    assert_eq!(world.fleet(fleet).status, FleetStatus::Active);
    instance
}

#[test]
fn f26_a_copy_is_as_its_source_was_made() {
    let mut world = World::new();
    let source = source(&mut world);
    world.pass_seconds(5);
    let made = world.apply(copy(&source.id, 1)).unwrap();
    let [fleet] = &made[..] else { panic!("{made:?}") };
    assert_eq!(*fleet, world.fleet(&fleet.id));
    let Fleet { id, created, deadline, .. } = fleet.clone();
    assert_ne!(id, source.id);
    assert_eq!(*fleet, Fleet { id, created, deadline, ..source });
    assert_eq!(world.events(&fleet.id), ["FLEET_CREATED"]);
    assert_eq!(world.instances(&fleet.id).len(), 1);
}

#[test]
fn f26_what_is_given_replaces_one_setting() {
    let mut world = World::new();
    let source = source(&mut world);
    let changed = CopyFleet {
        name: Some("copy".into()),
        activation_timeout_s: Some(60),
        protection: Some(ProtectionPolicy::FullProtection),
        data_disks: Some(vec![]),
        ..copy(&source.id, 1)
    };
    let fleet = world.apply(changed).unwrap().remove(0);
    assert_eq!((fleet.name.as_str(), fleet.description.as_str()), ("copy", "described"));
    assert_eq!(
        (fleet.protection, fleet.protection_time_limit_minutes),
        (ProtectionPolicy::FullProtection, 0)
    );
    assert_eq!((fleet.runtime.activation_timeout_s, fleet.runtime.max_concurrent_activations), (60, 4));
    assert_eq!((fleet.data_disks.len(), fleet.system_disk), (0, source.system_disk));
}

#[test]
fn f26_several_copies_are_numbered() {
    let mut world = World::new();
    let source = source(&mut world);
    let names = |made: Vec<Fleet>| made.into_iter().map(|fleet| fleet.name).collect::<Vec<_>>();
    assert_eq!(names(world.apply(copy(&source.id, 3)).unwrap()), ["source-1", "source-2", "source-3"]);
    let long = Some("长".repeat(50));
    let made = names(world.apply(CopyFleet { name: long, ..copy(&source.id, 10) }).unwrap());
    assert_eq!((made[0].clone(), made[9].clone()), ("长".repeat(48) + "-1", "长".repeat(47) + "-10"));
}

/// F-5, S-3: all or none.
#[test]
fn f26_copies_are_made_all_or_none() {
    let mut world = World::new();
    let source = source(&mut world);
    world.quotas.fleets = 4;
    for count in [4, u64::MAX] {
        assert_eq!(world.apply(copy(&source.id, count)).unwrap_err(), Error::FleetQuota { limit: 4 });
    }
    world.quotas.instances = 3;
    let refused = world.apply(copy(&source.id, 3)).unwrap_err();
    assert_eq!(refused, Error::InstanceQuota { limit: 3, wanted: 4 });
    assert_eq!(world.control_plane.state().fleets.values().count(), 1);
    assert_eq!(world.apply(copy(&source.id, 2)).unwrap().len(), 2);
}

#[test]
fn f26_a_copy_is_refused_as_its_creation_would_be() {
    let mut world = World::new();
    let source = source(&mut world);
    let unknown = FleetId::new("fleet-none");
    assert_eq!(world.apply(copy(&unknown, 1)).unwrap_err(), Error::FleetNotFound(unknown));
    let typed = CopyFleet { instance_type: Some("HUGE".into()), ..copy(&source.id, 1) };
    assert!(matches!(world.apply(typed), Err(Error::Invalid { member: "InstanceType", .. })));
    let bad = world.asset(&scope(), Err("no zip".into()));
    let refused = world.apply(CopyFleet { asset: Some(bad.clone()), ..copy(&source.id, 1) }).unwrap_err();
    assert_eq!(refused, Error::AssetNotReady { asset: bad, reason: "no zip".into() });
    let short = CopyFleet { protection_time_limit_minutes: Some(-15), ..copy(&source.id, 1) };
    assert!(matches!(world.apply(short), Err(Error::Invalid { .. })));
}

/// The capacity of the source comes when the copy is ACTIVE, and is reserved until then.
#[test]
fn f26_copied_scaling_takes_effect_when_the_copy_is_active() {
    let mut world = World::new();
    let source = world.active_fleet(&scope(), 1);
    scaled(&mut world, &source, 3, 4);
    world.apply(SetFleetActions { scope: scope(), fleet: source.clone(), auto_scaling: false }).unwrap();
    let plain = world.apply(copy(&source, 1)).unwrap().remove(0);
    assert_eq!((plain.auto_scaling, plain.capacity_when_active), (true, None));
    world.quotas.instances = 8;
    let scaling = CopyFleet { with_scaling: true, ..copy(&source, 1) };
    let refused = world.apply(scaling.clone()).unwrap_err();
    assert_eq!(refused, Error::InstanceQuota { limit: 8, wanted: 9 });
    world.quotas.instances = 9;
    let fleet = world.apply(scaling).unwrap().remove(0);
    assert_eq!((fleet.auto_scaling, fleet.capacity), (false, Capacity::NEW_FLEET));
    // A copy of the copy has what the copy will have.
    world.quotas.instances = 13;
    let second = CopyFleet { with_scaling: true, ..copy(&fleet.id, 1) };
    let second = world.apply(second).unwrap().remove(0);
    world.restart();
    activate(&mut world, &fleet.id);
    let Capacity { min, max, desired, scaling_interval_minutes, .. } = world.fleet(&fleet.id).capacity;
    assert_eq!((min, max, desired, scaling_interval_minutes), (1, 4, 3, 5));
    assert_eq!(world.instances(&fleet.id).len(), 3);
    assert_eq!(world.events(&fleet.id).last(), Some(&"FLEET_SCALING_EVENT"));
    // What somebody sets before stands.
    scaled(&mut world, &second.id, 1, 1);
    activate(&mut world, &second.id);
    assert_eq!((world.fleet(&second.id).capacity.max, world.instances(&second.id).len()), (1, 1));
}

/// S11: the policies come along, and are asked from the first ACTIVE on.
#[test]
fn f26_scaling_policies_are_copied_when_scaling_is_selected() {
    let mut world = World::new();
    let source = world.active_fleet(&scope(), 1);
    let buffer = NewPolicy::TargetBased { name: Some("buffer".into()), percent: 50 };
    world.apply(PutScalingPolicy { scope: scope(), fleet: source.clone(), policy: buffer }).unwrap();
    scaled(&mut world, &source, 1, 4);
    let plain = world.apply(copy(&source, 1)).unwrap().remove(0);
    let with = world.apply(CopyFleet { with_scaling: true, ..copy(&source, 1) }).unwrap().remove(0);
    let policies = |world: &World, fleet: &FleetId| {
        let scaling = world.control_plane.state().scalings.get(fleet).cloned();
        scaling.map(|scaling| {
            (scaling.target().map(|(name, percent)| (name.to_owned(), percent)), scaling.evaluate_at)
        })
    };
    assert_eq!(policies(&world, &plain.id), None);
    let waiting = Some((Some(("buffer".to_owned(), 50)), None));
    assert_eq!(policies(&world, &with.id), waiting);
    world.pass_seconds(90);
    assert_eq!(policies(&world, &with.id), waiting);
    world.restart();
    activate(&mut world, &with.id);
    assert_eq!(policies(&world, &with.id).unwrap().1, Some(world.now));
    // One process, and one session on it: half of them are to stay free.
    world.active_session(&with.id);
    world.pass_seconds(0);
    assert_eq!(world.fleet(&with.id).capacity.desired, 2);
}

/// The networks of the source, or others, or none.
#[test]
fn f26_networks_are_copied_when_they_are_selected() {
    let mut world = World::new();
    let name = |id: &str| CcnName { id: id.into(), account: "1".into() };
    let asset = world.asset(&scope(), Ok(()));
    let ccns = vec![name("ccn-1"), name("ccn-2")];
    let source = world.apply(CreateFleet { ccns, ..fleet_request(&scope(), &asset, 1) }).unwrap().id;
    let mut copied = |with_ccns, ccns| {
        let fleet = world.apply(CopyFleet { with_ccns, ccns, ..copy(&source, 1) }).unwrap().remove(0);
        fleet.ccns.into_iter().map(|ccn| (ccn.name.id, ccn.attachment)).collect::<Vec<_>>()
    };
    let others = || Some(vec![name("ccn-3")]);
    let (before, after) = (CcnAttachment::BeforeCreate, CcnAttachment::AfterCreate);
    assert_eq!(copied(None, None), []);
    assert_eq!(copied(None, others()), []);
    assert_eq!(copied(Some(before), None), [("ccn-1".into(), before), ("ccn-2".into(), before)]);
    assert_eq!(copied(Some(after), others()), [("ccn-3".into(), after)]);
}
