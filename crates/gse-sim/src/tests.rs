//! What holds for the simulation itself. That the core passes is the business of `cargo xtask simulate`.

use crate::run::run;
use crate::scenario::Scenario;

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [3, 14, 159] {
        let scenario = Scenario::draw(seed);
        let (first, second) = (run(&scenario, true), run(&scenario, true));
        assert_eq!(first.whole, second.whole);
        assert_eq!(first.hash, second.hash);
        assert!(first.lines > 100, "{} lines", first.lines);
    }
}

#[test]
fn seeds_differ() {
    let hashes: std::collections::BTreeSet<u64> =
        (1..=8).map(|seed| run(&Scenario::draw(seed), false).hash).collect();
    assert_eq!(hashes.len(), 8);
}

#[test]
fn a_few_seeds_break_no_rule() {
    for seed in 1..=10 {
        let outcome = run(&Scenario::draw(seed), false);
        assert_eq!(outcome.violation, None, "seed {seed}");
    }
}

/// Leaving out a part of a plan leaves the rest as it was; without that a failure could not be made smaller.
#[test]
fn an_empty_plan_is_a_quiet_world() {
    let mut scenario = Scenario::draw(1);
    scenario.plan.clear();
    let outcome = run(&scenario, true);
    assert_eq!((outcome.violation, outcome.made), (None, (0, 0, 0)));
    assert!(outcome.whole.lines().all(|line| !line.contains("order")), "{}", outcome.whole);
}

#[cfg(feature = "planted")]
#[test]
fn every_planted_fault_is_noticed() {
    let missed: Vec<_> = crate::planted::try_all().filter(|caught| caught.by.is_none()).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// A failure becomes smaller and stays the same failure.
#[cfg(feature = "planted")]
#[test]
fn a_failure_shrinks() {
    use gse_core::planted::{Planted, plant};
    plant(Some(Planted::SeatNotFreed));
    let scenario = Scenario::draw(1);
    let failed = run(&scenario, false);
    let rule = failed.violation.clone().unwrap().rule;
    let (smaller, outcome) = crate::shrink::shrink(&scenario, failed);
    plant(None);
    assert!(smaller.plan.len() * 2 < scenario.plan.len(), "{:?}", smaller.lines());
    assert_eq!(outcome.violation.unwrap().rule, rule);
}
