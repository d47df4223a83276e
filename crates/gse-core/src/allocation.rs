//! Choosing a process for a session (G-3, G-4 as ruled by R9). Pure: candidates in, a choice or the reasons out.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Error;
use crate::fleet::{Fleet, FleetStatus};
use crate::game_server_session::GameServerSessionStatus;
use crate::id::ProcessId;
use crate::instance::{Instance, InstanceStatus};
use crate::planted::planted;
use crate::process::Load;
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

/// R9: higher weight, then the instance with more live sessions, then the longest idle with the freshly idle last;
/// ties by id.
pub fn choose(candidates: &[Candidate], now: Timestamp) -> Option<&Candidate> {
    candidates.iter().min_by_key(|candidate| {
        let freshly_idle = now.since(candidate.idle_since) < FRESHLY_IDLE;
        let live_sessions = if planted!(EmptiestFirst) {
            u32::MAX - candidate.live_sessions
        } else {
            candidate.live_sessions
        };
        let order = (Reverse(candidate.weight), Reverse(live_sessions), freshly_idle);
        (order, candidate.idle_since, candidate.process.clone())
    })
}

/// The process of the fleet that gets the next session, or why there is none (G-5).
pub(crate) fn choose_process(state: &State, fleet: &Fleet, now: Timestamp) -> Result<ProcessId, Error> {
    // G-2
    if fleet.status != FleetStatus::Active {
        return Err(Error::FleetNotActive { fleet: fleet.id.clone(), status: fleet.status });
    }
    let mut candidates = Vec::new();
    let mut refusals: BTreeMap<&'static str, u32> = BTreeMap::new();
    for instance in state.instances_of(&fleet.id) {
        let blocked = instance_refusal(state, fleet, instance);
        let live_sessions =
            state.processes_of(&instance.id).filter(|process| process.load.session().is_some()).count();
        for process in state.processes_of(&instance.id) {
            match (process.eligible(fleet.runtime.version), blocked) {
                (Ok(idle_since), None) => candidates.push(Candidate {
                    process: process.id.clone(),
                    weight: instance.weight,
                    live_sessions: u32::try_from(live_sessions).unwrap_or(u32::MAX),
                    idle_since,
                }),
                (Ok(_), Some(reason)) => *refusals.entry(reason).or_default() += 1,
                (Err(reason), _) => *refusals.entry(reason.as_str()).or_default() += 1,
            }
        }
    }
    if planted!(FreshlyIdleRefused) {
        candidates.retain(|candidate| now.since(candidate.idle_since) >= FRESHLY_IDLE);
    }
    let chosen = choose(&candidates, now).map(|candidate| candidate.process.clone());
    chosen.ok_or_else(|| Error::NoIdleProcess { fleet: fleet.id.clone(), reason: refusal_text(&refusals) })
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
    let limit = fleet.runtime.max_concurrent_activations;
    if limit > 0 {
        let activating = state.processes_of(&instance.id).filter(|process| match &process.load {
            Load::Reserved(session) => state
                .game_server_sessions
                .get(session)
                .is_some_and(|session| session.status == GameServerSessionStatus::Activating),
            Load::Idle(_) | Load::Hosting(_) => false,
        });
        if activating.count() >= limit as usize && !planted!(ActivationLimitIgnored) {
            return Some("on an instance that activates as many sessions as it may");
        }
    }
    None
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
