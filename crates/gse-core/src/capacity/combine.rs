//! One number out of what several policies want (S-12, S-20). Pure.

use super::target_based::Bounds;
use crate::planted::planted;

/// How many instances there are, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Instances that are neither leaving nor reserved.
    pub instances: u32,
    /// Those of them without a session.
    pub idle: u32,
    /// MinSize.
    pub min: u32,
    /// MaxSize.
    pub max: u32,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the policies want together, whatever the range.
    pub wanted: u32,
    /// The number that there should be, inside the range.
    pub desired: u32,
}

/// The number that a target-based policy wants: only unused instances are removed (S-11).
pub fn target_wish(situation: Situation, bounds: Bounds) -> u32 {
    let present = situation.instances;
    if present < bounds.grow {
        bounds.grow
    } else if present > bounds.shrink {
        if planted!(TargetTakesBusy) {
            return 0;
        }
        bounds.shrink.max(present.saturating_sub(situation.idle))
    } else {
        present
    }
}

/// S-20: whoever wants more wins; else the one that takes away least, and never below what the target needs.
pub fn combine(situation: Situation, target: Option<Bounds>, fired: &[u32]) -> Choice {
    let present = situation.instances;
    let wishes =
        || target.map(|bounds| target_wish(situation, bounds)).into_iter().chain(fired.iter().copied());
    let more = wishes().filter(|&wish| wish > present && !planted!(NeverGrows)).max();
    let fewer = wishes().filter(|&wish| wish < present).max();
    let needed = target.map_or(0, |bounds| if planted!(TargetTakesBusy) { 0 } else { bounds.grow });
    let wanted = more.or(fewer.map(|wish| wish.max(needed))).unwrap_or(present);
    Choice { wanted, desired: wanted.clamp(situation.min, situation.max) }
}
