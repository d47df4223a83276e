//! Which regions satisfy what, and when (operations.md 5.3, 5.4). Pure: a value in, a decision with its reason out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::trace::WhyNot;
use crate::id::Region;
use crate::planted::planted;
use crate::queue::LatencyPolicy;

/// A player's latency to a region, as the caller measured it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayerLatency {
    /// PlayerId.
    pub player: String,
    /// RegionIdentifier.
    pub region: Region,
    /// LatencyInMilliseconds.
    pub latency_ms: u64,
}

/// From here on a latency means "cannot be reached" (P-7).
const UNREACHABLE_MS: u64 = 1_000_000;

/// Which destinations may be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The policy in force, ms; of a placement that is hopeless the last one.
    pub limit_ms: Option<u64>,
    /// When the next policy begins, after the start of the placement.
    pub until: Option<Duration>,
    /// Why no destination will ever do (P-13, P-15).
    pub hopeless: Option<String>,
    /// The worst latency to each region that every player can reach; `None`: no latencies were given.
    worst: Option<BTreeMap<Region, u64>>,
}

impl Admission {
    /// Whether a destination in this region may be used, or why not.
    ///
    /// # Errors
    /// It is out of reach (P-8), or too far for the policy in force (P-9).
    pub fn check(&self, region: &Region) -> Result<(), WhyNot> {
        let Some(worst) = &self.worst else { return Ok(()) };
        let ms = *worst.get(region).ok_or(WhyNot::Unreachable)?;
        match self.limit_ms {
            Some(limit_ms) if ms > limit_ms => Err(WhyNot::TooFar(ms)),
            Some(_) | None => Ok(()),
        }
    }
}

/// Decides which destinations may be used, `elapsed` after the start of a placement.
///
/// `destinations` are the regions of the queue's destinations, usable or not (P-13).
pub fn admit(
    latencies: &[PlayerLatency],
    policies: &[LatencyPolicy],
    destinations: &[Region],
    elapsed: Duration,
) -> Admission {
    let worst = (!latencies.is_empty()).then(|| worst_latency_by_region(latencies));
    let mut admission = Admission { limit_ms: None, until: None, hopeless: None, worst };
    // P-15
    if destinations.is_empty() {
        admission.hopeless = Some("the queue has no destination".into());
        return admission;
    }
    let Some(worst) = &admission.worst else { return admission };
    let Some(best_ms) = destinations.iter().filter_map(|region| worst.get(region)).min().copied() else {
        admission.hopeless = Some("no destination is in a region that every player can reach".into());
        return admission;
    };
    let Some(last) = policies.last() else { return admission };
    admission.limit_ms = Some(last.maximum_latency_ms);
    let widest = if planted!(FailsTooEarly) { &policies[0] } else { last };
    if best_ms > widest.maximum_latency_ms {
        let limit = last.maximum_latency_ms;
        let reason = format!("no destination has a latency of at most {limit} ms for every player");
        admission.hopeless = Some(reason);
        return admission;
    }
    let mut begins = Duration::ZERO;
    // P-13: a policy that nobody satisfies takes no time.
    for policy in policies.iter().filter(|policy| policy.maximum_latency_ms >= best_ms) {
        let lasts = policy.duration_s > 0 && policy != last;
        if planted!(PolicyTooEarly) {
            return admission;
        }
        let ends = begins.saturating_add(Duration::from_secs(policy.duration_s));
        if !lasts || elapsed < ends {
            (admission.limit_ms, admission.until) = (Some(policy.maximum_latency_ms), lasts.then_some(ends));
            return admission;
        }
        begins = ends;
    }
    admission
}

/// The worst usable latency per region, for regions where every player has one (P-7, P-8).
fn worst_latency_by_region(latencies: &[PlayerLatency]) -> BTreeMap<Region, u64> {
    let players: BTreeSet<&str> = latencies.iter().map(|latency| latency.player.as_str()).collect();
    let mut usable: BTreeMap<&Region, BTreeMap<&str, u64>> = BTreeMap::new();
    for latency in latencies.iter().filter(|latency| (1..UNREACHABLE_MS).contains(&latency.latency_ms)) {
        let known = usable.entry(&latency.region).or_default().entry(&latency.player).or_default();
        *known = latency.latency_ms.max(*known);
    }
    usable
        .into_iter()
        .filter(|(_, of_players)| of_players.len() == players.len())
        .map(|(region, of_players)| {
            (region.clone(), of_players.into_values().max().unwrap_or(UNREACHABLE_MS))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SH: &str = "ap-shanghai";
    const SV: &str = "na-siliconvalley";

    /// (player, region, ms)
    type Latencies<'a> = &'a [(&'a str, &'a str, u64)];

    fn check(latencies: Latencies<'_>, policies: &[(u64, u64)], elapsed_s: u64, wanted: &[&str]) {
        let latencies: Vec<_> = latencies
            .iter()
            .map(|&(player, region, latency_ms)| PlayerLatency {
                player: player.into(),
                region: Region::new(region),
                latency_ms,
            })
            .collect();
        let policies: Vec<_> = policies
            .iter()
            .map(|&(maximum_latency_ms, duration_s)| LatencyPolicy { maximum_latency_ms, duration_s })
            .collect();
        let both = [Region::new(SH), Region::new(SV)];
        let admission = admit(&latencies, &policies, &both, Duration::from_secs(elapsed_s));
        let admitted = both.iter().filter(|region| admission.check(region).is_ok());
        let regions: Vec<String> = admitted.map(Region::to_string).collect();
        assert_eq!(admission.hopeless.is_some(), regions.is_empty(), "{admission:?}");
        assert_eq!(regions, wanted, "{latencies:?} {policies:?} after {elapsed_s} s");
    }

    const P: Latencies<'_> = &[("1", SH, 100), ("1", SV, 50), ("2", SH, 60), ("2", SV, 80)];
    const THREE: &[(u64, u64)] = &[(80, 10), (100, 10), (150, 0)];

    /// operations.md 5.4, the numeric examples.
    #[test]
    fn px_examples() {
        check(P, THREE, 0, &[SV]); // PX1
        check(P, &[(150, 0)], 0, &[SH, SV]); // PX2
        check(&[("1", SH, 0), ("1", SV, 50), ("2", SH, 0), ("2", SV, 80)], &[(150, 0)], 0, &[SV]); // PX3
        check(&[], THREE, 0, &[SH, SV]); // PX4
        check(&[("1", SH, 30), ("1", SV, 200), ("2", SV, 190)], &[], 0, &[SV]); // PX5
        check(P, THREE, 9, &[SV]); // PX6
        check(P, THREE, 10, &[SH, SV]); // PX6
        check(&[("1", SH, 120), ("2", SH, 110)], &[(60, 10), (100, 10), (150, 0)], 0, &[SH]); // PX7
        check(&[("1", SH, 400), ("1", SV, 300)], &[(150, 0)], 0, &[]); // PX8
        check(&[("1", SH, 30), ("2", SV, 30)], &[(150, 0)], 0, &[]); // PX10
    }

    #[test]
    fn p7_zero_and_a_million_are_unreachable() {
        check(&[("1", SH, 0), ("1", SV, 1_000_000)], &[], 0, &[]);
        check(&[("1", SH, 1), ("1", SV, 999_999)], &[], 0, &[SH, SV]);
    }

    #[test]
    fn p9_equal_satisfies() {
        check(&[("1", SH, 80)], &[(80, 0)], 0, &[SH]);
        check(&[("1", SH, 81)], &[(80, 0)], 0, &[]);
    }

    #[test]
    fn p12_a_skipped_policy_takes_no_time() {
        let slow: Latencies<'_> = &[("1", SH, 90), ("1", SV, 140)];
        check(slow, &[(60, 10), (100, 10), (150, 0)], 9, &[SH]);
        check(slow, &[(60, 10), (100, 10), (150, 0)], 10, &[SH, SV]);
    }

    #[test]
    fn q4_the_last_policy_lasts_whatever_its_duration() {
        check(P, &[(80, 5), (90, 5)], 500, &[SV]);
        check(P, &[(80, 0), (150, 5)], 500, &[SV]);
    }

    #[test]
    fn p15_no_destination_is_hopeless() {
        assert!(admit(&[], &[], &[], Duration::ZERO).hopeless.is_some());
    }
}
