//! Tries the planted faults: each must be noticed by a checker within so many seeds.

use gse_core::planted::{Planted, plant};

use crate::check::Violation;
use crate::run::run;
use crate::scenario::Scenario;

/// Within how many seeds each fault must be noticed.
pub const SEEDS_MAX: u64 = 250;

/// A fault, and the seed that showed it.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The fault.
    pub fault: Planted,
    /// How many seeds it took, and what was noticed; `None`: nothing was.
    pub by: Option<(u64, Violation)>,
}

/// Plants each fault in turn.
pub fn try_all() -> impl Iterator<Item = Caught> {
    Planted::ALL.iter().map(|&fault| {
        plant(Some(fault));
        let found =
            (1..=SEEDS_MAX).find_map(|seed| Some((seed, run(&Scenario::draw(seed), false).violation?)));
        plant(None);
        Caught { fault, by: found }
    })
}
