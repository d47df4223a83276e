//! The worked examples of operations.md 3.8, through the whole control plane, and what they leave open.

use std::time::Duration;

use crate::capacity::UpdateFleetCapacity;
use crate::capacity::decision::{Cause, Decision, Verdict, newest_first, sentence};
use crate::capacity::load::FleetLoad;
use crate::capacity::policy::{DeleteScalingPolicy, NewPolicy, PutScalingPolicy};
use crate::capacity::rule_based::{AdjustmentType, Comparison, Metric, Rule};
use crate::capacity::threshold::Threshold;
use crate::fixture::{World, scope};
use crate::fleet::settings::SetFleetActions;
use crate::fleet::{CreatorLimit, settings::UpdateFleetAttributes};
use crate::game_server_session::GameServerSession;
use crate::host::{ReportKind, SessionCall};
use crate::id::{FleetId, InstanceId};
use crate::instance::{SetServerReserved, SetServerWeight};

const MINUTE: Duration = Duration::from_secs(60);

/// A fleet whose hosts do at once what they are told.
struct Scaled {
    world: World,
    fleet: FleetId,
}

impl Scaled {
    /// So many processes an instance, a range, and so many instances in it.
    fn new(processes: u32, (min, max): (u32, u32), instances: u32) -> Self {
        let mut world = World::new();
        world.quotas.instances = 1000;
        let fleet = world.active_fleet(&scope(), processes);
        let unlimited = UpdateFleetAttributes {
            scope: scope(),
            fleet: fleet.clone(),
            name: None,
            description: None,
            protection: None,
            protection_time_limit_minutes: None,
            creator_limit: Some(CreatorLimit { sessions: 0, period_minutes: 3 }),
        };
        world.apply(unlimited).unwrap();
        let mut scaled = Self { world, fleet };
        scaled.capacity(Some(min), Some(instances.clamp(min, max)), Some(max));
        // What was done to set the stage is long ago.
        scaled.wait(60);
        scaled
    }

    fn capacity(&mut self, min: Option<u32>, desired: Option<u32>, max: Option<u32>) {
        let (fleet, scaling_interval_minutes) = (self.fleet.clone(), None);
        let change =
            UpdateFleetCapacity { scope: scope(), fleet, desired, min, max, scaling_interval_minutes };
        self.world.apply(change).unwrap();
        self.settle();
    }

    /// Instances that were ordered come up, those that leave go when nothing runs on them any more.
    fn settle(&mut self) {
        let state = self.world.control_plane.state();
        let rows: Vec<_> = state.instances_of(&self.fleet).cloned().collect();
        let processes = self.world.fleet(&self.fleet).runtime.processes_per_instance();
        for row in rows {
            let busy = self.sessions_on(&row.id).len();
            if row.is_pending() {
                (0..processes).for_each(|_| drop(self.world.ready(&row.id)));
            } else if row.is_leaving() && busy == 0 {
                self.world.report(&row.id, ReportKind::InstanceStopped).unwrap();
            }
        }
    }

    /// Minutes pass one by one, and hosts work in between.
    fn wait(&mut self, minutes: u32) {
        for _ in 0..minutes {
            self.world.pass(MINUTE);
            self.settle();
        }
    }

    fn target(&mut self, percent: u32) {
        self.put(NewPolicy::TargetBased { name: None, percent });
    }

    fn put(&mut self, policy: NewPolicy) {
        let put = PutScalingPolicy { scope: scope(), fleet: self.fleet.clone(), policy };
        self.world.apply(put).unwrap();
    }

    fn rule(&mut self, name: &str, rule: Rule) {
        self.put(NewPolicy::RuleBased { name: name.into(), rule });
    }

    fn mode(&mut self, auto_scaling: bool) {
        let fleet = self.fleet.clone();
        self.world.apply(SetFleetActions { scope: scope(), fleet, auto_scaling }).unwrap();
    }

    /// So many sessions, one after the other where the service puts them.
    fn sessions(&mut self, count: u32) -> Vec<GameServerSession> {
        (0..count).map(|_| self.world.active_session(&self.fleet)).collect()
    }

    /// So many sessions, each on an instance of its own.
    fn spread(&mut self, count: usize) {
        let instances = self.world.instances(&self.fleet);
        for instance in &instances {
            self.weigh(instance, 0);
        }
        for instance in instances.iter().take(count) {
            self.weigh(instance, 5);
            self.sessions(1);
            self.weigh(instance, 0);
        }
        for instance in &instances {
            self.weigh(instance, 5);
        }
    }

    fn weigh(&mut self, instance: &InstanceId, weight: u32) {
        let (fleet, instance) = (self.fleet.clone(), instance.clone());
        self.world.apply(SetServerWeight { scope: scope(), fleet, instance, weight }).unwrap();
    }

    fn end(&mut self, session: &GameServerSession) {
        let call = SessionCall::Terminate { session: session.id.clone() };
        self.world.call(session, call).unwrap();
        self.settle();
    }

    fn sessions_on(&self, instance: &InstanceId) -> Vec<GameServerSession> {
        let state = self.world.control_plane.state();
        let hosted = state.processes_of(instance).filter_map(|process| process.load.session());
        hosted.map(|session| self.world.session(session)).collect()
    }

    fn desired(&self) -> u32 {
        self.world.fleet(&self.fleet).capacity.desired
    }

    fn present(&self) -> usize {
        let state = self.world.control_plane.state();
        state.instances_of(&self.fleet).filter(|row| !row.is_leaving()).count()
    }

    fn decisions(&self) -> Vec<Decision> {
        let mut decisions = newest_first(self.world.control_plane.state(), &self.fleet);
        decisions.reverse();
        decisions
    }

    fn verdict(&self) -> Verdict {
        match self.decisions().pop().unwrap().cause {
            Cause::Policies(evaluation) => evaluation.verdict,
            cause => panic!("{cause:?}"),
        }
    }
}

fn rule(metric: Metric, comparison: Comparison, threshold: &str, minutes: u32) -> Rule {
    Rule {
        metric,
        comparison,
        threshold: Threshold::parse(threshold).unwrap(),
        minutes,
        adjustment_type: AdjustmentType::ChangeInCapacity,
        adjustment: 1,
    }
}

/// Operations.md 3.8, all of it: the target-based examples, the rule-based ones, and the cool-down.
#[test]
fn worked_examples() {
    struct Example {
        name: &'static str,
        p: u32,
        t: u32,
        a: u32,
        n: u32,
        max: u32,
        bounds: (u32, u32),
        desired: u32,
    }
    let example = |name, p, t, a, n, max, bounds, desired| Example { name, p, t, a, n, max, bounds, desired };
    let examples = [
        example("E1", 10, 30, 7, 1, 3, (1, 2), 1),
        example("E2", 10, 30, 8, 1, 3, (2, 2), 2),
        example("E3", 10, 30, 8, 2, 3, (2, 2), 2),
        example("E4", 10, 30, 7, 2, 3, (1, 2), 2),
        example("E5", 10, 30, 6, 2, 3, (1, 1), 1),
        example("E6", 1, 50, 1, 1, 3, (2, 3), 2),
        example("E7", 1, 50, 0, 2, 3, (1, 1), 1),
        example("E8", 10, 50, 6, 1, 3, (2, 2), 2),
        example("E9", 10, 50, 1, 2, 3, (1, 1), 1),
        example("E10, 15 %", 20, 15, 17, 1, 3, (1, 2), 1),
        example("E10, 10 %", 20, 15, 18, 1, 3, (2, 2), 2),
        example("E11", 10, 10, 100, 10, 50, (12, 12), 12),
        example("E12", 10, 30, 25, 3, 3, (4, 4), 3),
    ];
    for Example { name, p, t, a, n, max, bounds, desired } in examples {
        let found = super::target_based::bounds(p, a, t);
        assert_eq!((found.grow, found.shrink), bounds, "{name}");
        let mut scaled = Scaled::new(p, (0, max), n);
        scaled.sessions(a);
        scaled.target(t);
        scaled.wait(1);
        assert_eq!((scaled.desired(), scaled.present()), (desired, desired as usize), "{name}");
    }
    // E13 and E14: where the sessions are counts too.
    for (name, spread, bounds, desired) in [("E13", 3, (1, 2), 3), ("E14", 2, (1, 1), 2)] {
        let found = super::target_based::bounds(4, u32::try_from(spread).unwrap(), 25);
        assert_eq!((found.grow, found.shrink), bounds, "{name}");
        let mut scaled = Scaled::new(4, (0, 3), 3);
        scaled.spread(spread);
        scaled.target(25);
        scaled.wait(1);
        assert_eq!((scaled.desired(), scaled.present()), (desired, desired as usize), "{name}");
    }

    // Rule-based: the rounding of percentages.
    let percent = AdjustmentType::PercentChangeInCapacity;
    for (instances, adjustment, wanted) in
        [(10, 20, 12), (7, -30, 5), (3, 10, 4), (3, -10, 2), (3, 0, 3), (0, 50, 0)]
    {
        let always = rule(Metric::ActiveInstances, Comparison::GreaterOrEqual, "0", 1);
        let rule = Rule { adjustment_type: percent, adjustment, ..always };
        assert_eq!(rule.adjusted(instances), wanted, "{instances} {adjustment} %");
        let mut scaled = Scaled::new(1, (0, 50), instances);
        scaled.rule("percent", rule);
        scaled.wait(1);
        assert_eq!(scaled.desired(), wanted, "{instances} {adjustment} %");
    }
    // The fifth bad minute, not earlier; -1 as "to 1" is the vendor's own example.
    for (adjustment, wanted) in [(2, 2), (-1, 1)] {
        let few = rule(Metric::AvailableGameServerSessions, Comparison::Less, "50", 5);
        let exact = Rule { adjustment_type: AdjustmentType::ExactCapacity, adjustment, ..few };
        let mut scaled = Scaled::new(1, (0, 5), 3);
        scaled.rule("few", exact);
        scaled.wait(4);
        assert_eq!(scaled.desired(), 3);
        scaled.wait(1);
        assert_eq!(scaled.desired(), wanted);
    }

    // Cool-down, interval 10.
    let mut scaled = Scaled::new(10, (0, 3), 1);
    let sessions = scaled.sessions(8);
    scaled.target(30);
    scaled.world.pass_seconds(0);
    assert_eq!(scaled.desired(), 2, "12:00");
    scaled.wait(3);
    scaled.end(&sessions[0]);
    scaled.end(&sessions[1]);
    scaled.wait(6);
    assert_eq!(scaled.desired(), 2, "12:09");
    scaled.wait(1);
    assert_eq!(scaled.desired(), 1, "12:10");
}

/// S-5 and S-6: people do not wait for the cool-down, and begin a new one; afterwards the policies decide again.
#[test]
fn s5_s6_people_act_at_once_and_policies_later() {
    let mut scaled = Scaled::new(10, (0, 5), 1);
    scaled.sessions(8);
    scaled.target(30);
    scaled.wait(1);
    assert_eq!(scaled.desired(), 2);
    scaled.capacity(None, Some(5), None);
    assert_eq!((scaled.desired(), scaled.present()), (5, 5));
    scaled.wait(9);
    assert_eq!(scaled.desired(), 5);
    assert!(matches!(scaled.verdict(), Verdict::CoolDown { .. }));
    scaled.wait(1);
    assert_eq!(scaled.desired(), 2);
    // S-12: with an active policy the fleet comes back from 0.
    let mut scaled = Scaled::new(10, (0, 5), 1);
    scaled.target(30);
    scaled.capacity(None, Some(0), None);
    assert_eq!(scaled.present(), 0);
    scaled.wait(9);
    assert_eq!(scaled.desired(), 0);
    scaled.wait(1);
    assert_eq!((scaled.desired(), scaled.present()), (1, 1));
    // 3.1: in the manual mode only people decide.
    scaled.mode(false);
    scaled.capacity(None, Some(0), None);
    scaled.wait(30);
    assert_eq!((scaled.desired(), scaled.present()), (0, 0));
    scaled.mode(true);
    scaled.world.pass_seconds(0);
    assert_eq!(scaled.desired(), 1);
}

/// S-14: minutes in a row, over a restart, and from the beginning after it acted. S41 in small.
#[test]
fn s14_a_rule_counts_minutes_in_a_row() {
    let mut scaled = Scaled::new(3, (0, 10), 1);
    scaled.world.clocks.player_reserve = Duration::from_secs(86_400);
    let sessions = scaled.sessions(3);
    scaled.rule("crowded", rule(Metric::CurrentPlayerSessions, Comparison::GreaterOrEqual, "5", 3));
    scaled.world.join(&sessions[0].id, &["a", "b"]).unwrap();
    scaled.world.join(&sessions[1].id, &["c", "d"]).unwrap();
    for _ in 0..2 {
        let fifth = scaled.world.join(&sessions[2].id, &["e"]).unwrap().remove(0);
        scaled.wait(2);
        let leave = SessionCall::RemovePlayer { session: fifth.session.clone(), player_session: fifth.id };
        scaled.world.call(&sessions[2], leave).unwrap();
        scaled.wait(1);
        assert_eq!(scaled.desired(), 1);
    }
    scaled.world.join(&sessions[2].id, &["e"]).unwrap();
    scaled.wait(2);
    scaled.world.restart();
    assert_eq!(scaled.desired(), 1);
    scaled.wait(1);
    assert_eq!(scaled.desired(), 2);
    // It is met on and on: nothing inside the cool-down, and once more as soon as that is over.
    scaled.wait(9);
    assert_eq!(scaled.desired(), 2);
    scaled.wait(1);
    assert_eq!(scaled.desired(), 3);
    // What nobody looked at does not count.
    scaled.wait(9);
    scaled.mode(false);
    scaled.mode(true);
    scaled.wait(1);
    assert_eq!(scaled.desired(), 3);
    scaled.wait(2);
    assert_eq!(scaled.desired(), 4);
}

/// S-17: each metric, on a fleet of two instances with four processes each, of which three are used.
#[test]
fn s17_metrics() {
    let mut scaled = Scaled::new(4, (0, 10), 2);
    let sessions = scaled.sessions(3);
    scaled.world.join(&sessions[0].id, &["a", "b"]).unwrap();
    for (session, custom) in sessions.iter().zip([3, 4, 5]) {
        let process = session.process.clone();
        let kind = ReportKind::CustomCounts { process, current: custom, max: 16 };
        scaled.world.report(&session.instance, kind).unwrap();
    }
    let load = |scaled: &Scaled| {
        FleetLoad::of(scaled.world.control_plane.state(), &scaled.world.fleet(&scaled.fleet), true)
    };
    let shown = |load: &FleetLoad| {
        let value = |metric: &Metric| metric.value(load).map_or("-".into(), |value| value.to_string());
        Metric::ALL.iter().map(value).collect::<Vec<String>>()
    };
    assert_eq!(shown(&load(&scaled)), ["2", "5", "62.5", "12", "25", "2", "1.25", "62.5"]);
    // The empty instance is kept for investigation: it is one, and nothing of it counts. Its replacement does.
    let mut instances = scaled.world.instances(&scaled.fleet).into_iter();
    let empty = instances.find(|id| scaled.sessions_on(id).is_empty()).unwrap();
    let fleet = scaled.fleet.clone();
    let reserve = SetServerReserved { scope: scope(), fleet, instance: empty, reserved: true };
    scaled.world.apply(reserve).unwrap();
    scaled.settle();
    assert_eq!(shown(&load(&scaled)), ["2", "5", "62.5", "12", "25", "3", "1.25", "41.66"]);
    assert_eq!(shown(&FleetLoad::default()), ["0", "0", "-", "0", "-", "0", "-", "-"]);
    let never = rule(Metric::PercentIdleInstances, Comparison::Less, "1", 1);
    assert!(!never.is_met(Metric::PercentIdleInstances.value(&FleetLoad::default())));
}

/// The log says why, keeps what changed something, and says the same once only.
#[test]
fn decisions_are_kept_with_their_numbers() {
    let mut scaled = Scaled::new(10, (0, 3), 1);
    scaled.sessions(8);
    scaled.target(30);
    scaled.wait(300);
    let decisions = scaled.decisions();
    let told: Vec<(u32, u32, u64)> =
        decisions.iter().map(|decision| (decision.from, decision.to, decision.times)).collect();
    assert_eq!(told, [(1, 1, 1), (1, 2, 1), (2, 2, 300)]);
    let words = sentence(&decisions[1], scaled.world.now);
    assert!(
        words.ends_with(
            "8 of 10 sessions were in use, 20 % free; below the target of 30 %: 2 instances would leave 60 % free: \
             the fleet grew from 1 to 2 instances"
        ),
        "{words}"
    );
    // People change it again and again: the log stays bounded, and what changed nothing goes first.
    for number in 0..150 {
        scaled.capacity(None, Some(1 + number % 2), None);
        scaled.wait(1);
    }
    let decisions = scaled.decisions();
    let changes = decisions.iter().filter(|decision| decision.from != decision.to).count();
    assert_eq!((decisions.len(), changes), (101, 100));
    // What only repeats what stands does not write the log again.
    let logged = |scaled: &Scaled| {
        scaled.world.stored[&(crate::RowKind::DecisionLog, scaled.fleet.to_string())].clone()
    };
    let before = logged(&scaled);
    scaled.wait(3);
    assert!(
        matches!((&before, &logged(&scaled)), (crate::Row::DecisionLog(before), crate::Row::DecisionLog(after))
        if std::sync::Arc::ptr_eq(before, after))
    );
    // It outlives the service and the policies.
    let decisions = scaled.decisions();
    scaled.world.restart();
    assert_eq!(scaled.decisions(), decisions);
    let delete = DeleteScalingPolicy { scope: scope(), fleet: scaled.fleet.clone(), name: None };
    scaled.world.apply(delete).unwrap();
    assert_eq!(scaled.decisions(), decisions[1..]);
}

/// Where more is free than the target, and nothing changes, the words say what fewer instances would mean (E1, E3, E4).
#[test]
fn s12_a_target_that_holds_says_why_nothing_leaves() {
    for (sessions, instances, words) in [
        (7, 1, "30 % free; the target of 30 % holds"),
        (0, 1, "100 % free; above the target of 30 %, and one instance always stays"),
        (8, 2, "60 % free; the target of 30 % holds, and 1 instance would leave 20 % free"),
        (
            7,
            2,
            "65 % free; the target of 30 % holds, and 1 instance would leave 30 % free, which is not more",
        ),
    ] {
        let mut scaled = Scaled::new(10, (0, 3), instances);
        scaled.sessions(sessions);
        scaled.target(30);
        scaled.wait(1);
        let told = sentence(&scaled.decisions().pop().unwrap(), scaled.world.now);
        assert!(told.ends_with(words), "{told}");
    }
}

/// S-23: where unused instances are not enough, a rule takes busy ones too, the one with fewest sessions first; a
/// target never does.
#[test]
fn s23_a_rule_takes_busy_instances_too() {
    let mut scaled = Scaled::new(3, (0, 5), 3);
    let instances = scaled.world.instances(&scaled.fleet);
    scaled.spread(3);
    scaled.weigh(&instances[1], 10);
    scaled.sessions(1);
    scaled.weigh(&instances[1], 5);
    scaled.target(1);
    scaled.wait(20);
    assert_eq!((scaled.desired(), scaled.verdict()), (3, Verdict::Busy));
    let always = rule(Metric::ActiveInstances, Comparison::Greater, "0.5", 1);
    let exact = Rule { adjustment_type: AdjustmentType::ExactCapacity, adjustment: -2, ..always };
    scaled.rule("two", exact);
    scaled.wait(1);
    assert_eq!(scaled.desired(), 2);
    let state = scaled.world.control_plane.state();
    let leaving: Vec<_> = state.instances_of(&scaled.fleet).filter(|row| row.is_leaving()).collect();
    assert_eq!(leaving.len(), 1);
    assert!(leaving[0].id != instances[1], "it has two sessions");
    let hosted = scaled.sessions_on(&leaving[0].id);
    assert!(hosted.len() == 1 && !hosted[0].enabled, "{hosted:?}");
}

/// S-20, and the range.
#[test]
fn s20_several_policies() {
    use crate::capacity::combine::{Choice, Situation, combine};
    use crate::capacity::target_based::Bounds;
    let check = |instances, idle, target: Option<(u32, u32)>, fired: &[u32], wanted, desired| {
        let situation = Situation { instances, idle, min: 1, max: 8 };
        let bounds = target.map(|(grow, shrink)| Bounds { grow, shrink });
        assert_eq!(combine(situation, bounds, fired), Choice { wanted, desired }, "{target:?} {fired:?}");
    };
    check(4, 4, None, &[], 4, 4);
    check(4, 4, None, &[2, 3], 3, 3);
    check(4, 4, None, &[2, 6, 5], 6, 6);
    check(4, 4, None, &[20], 20, 8);
    check(4, 4, None, &[0], 0, 1);
    // A target that holds does not keep a rule from acting, but what it needs is kept.
    check(4, 4, Some((3, 5)), &[1], 3, 3);
    check(4, 4, Some((3, 5)), &[6], 6, 6);
    check(4, 4, Some((6, 7)), &[2], 6, 6);
    check(4, 4, Some((6, 7)), &[7], 7, 7);
    check(4, 2, Some((1, 1)), &[], 2, 2);
    check(4, 2, Some((1, 1)), &[1], 2, 2);
    check(4, 2, Some((1, 1)), &[3], 3, 3);
    check(4, 0, Some((1, 1)), &[1], 1, 1);
    check(0, 0, Some((1, 1)), &[], 1, 1);
}
