//! Makes a failing scenario smaller: leaves out parts of its plan as long as the same rule is still broken.

use crate::run::{Outcome, run};
use crate::scenario::{Action, Scenario};

/// Runs that shrinking may take.
const RUNS: usize = 400;

/// The smallest scenario found, with its outcome. `failed` is the outcome of `scenario`.
pub fn shrink(scenario: &Scenario, failed: Outcome) -> (Scenario, Outcome) {
    let Some(rule) = failed.violation.as_ref().map(|violation| violation.rule) else {
        return (scenario.clone(), failed);
    };
    let (mut best, mut outcome) = (scenario.clone(), failed);
    let mut runs = 0;
    let mut size = best.plan.len().div_ceil(2);
    while size > 0 && runs < RUNS {
        let mut start = 0;
        let mut smaller = false;
        while start < best.plan.len() && runs < RUNS {
            let mut candidate = best.clone();
            let end = (start + size).min(candidate.plan.len());
            candidate.plan.drain(start..end);
            runs += 1;
            let tried = run(&candidate, false);
            if tried.violation.as_ref().is_some_and(|violation| violation.rule == rule) {
                (best, outcome) = (candidate, tried);
                smaller = true;
            } else {
                start = end;
            }
        }
        if !smaller || size > 1 {
            size /= 2;
        }
    }
    (best, outcome)
}

/// What a person reads: how many faults and deeds are left.
pub fn summary(scenario: &Scenario) -> String {
    let faults = scenario.plan.iter().filter(|(_, action)| matches!(action, Action::Fault(_))).count();
    format!("{} item(s), {faults} of them fault(s)", scenario.plan.len())
}
