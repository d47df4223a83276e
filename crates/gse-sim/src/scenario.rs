//! The plan of a run: who does what, what goes wrong, and when. All of it comes from the seed; leaving out a part of
//! it leaves the rest as it was, which is what makes a failure shrink.

use crate::fault::{self, Fault};
use crate::operator;
use crate::player;
use crate::random::Random;

/// One item of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// An operator does something.
    Operator(operator::Deed),
    /// A player does something.
    Player(player::Deed),
    /// Something goes wrong.
    Fault(Fault),
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Where chance comes from.
    pub seed: u64,
    /// How many hosts there are.
    pub hosts: u32,
    /// Milliseconds from the start, and what happens then; in order.
    pub plan: Vec<(u64, Action)>,
    /// From here on nothing goes wrong any more.
    pub calm_after_ms: u64,
    /// The end of the run.
    pub ends_after_ms: u64,
}

/// Time for the last deadlines to pass and for the fleets to become what they should be.
const CALM_MS: u64 = 180_000;

/// More fleets than a plan makes.
const FLEETS_WITH_RULES: u32 = 16;

impl Scenario {
    /// The plan of a seed.
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::stream(seed, "plan", 0);
        let calm_after_ms = random.within(20_000, 100_000);
        let mut plan = vec![(0, Action::Operator(operator::Deed::CreateAssets))];
        for fleet in 0..random.within(1, 3) {
            plan.push((100 + fleet * 50, Action::Operator(operator::first_fleet(&mut random))));
        }
        let alias = operator::Deed::CreateAlias { fleet: 0 };
        plan.push((400, Action::Operator(alias)));
        plan.push((500, Action::Operator(operator::queue(&mut random))));
        let mut add = |count: u64, one: fn(&mut Random) -> Action, random: &mut Random| {
            for _ in 0..count {
                let (at_ms, action) = (random.within(600, calm_after_ms), one(random));
                if let Action::Operator(operator::Deed::DeleteFleet { fleet }) = action {
                    // Only an empty fleet can be deleted (F-28).
                    let empty = operator::Deed::emptied(fleet);
                    plan.push((at_ms.saturating_sub(20_000), Action::Operator(empty)));
                }
                plan.push((at_ms, action));
            }
        };
        let players = random.within(5, 90);
        add(players, |random| Action::Player(player::draw(random)), &mut random);
        let operators = random.within(0, 24);
        add(operators, |random| Action::Operator(operator::draw(random)), &mut random);
        // One run in eight has no fault at all: what is right without faults must not need them.
        let faults = if random.in_thousand(125) { 0 } else { random.within(1, 14) };
        add(faults, |random| Action::Fault(fault::draw(random)), &mut random);
        // A stream of their own leaves the rest of the plan as it would be without them.
        let mut timers = Random::stream(seed, "timers", 0);
        if timers.in_thousand(350) {
            let count = timers.within(2, 10);
            add(count, |random| Action::Operator(operator::timer(random)), &mut timers);
        }
        let hosts = random.count(1, 3);
        // In half of the runs people alone decide how large a fleet is.
        let policies = if random.in_thousand(500) { 0 } else { random.within(1, 12) };
        add(policies, |random| Action::Operator(operator::policy(random)), &mut random);
        for fleet in 0..FLEETS_WITH_RULES {
            // A rule and a target can disagree for ever; without rules each fleet comes to rest.
            let last = operator::Deed::DeleteRule { fleet };
            plan.push((calm_after_ms + 5_000, Action::Operator(last)));
        }
        plan.sort_by_key(|(at_ms, _)| *at_ms);
        Self { seed, hosts, plan, calm_after_ms, ends_after_ms: calm_after_ms + CALM_MS }
    }

    /// The plan as text, a line per item.
    pub fn lines(&self) -> Vec<String> {
        self.plan.iter().map(|(at_ms, action)| format!("{at_ms:>7} ms  {action:?}")).collect()
    }
}
