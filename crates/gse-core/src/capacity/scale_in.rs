//! Who leaves when a fleet shrinks (S-21 to S-23). Pure: candidates in, a choice out.

use std::cmp::Reverse;

use crate::id::InstanceId;
use crate::planted::planted;
use crate::time::Timestamp;

/// An instance that may leave: not reserved (S-21), not leaving already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The instance.
    pub instance: InstanceId,
    /// Its live sessions.
    pub sessions: usize,
    /// Its weight.
    pub weight: u32,
    /// When it was made.
    pub created: Timestamp,
}

/// The `count` instances that leave: without sessions first, then fewest sessions; among equals the lowest weight,
/// then the youngest (S-22, S-23).
pub fn choose(candidates: &[Candidate], count: usize) -> Vec<InstanceId> {
    let mut order: Vec<&Candidate> = candidates.iter().collect();
    order.sort_by_key(|candidate| {
        (
            if planted!(ScaleInBusyFirst) { usize::MAX - candidate.sessions } else { candidate.sessions },
            candidate.weight,
            Reverse(candidate.created),
            Reverse(candidate.instance.clone()),
        )
    });
    order.into_iter().take(count).map(|candidate| candidate.instance.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(candidates: &[(&str, usize, u32, i64)], count: usize, wanted: &[&str]) {
        let candidates: Vec<Candidate> = candidates
            .iter()
            .map(|&(id, sessions, weight, created_s)| Candidate {
                instance: InstanceId::new(id),
                sessions,
                weight,
                created: Timestamp::from_seconds(created_s),
            })
            .collect();
        let chosen = choose(&candidates, count);
        assert_eq!(chosen.iter().map(InstanceId::as_str).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn s22_without_sessions_lowest_weight_youngest() {
        check(&[("old", 0, 5, 1), ("young", 0, 5, 2), ("busy", 1, 1, 3)], 1, &["young"]);
        check(&[("heavy", 0, 6, 9), ("light", 0, 5, 1)], 1, &["light"]);
    }

    #[test]
    fn s23_then_fewest_sessions() {
        check(&[("two", 2, 5, 1), ("one", 1, 5, 1), ("none", 0, 5, 1)], 2, &["none", "one"]);
        check(&[("a", 0, 5, 1)], 5, &["a"]);
    }
}
