use super::*;
use crate::alias::{CreateAlias, DeleteAlias, RoutingStrategy};
use crate::capacity::UpdateFleetCapacity;
use crate::fixture::{World, fleet_request, scope};
use crate::host::{HostOrder, PreparationStep, ProcessEnd, ReportKind};
use crate::id::{InstanceId, ProcessId};
use crate::instance::InstanceStatus;

fn ended(end: ProcessEnd) -> ReportKind {
    ReportKind::ProcessEnded { process: ProcessId::new("trial"), end, log: "last words".into() }
}

fn in_validation(world: &mut World) -> (FleetId, InstanceId) {
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.deploy(&instance);
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Validating);
    (fleet, instance)
}

/// W1, rows 5 to 8, and R09.
#[test]
fn w1_a_fleet_walks_to_active() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 10);
    assert_eq!(
        (fleet.status, fleet.auto_scaling, fleet.capacity),
        (FleetStatus::New, true, Capacity::NEW_FLEET)
    );
    let instance = world.instances(&fleet.id)[0].clone();
    assert!(
        matches!(&world.orders[..], [(id, HostOrder::StartInstance(spec))] if *id == instance && spec.trial)
    );
    world.deploy(&instance);
    world.ready(&instance);
    let wanted = [
        "FLEET_CREATED",
        "FLEET_STATE_DOWNLOADING",
        "FLEET_CREATION_EXTRACTING_BUILD",
        "FLEET_CREATION_VALIDATING_RUNTIME_CONFIG",
        "FLEET_STATE_VALIDATING",
        "FLEET_STATE_BUILDING",
        "FLEET_STATE_ACTIVATING",
        "FLEET_STATE_ACTIVE",
    ];
    assert_eq!(world.events(&fleet.id), wanted);
    let capacity = capacity::describe(world.control_plane.state(), &scope(), &[fleet.id], 0, 20).unwrap();
    let counts = &capacity.items[0];
    assert_eq!((counts.active, counts.idle, counts.pending, counts.terminating), (1, 1, 0, 0));
}

/// S07.
#[test]
fn s07_a_wrong_launch_path_fails_the_fleet() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, ReportKind::PreparationStarted).unwrap();
    world.report(&instance, ReportKind::PackageExtracted { log: String::new() }).unwrap();
    let missing = vec!["/local/game/nope".to_string()];
    world
        .report(&instance, ReportKind::LaunchPathsChecked { missing, log: "nope: not found".into() })
        .unwrap();
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Error);
    let events = world.events(&fleet);
    assert_eq!(events[events.len() - 2..], ["FLEET_VALIDATION_LAUNCH_PATH_NOT_FOUND", "FLEET_STATE_ERROR"]);
    let request = UpdateFleetCapacity {
        scope: scope(),
        fleet: fleet.clone(),
        desired: None,
        min: None,
        max: Some(2),
        scaling_interval_minutes: None,
    };
    assert_eq!(world.apply(request), Err(Error::BeforeFirstDeployment { fleet: fleet.clone() }));
    // F-28.4: although the instance still exists.
    assert_eq!(world.instances(&fleet).len(), 1);
    world.apply(DeleteFleet { scope: scope(), fleet: fleet.clone() }).unwrap();
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Deleting);
    world.report(&instance, ReportKind::InstanceStopped).unwrap();
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Terminated);
    let events = world.events(&fleet);
    assert_eq!(events[events.len() - 2..], ["FLEET_STATE_DELETING", "FLEET_DELETED"]);
}

/// The trial start (F-9): each kind of end, and what it does to the fleet.
#[test]
fn f9_how_a_trial_start_fails() {
    let table = [
        (ProcessEnd::NotReady, "FLEET_VALIDATION_TIMED_OUT"),
        (ProcessEnd::NoContact, "FLEET_VALIDATION_TIMED_OUT"),
        (ProcessEnd::NotExecutable("no".into()), "FLEET_VALIDATION_EXECUTABLE_RUNTIME_FAILURE"),
        (ProcessEnd::InvalidPath("no".into()), "FLEET_VALIDATION_LAUNCH_PATH_NOT_FOUND"),
    ];
    for (end, code) in table {
        let mut world = World::new();
        let (fleet, instance) = in_validation(&mut world);
        world.report(&instance, ended(end.clone())).unwrap();
        let events = world.events(&fleet);
        assert_eq!(events[events.len() - 2..], [code, "FLEET_STATE_ERROR"], "{end:?}");
        assert_eq!(
            world.control_plane.state().instances.get(&instance).unwrap().status,
            InstanceStatus::Stopping
        );
        assert_eq!(world.orders.last(), Some(&(instance, HostOrder::StopInstance)));
    }
}

/// A process that ends early is started again by the host; the third time fails the fleet.
#[test]
fn f9_three_early_ends_fail_the_fleet() {
    let mut world = World::new();
    let (fleet, instance) = in_validation(&mut world);
    for _ in 0..2 {
        world.report(&instance, ended(ProcessEnd::Crashed("exit code 1".into()))).unwrap();
        assert_eq!(world.fleet(&fleet).status, FleetStatus::Validating);
    }
    world.report(&instance, ended(ProcessEnd::Crashed("exit code 1".into()))).unwrap();
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Error);
    let events = world.events(&fleet);
    assert_eq!(
        events[events.len() - 2..],
        ["FLEET_VALIDATION_EXECUTABLE_RUNTIME_FAILURE", "FLEET_STATE_ERROR"]
    );
}

/// Every waiting state has a deadline, also when a host says nothing.
#[test]
fn f8_silence_fails_a_fleet_in_the_end() {
    let mut world = World::new();
    let silent = world.create_fleet(&scope(), 1).id;
    let (stuck, _) = in_validation(&mut world);
    world.pass_seconds(3 * 3600);
    assert!(world.events(&silent).contains(&"FLEET_ACTIVATION_FAILED_NO_INSTANCES"));
    assert!(world.events(&stuck).contains(&"FLEET_VALIDATION_TIMED_OUT"));
    for fleet in [silent, stuck] {
        assert_eq!(world.fleet(&fleet).status, FleetStatus::Error);
    }
}

#[test]
fn f8_a_package_that_cannot_be_unpacked_fails_the_fleet() {
    for (step, code) in [
        (PreparationStep::Download, "FLEET_BINARY_DOWNLOAD_FAILED"),
        (PreparationStep::Extract, "FLEET_INITIALIZATION_FAILED"),
    ] {
        let mut world = World::new();
        let fleet = world.create_fleet(&scope(), 1).id;
        let instance = world.instances(&fleet)[0].clone();
        world.report(&instance, ReportKind::PreparationStarted).unwrap();
        let failed =
            ReportKind::PreparationFailed { step, reason: "entry `../x`".into(), log: String::new() };
        world.report(&instance, failed).unwrap();
        let events = world.events(&fleet);
        assert_eq!(events[events.len() - 2..], [code, "FLEET_STATE_ERROR"]);
    }
}

/// R04, F-5, S-3.
#[test]
fn create_fleet_refusals() {
    let mut world = World::new();
    let good = world.asset(&scope(), Ok(()));
    let bad = world.asset(&scope(), Err("not a zip".into()));
    let unknown = AssetId::new("asset-unknown");
    assert_eq!(world.apply(fleet_request(&scope(), &unknown, 1)).unwrap_err(), Error::AssetNotFound(unknown));
    let refused = world.apply(fleet_request(&scope(), &bad, 1)).unwrap_err();
    assert_eq!(refused, Error::AssetNotReady { asset: bad, reason: "not a zip".into() });
    let typed = CreateFleet { instance_type: "HUGE".into(), ..fleet_request(&scope(), &good, 1) };
    assert!(matches!(world.apply(typed), Err(Error::Invalid { member: "InstanceType", .. })));
    world.quotas.fleets = 1;
    world.apply(fleet_request(&scope(), &good, 1)).unwrap();
    assert_eq!(world.apply(fleet_request(&scope(), &good, 1)).unwrap_err(), Error::FleetQuota { limit: 1 });
    world.quotas = crate::Quotas { instances: 1, ..crate::Quotas::default() };
    let refused = world.apply(fleet_request(&scope(), &good, 1)).unwrap_err();
    assert_eq!(refused, Error::InstanceQuota { limit: 1, wanted: 2 });
}

/// C18, C22 and the defaults of 2.1.
#[test]
fn create_fleet_defaults() {
    let mut world = World::new();
    let asset = world.asset(&scope(), Ok(()));
    let fleet = world.apply(fleet_request(&scope(), &asset, 1)).unwrap();
    assert_eq!(fleet.runtime.activation_timeout_s, 600);
    assert_eq!((fleet.protection, fleet.protection_time_limit_minutes), (ProtectionPolicy::NoProtection, 0));
    assert_eq!(fleet.creator_limit, CreatorLimit { sessions: 2, period_minutes: 3 });
    assert_eq!((fleet.bandwidth_mbps, fleet.data_disks.len()), (100, 1));
    let fleet = world
        .apply(CreateFleet {
            protection: Some(ProtectionPolicy::TimeLimitProtection),
            creator_limit: Some(CreatorLimit { sessions: 0, period_minutes: 0 }),
            data_disks: Some(vec![]),
            ..fleet_request(&scope(), &asset, 1)
        })
        .unwrap();
    assert_eq!(fleet.protection_time_limit_minutes, 60);
    assert_eq!(fleet.creator_limit, CreatorLimit { sessions: 0, period_minutes: 3 });
    assert_eq!(fleet.data_disks, []);
}

/// R11, F-28 and W2 rows 10 to 12.
#[test]
fn f28_deletion_needs_an_empty_unreferenced_fleet() {
    let mut world = World::new();
    let young = world.create_fleet(&scope(), 1).id;
    let refused = world.apply(DeleteFleet { scope: scope(), fleet: young.clone() }).unwrap_err();
    assert_eq!(refused, Error::FleetBeingCreated { fleet: young, status: FleetStatus::New });

    let fleet = world.active_fleet(&scope(), 1);
    let delete = DeleteFleet { scope: scope(), fleet: fleet.clone() };
    let alias = world
        .apply(CreateAlias {
            scope: scope(),
            name: "a".into(),
            description: String::new(),
            routing: RoutingStrategy::Simple(fleet.clone()),
            tags: vec![],
        })
        .unwrap();
    let refused = world.apply(delete.clone()).unwrap_err();
    assert_eq!(refused, Error::FleetReferenced { fleet: fleet.clone(), by: format!("alias `{}`", alias.id) });
    world.apply(DeleteAlias { scope: scope(), alias: alias.id }).unwrap();
    let refused = world.apply(delete.clone()).unwrap_err();
    assert_eq!(refused, Error::FleetHasInstances { fleet: fleet.clone(), count: 1 });

    let instance = world.instances(&fleet)[0].clone();
    let empty = UpdateFleetCapacity {
        scope: scope(),
        fleet: fleet.clone(),
        desired: Some(0),
        min: Some(0),
        max: None,
        scaling_interval_minutes: None,
    };
    world.apply(empty).unwrap();
    assert!(matches!(
        &world.orders[..],
        [(id, HostOrder::DrainInstance { .. }), (_, HostOrder::ConfirmProcesses(_))] if *id == instance
    ));
    assert_eq!(
        world.apply(delete.clone()).unwrap_err(),
        Error::FleetHasInstances { fleet: fleet.clone(), count: 1 }
    );
    world.report(&instance, ReportKind::InstanceStopped).unwrap();
    world.apply(delete.clone()).unwrap();
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Deleting);
    world.apply(delete.clone()).unwrap();
    world.pass_seconds(1);
    let gone = world.fleet(&fleet);
    assert_eq!((gone.status, gone.terminated.is_some()), (FleetStatus::Terminated, true));
    assert_eq!(world.apply(delete).unwrap_err(), Error::FleetNotFound(fleet));
}

/// R38: a fleet is not visible from another region.
#[test]
fn r38_fleets_belong_to_a_region() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let elsewhere = crate::fixture::scope_in("ap-beijing");
    assert_eq!(describe(world.control_plane.state(), &elsewhere, &[], 0, 20).total, 0);
    assert_eq!(describe(world.control_plane.state(), &scope(), std::slice::from_ref(&fleet), 0, 20).total, 1);
    assert_eq!(
        find(world.control_plane.state(), &elsewhere, &fleet).unwrap_err(),
        Error::FleetNotFound(fleet)
    );
}

/// Reports can be lost: a ready process proves that everything before it has happened.
#[test]
fn f10_a_ready_process_stands_for_the_reports_before_it() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.ready(&instance);
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Active);
    let events = world.events(&fleet);
    for code in ["FLEET_STATE_DOWNLOADING", "FLEET_STATE_VALIDATING", "FLEET_STATE_ACTIVE"] {
        assert!(events.contains(&code), "{events:?}");
    }
}

/// S05, S06.
#[test]
fn s05_an_install_script_is_an_event_with_its_output_and_a_failed_one_the_end() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, ReportKind::PreparationStarted).unwrap();
    world.report(&instance, ReportKind::PackageExtracted { log: String::new() }).unwrap();
    world.report(&instance, ReportKind::PreparationNoted { text: "gse.yaml is ignored".into() }).unwrap();
    let ran = ReportKind::InstallScriptRan { took: std::time::Duration::from_secs(2), log: "output".into() };
    world.report(&instance, ran.clone()).unwrap();
    let events = world.events(&fleet);
    assert_eq!(events[events.len() - 2..], ["GENERIC_EVENT", "FLEET_CREATION_RUNNING_INSTALLER"]);
    let state = world.control_plane.state();
    let told =
        state.events.values().find(|event| event.code == EventCode::FleetCreationRunningInstaller).unwrap();
    assert!(told.message.contains("/local/game/install.sh"), "{}", told.message);
    assert_eq!(told.log.as_deref(), Some("output"));
    world.report(&instance, ReportKind::LaunchPathsChecked { missing: vec![], log: String::new() }).unwrap();
    world.ready(&instance);
    let count = world.events(&fleet).len();
    world.report(&instance, ran).unwrap();
    assert_eq!(world.events(&fleet).len(), count, "a later instance is no event");

    let failing = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&failing)[0].clone();
    world.report(&instance, ReportKind::PreparationStarted).unwrap();
    let (reason, log) = ("/local/game/install.sh failed: exit status: 3".to_owned(), "output".to_owned());
    let step = PreparationStep::Install;
    world.report(&instance, ReportKind::PreparationFailed { step, reason, log }).unwrap();
    let events = world.events(&failing);
    assert_eq!(events[events.len() - 2..], ["FLEET_CREATION_RUNNING_INSTALLER", "FLEET_STATE_ERROR"]);
    assert!(!events.contains(&"FLEET_STATE_VALIDATING"));
}

/// R73: nothing is told to a host before its machine is there, and no state is skipped quickly.
#[test]
fn r73_a_fleet_at_the_pace_of_a_cloud() {
    let mut world = World::new();
    world.clocks.keep_pace_of_a_cloud();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.pass_seconds(59);
    world.restart();
    assert_eq!((world.orders.len(), world.fleet(&fleet).status), (0, FleetStatus::New));
    world.pass_seconds(1);
    assert!(matches!(world.orders[..], [(_, HostOrder::StartInstance(_))]), "{:?}", world.orders);
    world.deploy(&instance);
    world.ready(&instance);
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Building);
    world.pass_seconds(10);
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Activating);
    world.restart();
    world.pass_seconds(10);
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Active);
    let order = ["FLEET_STATE_BUILDING", "FLEET_STATE_ACTIVATING", "FLEET_STATE_ACTIVE"];
    assert!(world.events(&fleet).ends_with(&order), "{:?}", world.events(&fleet));
}

/// F-11.
#[test]
fn r73_a_process_that_is_gone_before_the_fleet_is_active_fails_it() {
    let mut world = World::new();
    world.clocks.keep_pace_of_a_cloud();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.pass_seconds(60);
    world.deploy(&instance);
    let process = world.ready(&instance);
    let end = ProcessEnd::Crashed("exit status: 1".into());
    world.report(&instance, ReportKind::ProcessEnded { process, end, log: String::new() }).unwrap();
    world.pass_seconds(20);
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Error);
    assert!(world.events(&fleet).contains(&"FLEET_ACTIVATION_FAILED"), "{:?}", world.events(&fleet));
}
