//! The table of situations and steps, and whole walks in which each step is taken in a model of the service.

use super::*;

fn fleet(id: &str) -> FleetView {
    let counts = Counts { max: 4, desired: 1, active: 1, idle: 1, ..Counts::default() };
    FleetView {
        id: id.into(),
        phase: Phase::Active,
        is_wanted: false,
        replaces: None,
        is_automatic: false,
        counts,
        held_by: vec![],
    }
}

/// The alias leads to `old`; `new` was made to replace it and runs the build.
fn two() -> Situation {
    let new = FleetView { is_wanted: true, replaces: Some("old".into()), ..fleet("new") };
    Situation {
        goal: Goal::Update,
        keep: false,
        alias: AliasTarget::Fleet("old".into()),
        has_asset: true,
        fleets: vec![new, fleet("old")],
        awaited: None,
        has_begun: false,
        canary: None,
        canary_now: None,
        is_drain_overdue: false,
        expected: None,
        has_seen_canary: false,
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Situation), expected: Step) {
    let mut situation = two();
    change(&mut situation);
    assert_eq!(next(&situation), expected, "{situation:#?}");
}

fn at(id: &str) -> String {
    id.into()
}

fn old(situation: &mut Situation) -> &mut FleetView {
    situation.fleets.iter_mut().find(|fleet| fleet.id == "old").unwrap()
}

fn new(situation: &mut Situation) -> &mut FleetView {
    situation.fleets.iter_mut().find(|fleet| fleet.id == "new").unwrap()
}

fn switched(situation: &mut Situation) {
    situation.alias = AliasTarget::Fleet("new".into());
}

#[test]
fn before_there_is_a_fleet_of_the_build() {
    check(
        |s| {
            s.fleets.remove(0);
            s.has_asset = false;
        },
        Step::Upload,
    );
    check(|s| drop(s.fleets.remove(0)), Step::CreateFleet { copy_of: Some(at("old")) });
    check(
        |s| {
            s.fleets.clear();
            s.alias = AliasTarget::Missing;
        },
        Step::CreateFleet { copy_of: None },
    );
    check(|s| new(s).phase = Phase::Creating, Step::AwaitActive { fleet: at("new") });
}

#[test]
fn a_fleet_that_fails_ends_the_run_that_waited_and_is_deleted_by_the_next() {
    check(
        |s| {
            new(s).phase = Phase::Failed;
            s.awaited = Some(at("new"));
        },
        Step::Fail { fleet: at("new") },
    );
    check(|s| new(s).phase = Phase::Failed, Step::Delete { fleet: at("new") });
    // What the alias leads to is never deleted, and neither is what others need.
    check(
        |s| {
            old(s).phase = Phase::Failed;
            new(s).is_wanted = false;
        },
        Step::CreateFleet { copy_of: Some(at("old")) },
    );
    check(
        |s| {
            new(s).phase = Phase::Failed;
            new(s).held_by = vec![at("alias-2")];
        },
        Step::CreateFleet { copy_of: Some(at("old")) },
    );
}

#[test]
fn the_new_fleet_is_as_large_as_the_load_before_the_alias_moves() {
    check(|_| {}, Step::Switch { from: Some(at("old")), to: at("new") });
    check(|s| old(s).counts.desired = 3, Step::Grow { fleet: at("new"), min: 0, desired: 3 });
    check(|s| old(s).counts.desired = 9, Step::Grow { fleet: at("new"), min: 0, desired: 4 });
    check(
        |s| (old(s).counts.min, old(s).counts.desired) = (2, 2),
        Step::Grow { fleet: at("new"), min: 2, desired: 2 },
    );
    // An operator had the old one at 0; the new one must host all the same.
    check(
        |s| {
            old(s).counts = Counts { max: 1, ..Counts::default() };
            new(s).counts = Counts { max: 1, ..Counts::default() };
        },
        Step::Grow { fleet: at("new"), min: 0, desired: 1 },
    );
    check(|s| new(s).counts.active = 0, Step::AwaitInstances { fleet: at("new"), active: 0, wanted: 1 });
    check(|s| old(s).is_automatic = true, Step::StartScaling { fleet: at("new") });
    check(|s| s.alias = AliasTarget::Missing, Step::CreateAlias { fleet: at("new") });
    check(|s| s.alias = AliasTarget::Nowhere, Step::Switch { from: None, to: at("new") });
}

#[test]
fn the_old_fleet_goes_as_its_matches_end() {
    let after = |change: fn(&mut Situation), expected| {
        check(
            |s| {
                switched(s);
                change(s);
            },
            expected,
        );
    };
    after(|s| old(s).is_automatic = true, Step::StopScaling { fleet: at("old") });
    after(|_| {}, Step::Shrink { fleet: at("old"), desired: 0 });
    // Three instances, two with matches: one may leave.
    after(
        |s| old(s).counts = Counts { max: 4, desired: 3, active: 3, idle: 1, ..Counts::default() },
        Step::Shrink { fleet: at("old"), desired: 2 },
    );
    after(
        |s| old(s).counts = Counts { max: 4, desired: 2, active: 2, terminating: 1, ..Counts::default() },
        Step::AwaitMatches { fleet: at("old"), busy: 2, others: 1 },
    );
    // The deadline of the operator: now the protections decide.
    after(
        |s| {
            old(s).counts = Counts { max: 4, desired: 2, active: 2, ..Counts::default() };
            s.is_drain_overdue = true;
        },
        Step::Shrink { fleet: at("old"), desired: 0 },
    );
    after(
        |s| old(s).counts = Counts { max: 4, terminating: 1, ..Counts::default() },
        Step::AwaitMatches { fleet: at("old"), busy: 0, others: 1 },
    );
    after(|s| old(s).counts = Counts { max: 4, ..Counts::default() }, Step::Delete { fleet: at("old") });
    after(|s| old(s).phase = Phase::Deleting, Step::AwaitDeleted { fleet: at("old") });
    after(|s| drop(s.fleets.pop()), Step::Done { fleet: at("new"), kept: vec![] });
    after(|s| s.keep = true, Step::Done { fleet: at("new"), kept: vec![at("old")] });
    after(|s| old(s).held_by = vec![at("queue")], Step::Done { fleet: at("new"), kept: vec![at("old")] });
}

#[test]
fn what_can_be_done_is_done_before_anything_is_waited_for() {
    check(
        |s| {
            switched(s);
            old(s).counts = Counts { max: 1, desired: 1, active: 1, ..Counts::default() };
            s.fleets.push(fleet("older"));
        },
        Step::Shrink { fleet: at("older"), desired: 0 },
    );
}

#[test]
fn a_rollback_goes_back_one_deployment_and_not_two() {
    let back = |change: &dyn Fn(&mut Situation), expected| {
        check(
            |s| {
                s.goal = Goal::RollBack;
                change(s);
            },
            expected,
        );
    };
    // Before the switch: only the new fleet goes.
    back(&|_| {}, Step::Shrink { fleet: at("new"), desired: 0 });
    back(&|s| new(s).phase = Phase::Creating, Step::AwaitActive { fleet: at("new") });
    back(&|s| new(s).phase = Phase::Failed, Step::Delete { fleet: at("new") });
    // After it: the old fleet, drained by now, is made ready first.
    back(
        &|s| {
            switched(s);
            new(s).is_automatic = true;
        },
        Step::StartScaling { fleet: at("old") },
    );
    back(
        &|s| {
            switched(s);
            (new(s).counts.min, new(s).counts.desired) = (1, 3);
            old(s).counts = Counts { max: 4, ..Counts::default() };
        },
        Step::Grow { fleet: at("old"), min: 1, desired: 3 },
    );
    back(&switched, Step::Switch { from: Some(at("new")), to: at("old") });
    // Done: an earlier one, kept on purpose, is not gone back to by asking again.
    back(
        &|s| {
            old(s).replaces = Some(at("older"));
            s.fleets.push(fleet("older"));
        },
        Step::Shrink { fleet: at("new"), desired: 0 },
    );
    back(
        &|s| {
            switched(s);
            s.fleets.pop();
        },
        Step::NothingToRollBack,
    );
    back(&|s| s.alias = AliasTarget::Missing, Step::NothingToRollBack);
}

#[test]
fn a_canary_has_its_time_and_stops_a_deployment_whose_sessions_fail() {
    let wish = CanaryWish { percent: 10, seconds: 60 };
    let now = |seconds, failed_sessions| {
        Some(CanaryNow { fleet: at("new"), percent: 10, seconds, failed_sessions })
    };
    let with = |canary_now: Option<CanaryNow>, expected| {
        check(
            |s| {
                s.canary = Some(wish);
                s.canary_now = canary_now;
            },
            expected,
        );
    };
    with(None, Step::StartCanary { fleet: at("new"), percent: 10 });
    with(now(20, 0), Step::AwaitCanary { fleet: at("new"), percent: 10, seconds_left: 40 });
    with(now(20, 1), Step::CanaryFailed { fleet: at("new"), sessions: 1 });
    with(now(60, 0), Step::Switch { from: Some(at("old")), to: at("new") });
    // The share of another deployment is taken back first; so is any by a rollback.
    let other = CanaryNow { fleet: at("other"), percent: 10, seconds: 1, failed_sessions: 0 };
    with(Some(other), Step::StopCanary);
    check(
        |s| {
            s.goal = Goal::RollBack;
            s.canary_now = now(20, 0);
        },
        Step::StopCanary,
    );
    // The first fleet of an alias has nobody to share with.
    check(
        |s| {
            s.canary = Some(wish);
            s.alias = AliasTarget::Missing;
        },
        Step::CreateAlias { fleet: at("new") },
    );
}

/// Takes a step as a service would, each wait being over at once; one match ends at a time.
fn take(situation: &mut Situation, step: &Step) {
    let mut edit = |id: &String, change: &dyn Fn(&mut FleetView)| {
        change(situation.fleets.iter_mut().find(|fleet| fleet.id == *id).unwrap());
    };
    match step {
        Step::Upload => situation.has_asset = true,
        Step::CreateFleet { copy_of } => {
            let source = copy_of.as_ref().and_then(|id| situation.fleet(id)).cloned();
            let counts = source.as_ref().map_or(fleet("").counts, |source| source.counts);
            let counts = Counts { active: 0, idle: 0, ..counts };
            let is_automatic = source.is_some_and(|source| source.is_automatic);
            let (phase, replaces) = (Phase::Creating, copy_of.clone());
            let made = FleetView { phase, is_wanted: true, replaces, counts, is_automatic, ..fleet("new") };
            situation.fleets.insert(0, made);
        }
        Step::AwaitActive { fleet } => edit(fleet, &|fleet| fleet.phase = Phase::Active),
        Step::StartScaling { fleet } => edit(fleet, &|fleet| fleet.is_automatic = true),
        Step::StopScaling { fleet } => edit(fleet, &|fleet| fleet.is_automatic = false),
        Step::Grow { fleet, min, desired } => {
            edit(fleet, &|fleet| (fleet.counts.min, fleet.counts.desired) = (*min, *desired));
        }
        Step::AwaitInstances { fleet, wanted, .. } => {
            edit(fleet, &|fleet| (fleet.counts.active, fleet.counts.idle) = (*wanted, *wanted));
        }
        Step::CreateAlias { fleet: to } | Step::Switch { to, .. } => {
            situation.alias = AliasTarget::Fleet(to.clone());
        }
        Step::Shrink { fleet, desired } => edit(fleet, &|fleet| {
            (fleet.counts.min, fleet.counts.desired) = (0, *desired);
            let leaving = fleet.counts.active - desired;
            fleet.counts.active -= leaving;
            fleet.counts.idle = fleet.counts.idle.saturating_sub(leaving);
            fleet.counts.terminating += leaving;
        }),
        Step::AwaitMatches { fleet, .. } => edit(fleet, &|fleet| {
            fleet.counts.terminating = 0;
            fleet.counts.idle = fleet.counts.active.min(fleet.counts.idle + 1);
        }),
        Step::Delete { fleet } => edit(fleet, &|fleet| fleet.phase = Phase::Deleting),
        Step::AwaitDeleted { fleet } => situation.fleets.retain(|other| other.id != *fleet),
        Step::StartCanary { .. }
        | Step::AwaitCanary { .. }
        | Step::StopCanary
        | Step::CanaryFailed { .. }
        | Step::Fail { .. }
        | Step::NothingToRollBack
        | Step::Overtaken { .. }
        | Step::Done { .. } => unreachable!("{step:?}"),
    }
}

/// The kinds of the steps until there is none.
fn walk(situation: &mut Situation) -> Vec<String> {
    let mut steps = Vec::new();
    loop {
        let step = next(situation);
        let name = format!("{step:?}");
        steps.push(name.split(' ').next().unwrap_or_default().to_owned());
        if matches!(step, Step::Done { .. }) {
            return steps;
        }
        assert!(steps.len() < 50, "no end: {steps:?}");
        take(situation, &step);
        situation.has_begun = true;
    }
}

#[test]
fn a_whole_update_and_a_rollback_from_wherever_it_was_interrupted() {
    let start = || {
        let mut situation = two();
        situation.fleets.remove(0);
        situation.has_asset = false;
        let counts = Counts { min: 1, max: 4, desired: 2, active: 2, idle: 0, ..Counts::default() };
        (old(&mut situation).counts, old(&mut situation).is_automatic) = (counts, true);
        situation
    };
    let mut situation = start();
    let steps = walk(&mut situation);
    assert_eq!(
        steps.join(" "),
        "Upload CreateFleet AwaitActive AwaitInstances Switch StopScaling Shrink AwaitMatches Shrink \
         AwaitMatches Shrink AwaitMatches Delete AwaitDeleted Done"
    );
    assert_eq!(situation.fleets.len(), 1);
    // Wherever it stops, asking for the way back leads to the old fleet as it was, until that is being deleted.
    for taken in 0..steps.len() - 1 {
        let mut situation = start();
        for _ in 0..taken {
            let step = next(&situation);
            take(&mut situation, &step);
        }
        let is_late = situation.fleets.iter().all(|fleet| fleet.id == "new" || fleet.phase != Phase::Active);
        let has_begun = situation.fleets.iter().any(|fleet| fleet.id == "new");
        situation.goal = Goal::RollBack;
        if is_late || !has_begun {
            assert_eq!(next(&situation), Step::NothingToRollBack, "after {taken} steps");
            continue;
        }
        walk(&mut situation);
        assert_eq!(situation.alias, AliasTarget::Fleet("old".into()), "after {taken} steps");
        assert_eq!(situation.fleets.len(), 1);
        let old = old(&mut situation);
        assert!(old.is_automatic && old.counts.min == 1 && old.counts.desired == 2, "{old:?}");
    }
}

/// R99: of two who deploy to one alias at a time, the one that is surprised gives up, so that it is not led back and forth.
#[test]
fn r99_who_is_overtaken_gives_up() {
    let to = |id: &str| AliasTarget::Fleet(at(id));
    let moved = |id: Option<&str>| Step::Overtaken { surprise: Surprise::AliasMoved(id.map(at)) };
    let other = |s: &mut Situation, goal| {
        s.fleets.push(fleet("other"));
        (s.goal, s.alias, s.expected) = (goal, to("other"), Some(to("old")));
    };
    check(|s| other(s, Goal::Update), moved(Some("other")));
    check(|s| other(s, Goal::RollBack), moved(Some("other")));
    // Led back after this one had led it to the new fleet; closed; made by somebody else.
    check(|s| s.expected = Some(to("new")), moved(Some("old")));
    check(|s| (s.alias, s.expected) = (AliasTarget::Nowhere, Some(to("old"))), moved(None));
    check(|s| s.expected = Some(AliasTarget::Missing), moved(Some("old")));
    // Nothing has moved, and another run of the same build is no adversary.
    check(|s| s.expected = Some(to("old")), Step::Switch { from: Some(at("old")), to: at("new") });
    check(
        |s| {
            switched(s);
            s.expected = Some(to("old"));
        },
        Step::Shrink { fleet: at("old"), desired: 0 },
    );

    let canary = |s: &mut Situation| {
        s.canary = Some(CanaryWish { percent: 10, seconds: 60 });
        s.has_seen_canary = true;
    };
    check(canary, Step::Overtaken { surprise: Surprise::CanaryEnded });
    let gone = |s: &mut Situation| {
        s.fleets.remove(0);
        s.awaited = Some(at("new"));
    };
    check(gone, Step::Overtaken { surprise: Surprise::FleetDeleted(at("new")) });
}
