//! Choosing a process for a session (G-3, G-4 as ruled by R9). Pure: candidates in, a choice or the reasons out.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) mod pool;

use crate::diagnosis;
use crate::error::Error;
use crate::event::EventCode;
use crate::fleet::{Fleet, FleetStatus};
use crate::id::{InstanceId, ProcessId};
use crate::instance::{Instance, InstanceStatus};
use crate::planted::planted;
use crate::process::Ineligible;
use crate::state::State;
use crate::time::Timestamp;

/// A process that qualifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The process.
    pub process: ProcessId,
    /// Weight of its instance, 1–10.
    pub weight: u32,
    /// Live sessions on its instance.
    pub live_sessions: u32,
    /// Since when it has been idle.
    pub idle_since: Timestamp,
}

/// A process that became idle less than this ago may be about to end: servers that play one match do (R9).
const FRESHLY_IDLE: Duration = Duration::from_secs(1);

/// Characters of the last trouble in a refusal.
const TROUBLE_MOST: usize = 300;

/// R9: higher weight, then the instance with more live sessions, then the longest idle with the freshly idle last;
/// ties by id.
pub fn choose(candidates: &[Candidate], now: Timestamp) -> Option<&Candidate> {
    candidates.iter().min_by_key(|candidate| {
        let freshly_idle = now.since(candidate.idle_since) < FRESHLY_IDLE;
        let order = (Reverse(candidate.weight), Reverse(candidate.live_sessions), freshly_idle);
        (order, candidate.idle_since, candidate.process.clone())
    })
}

/// The process of the fleet that gets the next session, or why there is none (G-5). The offers are in the order of
/// `choose`; a test compares the two.
pub(crate) fn choose_process(state: &State, fleet: &Fleet) -> Result<ProcessId, Error> {
    // G-2
    if fleet.status != FleetStatus::Active {
        let failed = diagnosis::newest(state, &fleet.id, |event| event.code == EventCode::FleetStateError);
        let failed = failed.filter(|_| fleet.status == FleetStatus::Error);
        let reason = failed.map_or(String::new(), |event| event.message.chars().take(TROUBLE_MOST).collect());
        return Err(Error::FleetNotActive { fleet: fleet.id.clone(), status: fleet.status, reason });
    }
    let pools = &state.index.pools;
    let mut offers = pools.offers(&fleet.id, fleet.runtime.version);
    let chosen = offers.find(|offer| !activates_enough(state, fleet, &offer.instance));
    chosen.map(|offer| offer.process.clone()).ok_or_else(|| {
        let reason = with_trouble(state, fleet, refusal_reason(state, fleet));
        Error::NoIdleProcess { fleet: fleet.id.clone(), reason }
    })
}

/// Whether a session could be placed in the fleet now (G-3).
pub(crate) fn has_eligible(state: &State, fleet: &Fleet) -> bool {
    let mut offers = state.index.pools.offers(&fleet.id, fleet.runtime.version);
    fleet.status == FleetStatus::Active
        && offers.any(|offer| !activates_enough(state, fleet, &offer.instance))
}

/// A fleet whose processes are all busy needs no explanation; one that has none, or has bad ones, does.
fn with_trouble(state: &State, fleet: &Fleet, reason: String) -> String {
    if reason.contains(Ineligible::Busy.as_str()) {
        return reason;
    }
    match diagnosis::newest_trouble(state, &fleet.id) {
        Some(event) => {
            let words: String = event.message.chars().take(TROUBLE_MOST).collect();
            format!("{reason}; the last trouble was {}: {words}", event.code)
        }
        None => reason,
    }
}

fn refusal_reason(state: &State, fleet: &Fleet) -> String {
    let mut refusals: BTreeMap<&'static str, u32> = BTreeMap::new();
    for instance in state.instances_of(&fleet.id) {
        let (unfit, fit) = state.index.pools.unfit(&instance.id, fleet.runtime.version);
        for (reason, count) in unfit {
            *refusals.entry(reason.as_str()).or_default() += count;
        }
        if let Some(reason) = instance_refusal(state, fleet, instance).filter(|_| fit > 0) {
            *refusals.entry(reason).or_default() += fit;
        }
    }
    refusal_text(&refusals)
}

/// What keeps a whole instance from getting sessions (G-3).
fn instance_refusal(state: &State, fleet: &Fleet, instance: &Instance) -> Option<&'static str> {
    match instance.status {
        InstanceStatus::Pending => return Some("on an instance that is not running yet"),
        InstanceStatus::Leaving | InstanceStatus::Stopping => return Some("on an instance that is leaving"),
        InstanceStatus::Active => {}
    }
    if instance.reserved && !planted!(ReservedIsEligible) {
        return Some("on a reserved instance");
    }
    if instance.weight == 0 && !planted!(WeightZeroIsEligible) {
        return Some("on an instance of weight 0");
    }
    activates_enough(state, fleet, &instance.id)
        .then_some("on an instance that activates as many sessions as it may")
}

fn activates_enough(state: &State, fleet: &Fleet, instance: &InstanceId) -> bool {
    let limit = fleet.runtime.max_concurrent_activations;
    let enough = limit > 0 && state.index.pools.activating(instance) >= limit;
    enough && !planted!(ActivationLimitIgnored)
}

fn refusal_text(refusals: &BTreeMap<&'static str, u32>) -> String {
    if refusals.is_empty() {
        return "no process is running yet".into();
    }
    refusals.iter().map(|(reason, count)| format!("{count} {reason}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: &str, weight: u32, live_sessions: u32, idle_since_s: i64) -> Candidate {
        Candidate {
            process: ProcessId::new(id),
            weight,
            live_sessions,
            idle_since: Timestamp::from_seconds(idle_since_s),
        }
    }

    fn check(candidates: &[Candidate], wanted: &str) {
        let chosen = choose(candidates, Timestamp::from_seconds(100)).unwrap();
        assert_eq!(chosen.process.as_str(), wanted);
    }

    /// The offers of the pools give the process that a look at every candidate gives, whatever came before.
    #[test]
    fn r9_the_first_offer_is_the_choice() {
        use crate::fixture::{World, scope};
        use crate::host::SessionCall;
        let mut world = World::new();
        let fleet = world.active_fleet(&scope(), 4);
        world.apply(grow(&fleet)).unwrap();
        for instance in world.instances(&fleet).split_off(1) {
            world.deploy(&instance);
            (0..4).for_each(|_| drop(world.ready(&instance)));
        }
        let mut random = 7_u64;
        let mut live = Vec::new();
        for _ in 0..300 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            world.now = world.now.plus(Duration::from_millis(random >> 53));
            let state = world.control_plane.state();
            let candidates: Vec<Candidate> = state
                .instances_of(&fleet)
                .flat_map(|instance| state.processes_of(&instance.id).map(move |process| (instance, process)))
                .filter_map(|(instance, process)| {
                    let hosting = |process: &&crate::process::Process| process.load.session().is_some();
                    let live_sessions = state.processes_of(&instance.id).filter(hosting).count();
                    Some(Candidate {
                        process: process.id.clone(),
                        weight: instance.weight,
                        live_sessions: u32::try_from(live_sessions).unwrap(),
                        idle_since: process.eligible(1).ok()?,
                    })
                })
                .collect();
            let wanted = choose(&candidates, world.now).map(|candidate| candidate.process.clone());
            if random >> 32 & 1 == 0 || live.is_empty() {
                let session = world.create_session(&fleet);
                assert_eq!(session.as_ref().ok().map(|session| session.process.clone()), wanted);
                live.extend(session);
            } else {
                let session = live.swap_remove(usize::try_from(random >> 40).unwrap() % live.len());
                world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
            }
        }
    }

    fn grow(fleet: &crate::id::FleetId) -> crate::capacity::UpdateFleetCapacity {
        crate::capacity::UpdateFleetCapacity {
            scope: crate::fixture::scope(),
            fleet: fleet.clone(),
            desired: Some(4),
            min: None,
            max: Some(4),
            scaling_interval_minutes: None,
        }
    }

    #[test]
    fn r9_prefers_the_higher_weight() {
        check(&[candidate("a", 5, 9, 0), candidate("b", 6, 0, 99)], "b");
    }

    #[test]
    fn r9_g4_prefers_the_fuller_instance() {
        check(&[candidate("a", 5, 1, 0), candidate("b", 5, 2, 99)], "b");
    }

    #[test]
    fn r9_prefers_the_longest_idle_and_the_freshly_idle_last() {
        check(&[candidate("a", 5, 1, 99), candidate("b", 5, 1, 98)], "b");
        check(&[candidate("a", 5, 1, 100), candidate("b", 5, 1, 99)], "b");
    }

    #[test]
    fn r9_ties_go_by_id() {
        check(&[candidate("b", 5, 1, 50), candidate("a", 5, 1, 50)], "a");
        assert_eq!(choose(&[], Timestamp::default()), None);
    }
}
