//! One attempt of a placement: latency filters, queue order decides (operations.md 5.4), and what was found is noted.

use super::latency::{Admission, admit};
use super::trace::{Outcome, PassedOver, WhyNot};
use super::{Placement, PlacementKey, PlacementStatus, finish};
use crate::allocation;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::Fleet;
use crate::game_server_session::{self, NewSession};
use crate::id::{FleetId, ProcessId, Region};
use crate::planted::planted;
use crate::queue::{self, Destination, Queue, QueueKey};
use crate::state::State;
use crate::time::Timestamp;
use crate::timeline::Timeline;

/// What a look at every destination found.
struct Found {
    /// The policy in force.
    limit_ms: Option<u64>,
    /// What was passed over.
    passed: Vec<PassedOver>,
    /// The fleets that would do and have nothing free.
    full: Vec<FleetId>,
    /// When players may be sent further.
    widens: Option<Timestamp>,
    decision: Decision,
}

enum Decision {
    Place(FleetId, ProcessId),
    Wait(String),
    Fail(String),
}

/// Whether the region of a fleet is not down.
pub(super) fn can_be_used(state: &State, fleet: &Fleet) -> bool {
    !crate::region::is_down(state, &fleet.scope.region)
}

/// Makes an attempt, unless a session is being activated already. Says when the next policy begins.
pub(super) fn attempt(state: &mut State, cx: &mut Cx<'_>, key: &PlacementKey) -> Option<Timestamp> {
    let placement = state.placements.get(key).filter(|placement| placement.activating.is_none())?;
    let queue_key = QueueKey { scope: placement.scope.clone(), name: placement.request.queue.clone() };
    let Some(queue) = state.queues.get(&queue_key) else {
        finish(state, cx, key, PlacementStatus::Failed, "the queue was deleted");
        return None;
    };
    let Found { limit_ms, passed, full, widens, decision } = look(state, placement, queue, cx.now);
    let outcome = match &decision {
        Decision::Place(fleet, _) => Outcome::Chosen(fleet.clone()),
        Decision::Wait(_) => Outcome::Waits,
        Decision::Fail(_) => Outcome::Hopeless,
    };
    state.edit_placement(key, |placement| {
        placement.trace.note(cx.now, limit_ms, passed, outcome);
        placement.waits_for = full;
    });
    match decision {
        Decision::Fail(reason) => finish(state, cx, key, PlacementStatus::Failed, &reason),
        Decision::Wait(reason) => {
            state.edit_placement(key, |placement| placement.reason = reason);
        }
        Decision::Place(fleet, process) => place(state, cx, key, &fleet, &process),
    }
    widens
}

/// P-11: latency filters, queue order decides.
fn look(state: &State, placement: &Placement, queue: &Queue, now: Timestamp) -> Found {
    let resolve = |name: &String| queue::resolve_destination(state, &placement.scope, name);
    let destinations: Vec<Destination<'_>> = queue.destinations.iter().filter_map(resolve).collect();
    let regions: Vec<Region> = destinations.iter().map(|destination| destination.region.clone()).collect();
    let elapsed = now.since(placement.started);
    let admission = admit(&placement.request.latencies, &queue.policies, &regions, elapsed);
    let limit_ms = admission.limit_ms;
    let mut passed = Vec::new();
    let mut full = Vec::new();
    let widens = admission.until.map(|until| placement.started.plus(until));
    for destination in &destinations {
        let why = match usable(state, destination, &admission) {
            Ok(fleet) => match allocation::choose_process(state, fleet) {
                Ok(process) => {
                    let decision = Decision::Place(fleet.id.clone(), process);
                    return Found { limit_ms, passed, full: Vec::new(), widens, decision };
                }
                Err(error) => {
                    if !full.contains(&fleet.id) {
                        full.push(fleet.id.clone());
                    }
                    why_not(error)
                }
            },
            Err(why) => why,
        };
        passed.push(PassedOver {
            region: destination.region.clone(),
            alias: destination.alias.clone(),
            fleet: destination.fleet.map(|fleet| fleet.id.clone()),
            why,
        });
    }
    let decision = match admission.hopeless {
        Some(reason) => Decision::Fail(reason),
        None => Decision::Wait(waits(&passed)),
    };
    Found { limit_ms, passed, full, widens, decision }
}

/// The fleet of a destination that every player may go to now.
fn usable<'a>(
    state: &State,
    destination: &Destination<'a>,
    admission: &Admission,
) -> Result<&'a Fleet, WhyNot> {
    if !planted!(LatencyIgnored) {
        admission.check(&destination.region)?;
    }
    let fleet = destination.fleet.ok_or(WhyNot::LeadsNowhere)?;
    if can_be_used(state, fleet) { Ok(fleet) } else { Err(WhyNot::RegionDown) }
}

fn why_not(error: Error) -> WhyNot {
    match error {
        Error::FleetNotActive { status, .. } => WhyNot::NotActive(status),
        Error::NoIdleProcess { reason, .. } => WhyNot::NoProcess(reason),
        other => WhyNot::NoProcess(other.to_string()),
    }
}

/// Why it waits, in short.
fn waits(passed: &[PassedOver]) -> String {
    let may_come = passed.iter().filter(|passed| match passed.why {
        WhyNot::Unreachable | WhyNot::TooFar(_) => false,
        WhyNot::RegionDown | WhyNot::LeadsNowhere | WhyNot::NotActive(_) | WhyNot::NoProcess(_) => true,
    });
    let words: Vec<String> = may_come
        .map(|passed| match &passed.fleet {
            Some(fleet) => format!("fleet {fleet}: {}", passed.why),
            None => passed.why.to_string(),
        })
        .collect();
    words.join("; ")
}

fn is_region_of(state: &State, fleet: &FleetId, region: &Region) -> bool {
    state.fleets.get(fleet).is_some_and(|fleet| fleet.scope.region == *region)
}

fn place(state: &mut State, cx: &mut Cx<'_>, key: &PlacementKey, fleet: &FleetId, process: &ProcessId) {
    let Some(placement) = state.placements.get(key) else { return };
    let request = &placement.request;
    let session = NewSession {
        name: request.name.clone(),
        creator: String::new(),
        properties: request.properties.clone(),
        data: request.data.clone(),
        matchmaker_data: request.matchmaker_data.clone(),
        max_players: request.max_players,
        placement: Some(key.id.clone()),
        idempotency_token: None,
        custom_id: None,
        called: None,
        timeline: Timeline {
            trace: placement.trace_context.filter(|_| !planted!(TraceForgotten)),
            queue_region: Some(key.scope.region.clone()).filter(|region| !is_region_of(state, fleet, region)),
            requested: Some(placement.started),
            ..Timeline::default()
        },
    };
    if let Ok(session) = game_server_session::place(state, cx, fleet, process, session) {
        state.edit_placement(key, |placement| {
            placement.reason = format!("session {} is being activated", session.id);
            placement.activating = Some(session.id);
        });
    }
}
