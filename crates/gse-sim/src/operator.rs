//! Who runs the fleets: creates, scales, points aliases, deletes. Each deed names things by number, modulo what there is.

use gse_core::Timestamp;
use gse_core::alias::{CreateAlias, DeleteAlias, RoutingStrategy, UpdateAlias};
use gse_core::asset::CreateAsset;
use gse_core::capacity::UpdateFleetCapacity;
use gse_core::capacity::policy::{DeleteScalingPolicy, NewPolicy, PutScalingPolicy};
use gse_core::capacity::rule_based::{AdjustmentType, Comparison, Metric, Rule};
use gse_core::capacity::threshold::Threshold;
use gse_core::fleet::runtime_configuration::UpdateRuntimeConfiguration;
use gse_core::fleet::settings::SetFleetActions;
use gse_core::fleet::{CreateFleet, CreatorLimit, DeleteFleet, ProtectionPolicy, ServerProcess};
use gse_core::game_server_session::EndGameServerSessionAndProcess;
use gse_core::id::{BlobId, FleetId, InstanceId, QueueName, Scope};
use gse_core::instance::{SetServerReserved, SetServerWeight};
use gse_core::queue::{CreateGameServerSessionQueue, LatencyPolicy};
use gse_core::region::{Condition, SetRegionFault};
use gse_core::timer::{
    DeleteTimerScalingPolicy, PutTimerScalingPolicy, Recurrence, ScalingMode, Schedule, TimerSettings,
};

use crate::claims::Ack;
use crate::random::Random;
use crate::world::{REGIONS, World, region, scope_in};

/// The name of the one rule that a fleet may have here.
const RULE: &str = "rule";

/// What an operator does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members are those of the commands; things are named by number")]
pub enum Deed {
    /// In every region.
    CreateAssets,
    CreateFleet {
        region: u32,
        processes: Vec<u32>,
        protection: ProtectionPolicy,
        protection_minutes: u32,
        activation_s: u32,
        activations: u32,
    },
    Capacity {
        fleet: u32,
        min: Option<u32>,
        desired: Option<u32>,
        max: Option<u32>,
    },
    DeleteFleet {
        fleet: u32,
    },
    /// Keeps so many percent of the sessions free (S-9).
    PutTarget {
        fleet: u32,
        percent: u32,
    },
    /// The one rule of a fleet (S-14).
    PutRule {
        fleet: u32,
        rule: Rule,
    },
    DeleteRule {
        fleet: u32,
    },
    /// StartFleetActions, StopFleetActions.
    Mode {
        fleet: u32,
        auto_scaling: bool,
    },
    /// The entries by what they are called, and how many copies of each.
    Configure {
        fleet: u32,
        entries: Vec<(u32, u32)>,
    },
    /// One of the instances of a fleet (F-32).
    Reserve {
        fleet: u32,
        instance: u32,
        reserved: bool,
    },
    /// One of the instances of a fleet (F-31).
    Weigh {
        fleet: u32,
        instance: u32,
        weight: u32,
    },
    /// With its process (G-15).
    EndSession {
        session: u32,
    },
    RegionFault {
        region: u32,
        down: bool,
    },
    CreateAlias {
        fleet: u32,
    },
    UpdateAlias {
        alias: u32,
        fleet: Option<u32>,
    },
    DeleteAlias {
        alias: u32,
    },
    /// A new timer, or another definition of one of those that are there.
    PutTimer {
        fleet: u32,
        timer: Option<u32>,
        recurrence: Recurrence,
        /// The first run, if the day is right, is due in so many seconds, rounded up to ten: so that several meet.
        in_s: u32,
        /// BeginTime is so many days earlier.
        days_ago: u32,
        settings: TimerSettings,
        stopped: bool,
    },
    DeleteTimer {
        timer: u32,
    },
    CreateQueue {
        destinations: Vec<(bool, u32)>,
        policies: Vec<(u64, u64)>,
        timeout_s: u32,
    },
}

impl Deed {
    /// The fleet is to have no instance.
    pub fn emptied(fleet: u32) -> Self {
        Self::Capacity { fleet, min: Some(0), desired: Some(0), max: None }
    }
}

/// A fleet that a scenario begins with.
pub fn first_fleet(random: &mut Random) -> Deed {
    let entries = random.count(1, 2);
    Deed::CreateFleet {
        region: random.count(0, 9),
        processes: (0..entries).map(|_| random.count(1, 3)).collect(),
        protection: random.one_of(ProtectionPolicy::ALL),
        protection_minutes: random.count(5, 20),
        activation_s: random.count(2, 20),
        activations: random.one_of(&[0, 0, 1, 2]),
    }
}

/// A queue over fleets and aliases.
pub fn queue(random: &mut Random) -> Deed {
    let destinations =
        (0..random.count(1, 4)).map(|_| (random.in_thousand(300), random.count(0, 99))).collect();
    let policies = match random.within(0, 2) {
        0 => vec![],
        1 => vec![(100, 0)],
        _ => vec![(60, 5), (100, 5), (150, 0)],
    };
    Deed::CreateQueue { destinations, policies, timeout_s: random.count(2, 60) }
}

/// A change of what scales a fleet by itself.
pub fn policy(random: &mut Random) -> Deed {
    let fleet = random.count(0, 99);
    match random.within(0, 9) {
        0..=4 => Deed::PutTarget { fleet, percent: random.one_of(&[1, 15, 30, 50, 75, 99]) },
        5 | 6 => Deed::PutRule { fleet, rule: rule(random) },
        7 => Deed::DeleteRule { fleet },
        _ => Deed::Mode { fleet, auto_scaling: random.in_thousand(500) },
    }
}

fn rule(random: &mut Random) -> Rule {
    Rule {
        metric: random.one_of(Metric::ALL),
        comparison: random.one_of(Comparison::ALL),
        threshold: Threshold::parse(random.one_of(&["0", "1", "2.5", "50"])).expect("these are numbers"),
        minutes: random.count(1, 4),
        adjustment_type: random.one_of(AdjustmentType::ALL),
        adjustment: random.one_of(&[-50, -1, 0, 1, 2, 50]),
    }
}

/// Something about timers.
pub fn timer(random: &mut Random) -> Deed {
    if random.in_thousand(100) {
        return Deed::DeleteTimer { timer: random.count(0, 99) };
    }
    // A run begins on 2021-01-01, a Friday.
    let recurrence = match random.within(0, 5) {
        0..=2 => Recurrence::Once,
        3 => Recurrence::EveryDays(random.count(1, 3)),
        4 => Recurrence::Monthly { from: random.one_of(&[1, 1, 2, 31]), to: 31 },
        _ => Recurrence::Weekly(random.one_of(&[[5, 7], [1, 5], [4, 6]]).into()),
    };
    let max = random.count(1, 4);
    let automatic = ScalingMode::Automatic { target_percent: random.count(1, 99) };
    let mode = random.one_of(&[None, Some(ScalingMode::Manual), Some(ScalingMode::Manual), Some(automatic)]);
    Deed::PutTimer {
        fleet: random.count(0, 99),
        timer: random.in_thousand(200).then(|| random.count(0, 99)),
        days_ago: if recurrence == Recurrence::Once { 0 } else { random.count(0, 40) },
        recurrence,
        in_s: random.count(0, 25),
        settings: TimerSettings {
            min: random.in_thousand(300).then(|| random.count(0, max)),
            // Sometimes more than the quota will allow.
            max: random.in_thousand(800).then_some(if random.in_thousand(100) { 20 } else { max }),
            desired: random.in_thousand(800).then(|| random.count(0, max)),
            scaling_interval_minutes: random.count(1, 30),
            mode,
        },
        stopped: random.in_thousand(100),
    }
}

/// Another runtime configuration: some entries stay, some change their count, some are new (F-23).
fn configuration(random: &mut Random) -> Deed {
    let first = random.count(0, 2);
    let entries = (first..=first + random.count(0, 1)).map(|entry| (entry, random.count(1, 3))).collect();
    Deed::Configure { fleet: random.count(0, 99), entries }
}

/// A launch entry by its number.
fn server_process(number: u32, count: u32) -> ServerProcess {
    ServerProcess {
        launch_path: format!("/local/game/server{number}"),
        parameters: String::new(),
        concurrent_executions: count,
    }
}

/// Any other deed.
pub fn draw(random: &mut Random) -> Deed {
    match random.within(0, 29) {
        0..=9 => {
            let max = random.count(1, 4);
            let desired = random.in_thousand(800).then(|| random.count(0, max));
            let min = random.in_thousand(200).then(|| random.count(0, max));
            Deed::Capacity { fleet: random.count(0, 99), min, desired, max: Some(max) }
        }
        11 => first_fleet(random),
        10 | 12 => Deed::DeleteFleet { fleet: random.count(0, 99) },
        13 | 14 => Deed::CreateAlias { fleet: random.count(0, 99) },
        15 | 16 => Deed::UpdateAlias {
            alias: random.count(0, 99),
            fleet: random.in_thousand(700).then(|| random.count(0, 99)),
        },
        20 => configuration(random),
        17 => Deed::DeleteAlias { alias: random.count(0, 99) },
        21..=23 => Deed::Reserve {
            fleet: random.count(0, 99),
            instance: random.count(0, 99),
            reserved: random.in_thousand(700),
        },
        24..=26 => Deed::Weigh {
            fleet: random.count(0, 99),
            instance: random.count(0, 99),
            weight: random.one_of(&[0, 0, 1, 10]),
        },
        27 => Deed::EndSession { session: random.count(0, 99) },
        28 | 29 => Deed::RegionFault { region: random.count(0, 9), down: random.in_thousand(600) },
        _ => queue(random),
    }
}

/// Does it.
pub fn act(world: &mut World, deed: &Deed) {
    match deed.clone() {
        Deed::CreateAssets => {
            for number in 0..u32::try_from(REGIONS.len()).unwrap_or(1) {
                create_asset(world, scope_in(number));
            }
        }
        Deed::CreateFleet {
            region,
            processes,
            protection,
            protection_minutes,
            activation_s,
            activations,
        } => {
            let scope = scope_in(region);
            let Some(asset) = world.known.asset(&scope) else { return };
            let command = CreateFleet {
                scope,
                asset,
                name: "fleet".into(),
                description: String::new(),
                instance_type: "S5.LARGE8".into(),
                tags: vec![],
                server_processes: (0..)
                    .zip(processes)
                    .map(|(number, count)| server_process(number, count))
                    .collect(),
                max_concurrent_activations: activations,
                activation_timeout_s: Some(activation_s),
                inbound: vec![],
                protection: Some(protection),
                protection_time_limit_minutes: Some(protection_minutes),
                creator_limit: Some(CreatorLimit { sessions: 3, period_minutes: 1 }),
                bandwidth_mbps: None,
                system_disk: None,
                data_disks: None,
                ccns: Vec::new(),
            };
            world.command(command, |fleet| Ack::Fleet(fleet.id));
        }
        Deed::Capacity { fleet, min, desired, max } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            let interval = None;
            let command =
                UpdateFleetCapacity { scope, fleet, desired, min, max, scaling_interval_minutes: interval };
            world.command(command, |()| Ack::Done);
        }
        Deed::Configure { fleet, entries } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            let entries = entries.into_iter().map(|(number, count)| server_process(number, count));
            let command = UpdateRuntimeConfiguration {
                scope,
                fleet,
                server_processes: Some(entries.collect()),
                max_concurrent_activations: None,
                activation_timeout_s: None,
            };
            world.command(command, |_| Ack::Done);
        }
        Deed::Reserve { fleet, instance, reserved } => {
            let Some((scope, fleet, instance)) = pick_instance(world, fleet, instance) else { return };
            world.command(SetServerReserved { scope, fleet, instance, reserved }, |()| Ack::Done);
        }
        Deed::Weigh { fleet, instance, weight } => {
            let Some((scope, fleet, instance)) = pick_instance(world, fleet, instance) else { return };
            world.command(SetServerWeight { scope, fleet, instance, weight }, |()| Ack::Done);
        }
        Deed::EndSession { session } => {
            let Some((scope, session)) = world.known.session(session) else { return };
            let command = EndGameServerSessionAndProcess { scope, session: Some(session), address: None };
            world.command(command, |()| Ack::Done);
        }
        Deed::RegionFault { region: number, down } => {
            let condition = if down { Condition::Down } else { Condition::Up };
            let region = region(usize::try_from(number).unwrap_or(0));
            world.command(SetRegionFault { region, condition }, |()| Ack::Done);
        }
        Deed::DeleteFleet { fleet } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            let deleted = fleet.clone();
            world.command(DeleteFleet { scope, fleet }, move |()| Ack::FleetDeleted(deleted));
        }
        Deed::PutTarget { fleet, percent } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            let policy = NewPolicy::TargetBased { name: None, percent };
            world.command(PutScalingPolicy { scope, fleet, policy }, |_| Ack::Done);
        }
        Deed::PutRule { fleet, rule } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            let policy = NewPolicy::RuleBased { name: RULE.into(), rule };
            world.command(PutScalingPolicy { scope, fleet, policy }, |_| Ack::Done);
        }
        Deed::DeleteRule { fleet } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            world.command(DeleteScalingPolicy { scope, fleet, name: Some(RULE.into()) }, |()| Ack::Done);
        }
        Deed::Mode { fleet, auto_scaling } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            world.command(SetFleetActions { scope, fleet, auto_scaling }, |()| Ack::Done);
        }
        Deed::CreateAlias { fleet } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            let routing = RoutingStrategy::Simple(fleet);
            let command = CreateAlias {
                scope,
                name: "alias".into(),
                description: String::new(),
                routing,
                tags: vec![],
            };
            world.command(command, |alias| Ack::Alias(Box::new(alias)));
        }
        Deed::UpdateAlias { alias, fleet } => {
            let Some((scope, alias)) = world.known.alias(alias) else { return };
            let fleet = fleet.and_then(|fleet| world.known.fleet(fleet)).map(|(_, fleet)| fleet);
            let routing = match fleet {
                Some(fleet) => RoutingStrategy::Simple(fleet),
                None => RoutingStrategy::Terminal { message: "closed".into(), fleet: None },
            };
            let command = UpdateAlias { scope, alias, name: None, description: None, routing: Some(routing) };
            world.command(command, |alias| Ack::Alias(Box::new(alias)));
        }
        Deed::DeleteAlias { alias } => {
            let Some((scope, alias)) = world.known.alias(alias) else { return };
            let deleted = alias.clone();
            world.command(DeleteAlias { scope, alias }, move |()| Ack::AliasDeleted(deleted));
        }
        Deed::PutTimer { fleet, timer, recurrence, in_s, days_ago, settings, stopped } => {
            let Some((scope, fleet)) = world.known.fleet(fleet) else { return };
            let old = timer.and_then(|number| world.known.timer(number)).cloned();
            let (scope, fleet) =
                old.as_ref().map_or((scope, fleet), |old| (old.scope.clone(), old.fleet.clone()));
            let name = old.as_ref().map(|old| old.name.clone());
            let first_s = (world.now.seconds() + i64::from(in_s) + 9) / 10 * 10;
            let begin = Timestamp::from_seconds(first_s - i64::from(days_ago) * 86_400);
            let end =
                (recurrence != Recurrence::Once).then(|| Timestamp::from_seconds(first_s + 100 * 86_400));
            let command = PutTimerScalingPolicy {
                scope,
                timer: old.map(|old| old.id),
                fleet,
                name: name.unwrap_or_else(|| format!("timer-{}", world.known.next_number())),
                schedule: Schedule { recurrence, begin, end },
                settings,
                stopped,
            };
            world.command(command, |timer| Ack::Timer(Box::new(timer)));
        }
        Deed::DeleteTimer { timer } => {
            let Some(timer) = world.known.timer(timer) else { return };
            let (scope, id) = (timer.scope.clone(), timer.id.clone());
            let command =
                DeleteTimerScalingPolicy { scope, timer: Some(id.clone()), fleet: None, name: None };
            world.command(command, move |()| Ack::TimerDeleted(id));
        }
        Deed::CreateQueue { destinations, policies, timeout_s } => {
            let mut names: Vec<String> = Vec::new();
            for (alias, number) in destinations {
                let name = if alias {
                    world.known.alias(number).map(|(scope, id)| scope.resource_name("alias", id.as_str()))
                } else {
                    world.known.fleet(number).map(|(scope, id)| scope.resource_name("fleet", id.as_str()))
                };
                names.extend(name.filter(|name| !names.contains(name)));
            }
            let policy = |(maximum_latency_ms, duration_s)| LatencyPolicy { maximum_latency_ms, duration_s };
            let command = CreateGameServerSessionQueue {
                scope: scope_in(0),
                name: QueueName::new(format!("queue-{}", world.known.next_number())),
                destinations: names,
                policies: policies.into_iter().map(policy).collect(),
                timeout_s: Some(timeout_s),
                tags: vec![],
            };
            world.command(command, |queue| Ack::Queue(queue.key()));
        }
    }
}

/// One of the instances that DescribeInstances shows of a fleet.
fn pick_instance(world: &World, fleet: u32, number: u32) -> Option<(Scope, FleetId, InstanceId)> {
    let (scope, fleet) = world.known.fleet(fleet)?;
    let state = world.engine.control_plane.as_ref()?.state();
    let instances: Vec<_> = state.instances_of(&fleet).map(|instance| instance.id.clone()).collect();
    let index = usize::try_from(number).unwrap_or(0).checked_rem(instances.len())?;
    Some((scope, fleet, instances[index].clone()))
}

fn create_asset(world: &mut World, scope: Scope) {
    let command = CreateAsset {
        scope,
        name: "server".into(),
        version: "1".into(),
        operate_system: gse_core::asset::DEFAULT_SYSTEM.into(),
        image_id: String::new(),
        bucket_key: "server.zip".into(),
        package: BlobId::new("blob"),
        size_bytes: 1,
        inspection: Ok(()),
        tags: vec![],
    };
    world.command(command, |asset| Ack::Asset(asset.scope, asset.id));
}
