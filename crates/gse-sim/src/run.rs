//! One run of a scenario. A panic of the core is a broken rule like any other.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::check::Violation;
use crate::scenario::Scenario;
use crate::world::World;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The rule that was broken.
    pub violation: Option<Violation>,
    /// The hash of the trace.
    pub hash: u64,
    /// Lines of the trace.
    pub lines: u64,
    /// The last lines.
    pub last: Vec<String>,
    /// Every byte, if asked for.
    pub whole: String,
    /// Sessions, player sessions and placements that were acknowledged.
    pub made: (usize, usize, usize),
}

/// The last lines that an outcome keeps.
const LAST: usize = 60;

/// Runs a scenario to its end or to the first broken rule.
pub fn run(scenario: &Scenario, whole_trace: bool) -> Outcome {
    let mut world = World::new(scenario, whole_trace);
    let ran = catch_unwind(AssertUnwindSafe(|| world.run()));
    if let Err(panic) = ran {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        world.violation("the core does not panic", text.unwrap_or_default());
    }
    Outcome {
        violation: world.violation.clone(),
        hash: world.trace.hash(),
        lines: world.trace.count(),
        last: world.trace.last(LAST).map(str::to_owned).collect(),
        whole: world.trace.whole().to_owned(),
        made: world.known.counts(),
    }
}
