use super::*;
use crate::fixture::{World, fleet_request, scope};
use crate::fleet::{FleetQuery, Protocol, list};
use crate::id::AssetId;
use crate::tag::{Filter, Tag};

fn update(fleet: &FleetId) -> UpdateFleetAttributes {
    UpdateFleetAttributes {
        scope: scope(),
        fleet: fleet.clone(),
        name: None,
        description: None,
        protection: None,
        protection_time_limit_minutes: None,
        creator_limit: None,
    }
}

fn rule(from_port: u16) -> InboundPermission {
    let ip_range = "0.0.0.0/0".to_owned();
    InboundPermission { from_port, to_port: from_port + 10, protocol: Protocol::Udp, ip_range }
}

fn ports(
    fleet: &FleetId,
    revocations: &[InboundPermission],
    authorizations: &[InboundPermission],
) -> UpdateFleetPortSettings {
    let (revocations, authorizations) = (revocations.to_vec(), authorizations.to_vec());
    UpdateFleetPortSettings { scope: scope(), fleet: fleet.clone(), revocations, authorizations }
}

/// A fleet that is being deleted and still has its instance.
fn deleting(world: &mut World) -> FleetId {
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    let missing = vec!["/local/game/server".to_owned()];
    world
        .report(&instance, crate::host::ReportKind::LaunchPathsChecked { missing, log: String::new() })
        .unwrap();
    world.apply(crate::fleet::DeleteFleet { scope: scope(), fleet: fleet.clone() }).unwrap();
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Deleting);
    fleet
}

#[test]
fn f22_absent_members_stay_and_an_empty_description_clears() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let before = world.events(&fleet);
    let named = UpdateFleetAttributes {
        name: Some("new".into()),
        description: Some("what".into()),
        creator_limit: Some(CreatorLimit { sessions: 7, period_minutes: 0 }),
        ..update(&fleet)
    };
    world.apply(named).unwrap();
    world.apply(update(&fleet)).unwrap();
    let row = world.fleet(&fleet);
    assert_eq!((row.name.as_str(), row.description.as_str()), ("new", "what"));
    // C22
    assert_eq!(row.creator_limit, CreatorLimit { sessions: 7, period_minutes: 3 });
    world.apply(UpdateFleetAttributes { description: Some(String::new()), ..update(&fleet) }).unwrap();
    assert_eq!((world.fleet(&fleet).name.as_str(), world.fleet(&fleet).description.as_str()), ("new", ""));
    assert_eq!(world.events(&fleet), before, "protection did not change");
}

/// F-21, F-22: a changed policy is told, and is that of later sessions only.
#[test]
fn f22_protection_is_that_of_later_sessions_and_its_change_an_event() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let earlier = world.active_session(&fleet).id;
    let set = |policy, minutes| UpdateFleetAttributes {
        protection: policy,
        protection_time_limit_minutes: minutes,
        ..update(&fleet)
    };
    let limited = Some(ProtectionPolicy::TimeLimitProtection);
    let steps = [
        (set(None, Some(9)), ProtectionPolicy::NoProtection, 0),
        (set(limited, None), ProtectionPolicy::TimeLimitProtection, 60),
        (set(None, Some(1440)), ProtectionPolicy::TimeLimitProtection, 1440),
        (set(limited, None), ProtectionPolicy::TimeLimitProtection, 1440),
        (set(Some(ProtectionPolicy::FullProtection), Some(9)), ProtectionPolicy::FullProtection, 0),
    ];
    for (step, policy, minutes) in steps {
        world.apply(step.clone()).unwrap();
        let row = world.fleet(&fleet);
        assert_eq!((row.protection, row.protection_time_limit_minutes), (policy, minutes), "{step:?}");
    }
    let code = "FLEET_NEW_GAME_SESSION_PROTECTION_POLICY_UPDATED";
    assert_eq!(world.events(&fleet).iter().filter(|event| **event == code).count(), 3);
    let state = world.control_plane.state();
    let told: Vec<&str> = state.events.values().map(|event| event.message.as_str()).collect();
    let wanted = "protection changed from NoProtection to TimeLimitProtection of 60 minute(s)";
    assert!(told.contains(&wanted), "{told:?}");
    let later = world.active_session(&fleet).id;
    let protection = |id| world.session(id).protection;
    assert_eq!(protection(&earlier), ProtectionPolicy::NoProtection);
    assert_eq!(protection(&later), ProtectionPolicy::FullProtection);
}

#[test]
fn f22_the_time_limit_counts_when_the_time_is_limited() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let limited = Some(ProtectionPolicy::TimeLimitProtection);
    world.apply(UpdateFleetAttributes { protection: limited, ..update(&fleet) }).unwrap();
    for minutes in [-30, 0, 4, 1441, i64::MAX] {
        let refused = world
            .apply(UpdateFleetAttributes { protection_time_limit_minutes: Some(minutes), ..update(&fleet) })
            .unwrap_err();
        let member = "GameServerSessionProtectionTimeLimit";
        let expected = "5..1440 minutes".to_owned();
        assert_eq!(refused, Error::Invalid { member, value: minutes.to_string(), expected });
    }
    assert_eq!(world.fleet(&fleet).protection_time_limit_minutes, 60);
}

#[test]
fn f24_revocations_are_exact_and_come_first() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    world.apply(ports(&fleet, &[], &[rule(2000), rule(3000), rule(2000)])).unwrap();
    assert_eq!(world.fleet(&fleet).inbound, [rule(2000), rule(3000)]);
    for other in [
        InboundPermission { protocol: Protocol::Tcp, ..rule(2000) },
        InboundPermission { to_port: 2011, ..rule(2000) },
        InboundPermission { ip_range: "0.0.0.0/1".into(), ..rule(2000) },
    ] {
        let refused = world.apply(ports(&fleet, &[rule(3000), other.clone()], &[rule(4000)])).unwrap_err();
        let permission = other.to_string();
        assert_eq!(refused, Error::PermissionNotFound { fleet: fleet.clone(), permission });
    }
    assert_eq!(world.fleet(&fleet).inbound, [rule(2000), rule(3000)], "nothing was changed");
    world.apply(ports(&fleet, &[rule(2000)], &[rule(4000), rule(2000)])).unwrap();
    assert_eq!(world.fleet(&fleet).inbound, [rule(3000), rule(4000), rule(2000)]);
}

#[test]
fn f24_a_fleet_has_at_most_fifty_rules() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let fifty: Vec<_> = (0..50).map(|number| rule(2000 + number)).collect();
    world.apply(ports(&fleet, &[], &fifty)).unwrap();
    let refused = world.apply(ports(&fleet, &[], &[rule(9000)])).unwrap_err();
    assert_eq!(refused, Error::Quota { what: "inbound permissions of a fleet", limit: 50 });
    world.apply(ports(&fleet, &[rule(2000)], &[rule(9000)])).unwrap();
    let asset = world.asset(&scope(), Ok(()));
    let mut inbound = fifty;
    inbound.push(rule(9000));
    let request = crate::fleet::CreateFleet { inbound, ..fleet_request(&scope(), &asset, 1) };
    let refused = world.apply(request).unwrap_err();
    assert_eq!(refused, Error::Quota { what: "inbound permissions of a fleet", limit: 50 });
}

#[test]
fn fleets_that_go_or_are_gone_are_not_changed() {
    let mut world = World::new();
    let fleet = deleting(&mut world);
    let (status, reason) = (FleetStatus::Deleting, String::new());
    let going = Error::FleetNotActive { fleet: fleet.clone(), status, reason };
    assert_eq!(world.apply(update(&fleet)).unwrap_err(), going);
    assert_eq!(world.apply(ports(&fleet, &[], &[])).unwrap_err(), going);
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, crate::host::ReportKind::InstanceStopped).unwrap();
    assert_eq!(world.apply(update(&fleet)).unwrap_err(), Error::FleetNotFound(fleet.clone()));
    assert_eq!(world.apply(ports(&fleet, &[], &[])).unwrap_err(), Error::FleetNotFound(fleet));
}

/// ListFleets: newest first, without those that are gone.
#[test]
fn fleets_are_listed_by_asset_name_and_tag() {
    let mut world = World::new();
    let asset = world.asset(&scope(), Ok(()));
    let mut made = Vec::new();
    for (name, value) in [("one", "a"), ("two", "b"), ("two", "a")] {
        world.pass_seconds(1);
        let tags = vec![Tag { key: "env".into(), value: value.into() }];
        let (name, tags) = (name.to_owned(), tags);
        let request = crate::fleet::CreateFleet { name, tags, ..fleet_request(&scope(), &asset, 1) };
        made.push(world.apply(request).unwrap().id);
    }
    let listed = |world: &World, asset: Option<AssetId>, filters: Vec<Filter>| -> Vec<FleetId> {
        let query = FleetQuery { scope: scope(), asset, filters };
        list(world.control_plane.state(), &query).into_iter().map(|fleet| fleet.id.clone()).collect()
    };
    let pick = |which: &[usize]| -> Vec<FleetId> { which.iter().map(|&at| made[at].clone()).collect() };
    assert_eq!(listed(&world, None, vec![]), pick(&[2, 1, 0]));
    assert_eq!(listed(&world, Some(asset), vec![]), pick(&[2, 1, 0]));
    assert_eq!(listed(&world, Some(AssetId::new("asset-none")), vec![]), []);
    let named = Filter::Name(vec!["two".into()]);
    let tagged = Filter::Tag(vec![Tag { key: "env".into(), value: "a".into() }]);
    assert_eq!(listed(&world, None, vec![named.clone()]), pick(&[2, 1]));
    assert_eq!(listed(&world, None, vec![named, tagged]), pick(&[2]));
    // Other regions have their own, and what is gone is not listed.
    assert_eq!(world.create_fleet(&crate::fixture::scope_in("ap-beijing"), 1).name, "f1");
    let going = deleting(&mut world);
    assert!(listed(&world, None, vec![]).contains(&going));
    let instance = world.instances(&going)[0].clone();
    world.report(&instance, crate::host::ReportKind::InstanceStopped).unwrap();
    assert_eq!(listed(&world, None, vec![]), pick(&[2, 1, 0]));
}

/// F-4: StoppedActions, as often as it is said.
#[test]
fn f4_automatic_scaling_is_stopped_and_started() {
    let mut world = World::new();
    let young = world.create_fleet(&scope(), 1).id;
    let set = |fleet: &FleetId, auto_scaling| SetFleetActions {
        scope: scope(),
        fleet: fleet.clone(),
        auto_scaling,
    };
    let (status, reason) = (FleetStatus::New, String::new());
    let refused = world.apply(set(&young, false)).unwrap_err();
    assert_eq!(refused, Error::FleetNotActive { fleet: young, status, reason });
    let fleet = world.active_fleet(&scope(), 1);
    for auto_scaling in [true, false, false, true] {
        world.apply(set(&fleet, auto_scaling)).unwrap();
        assert_eq!(world.fleet(&fleet).auto_scaling, auto_scaling);
    }
    let unknown = FleetId::new("fleet-none");
    assert_eq!(world.apply(set(&unknown, true)).unwrap_err(), Error::FleetNotFound(unknown));
}

/// F-34, R66: fixture processes have the ports 3001, 3002, …
#[test]
fn f34_a_port_outside_every_range_is_told_once_for_each_process() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 3).id;
    let instance = world.instances(&fleet)[0].clone();
    world.deploy(&instance);
    let told = |world: &World| world.events(&fleet).iter().filter(|code| **code == "GENERIC_EVENT").count();
    world.ready(&instance);
    assert_eq!(told(&world), 0);
    world.apply(ports(&fleet, &[], &[rule(2000), rule(60_000 - 10)])).unwrap();
    world.ready(&instance);
    assert_eq!(told(&world), 1);
    world.apply(ports(&fleet, &[], &[rule(3000)])).unwrap();
    world.ready(&instance);
    assert_eq!(told(&world), 1);
}
