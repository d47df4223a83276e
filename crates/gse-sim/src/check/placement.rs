//! Checkers of placements (operations.md 5.2 to 5.4).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gse_core::fleet::{Fleet, FleetStatus};
use gse_core::game_server_session::{GameServerSession, GameServerSessionStatus};
use gse_core::id::{ProcessId, Region};
use gse_core::placement::trace::{Outcome, STEPS_MOST};
use gse_core::placement::{Placement, PlacementStatus};
use gse_core::process::Load;
use gse_core::queue::{QueueKey, resolve_destination};
use gse_core::{Row, State, Timestamp};

use super::{Cause, Look, eligible, ensure};

pub(super) fn fulfilment(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        let was = matches!(before, Some(Row::Placement(before)) if before.status == placement.status);
        if placement.status != PlacementStatus::Fulfilled || was {
            continue;
        }
        let got = placement.fulfilment.as_ref().ok_or("it got nothing")?;
        let session = look.state.game_server_sessions.get(&got.session).ok_or("it got no session")?;
        ensure(session.status == GameServerSessionStatus::Active, || {
            format!("its session is {}", session.status)
        })?;
        ensure((session.ip_address.as_str(), session.port) == (got.ip_address.as_str(), got.port), || {
            "its address is not that of the session".into()
        })?;
        let seated: Vec<_> = got.players.iter().map(|seat| seat.player.as_str()).collect();
        let wanted: Vec<_> =
            placement.request.players.iter().map(|joining| joining.player.as_str()).collect();
        ensure(seated == wanted, || format!("seats for {seated:?}, wanted {wanted:?}"))?;
    }
    Ok(())
}

/// The regions to which every player has a usable latency, each with the worst one; `None`: there is no latency.
fn common_regions(placement: &Placement) -> Option<BTreeMap<&Region, u64>> {
    let latencies = &placement.request.latencies;
    let players: BTreeSet<&str> = latencies.iter().map(|latency| latency.player.as_str()).collect();
    let regions: BTreeSet<&Region> = latencies.iter().map(|latency| &latency.region).collect();
    let worst = |region: &Region, player: &str| {
        let of_player =
            latencies.iter().filter(|latency| latency.region == *region && latency.player == player);
        of_player.map(|latency| latency.latency_ms).filter(|ms| (1..1_000_000).contains(ms)).max()
    };
    let common = regions.into_iter().filter_map(|region| {
        let values: Option<Vec<u64>> = players.iter().map(|player| worst(region, player)).collect();
        Some((region, values?.into_iter().max()?))
    });
    (!latencies.is_empty()).then(|| common.collect())
}

/// The fleets that a placement may go to at a time, in the order of its queue, written again from P-8 to P-13.
fn admitted<'a>(state: &'a State, placement: &Placement, at: Timestamp) -> Vec<&'a Fleet> {
    let key = QueueKey { scope: placement.scope.clone(), name: placement.request.queue.clone() };
    let Some(queue) = state.queues.get(&key) else { return Vec::new() };
    let resolve = |name: &String| resolve_destination(state, &placement.scope, name);
    let destinations: Vec<_> = queue.destinations.iter().filter_map(resolve).collect();
    let common = common_regions(placement);
    let allows = |region: &Region, most_ms: u64| match &common {
        None => true,
        Some(common) => common.get(region).is_some_and(|&ms| ms <= most_ms),
    };
    let satisfied = |most_ms| destinations.iter().any(|destination| allows(&destination.region, most_ms));
    let mut most_ms = u64::MAX;
    let mut begins = Duration::ZERO;
    for policy in &queue.policies {
        if !satisfied(policy.maximum_latency_ms) {
            continue;
        }
        most_ms = policy.maximum_latency_ms;
        begins += Duration::from_secs(policy.duration_s);
        if policy.duration_s == 0 || at.since(placement.started) < begins {
            break;
        }
    }
    if queue.policies.last().is_some_and(|last| !satisfied(last.maximum_latency_ms)) {
        return Vec::new();
    }
    let may = destinations.iter().filter(|destination| allows(&destination.region, most_ms));
    let is_up = |fleet: &&Fleet| {
        let fault = state.region_faults.get(&fleet.scope.region);
        fleet.status == FleetStatus::Active && fault.is_none_or(|fault| !fault.down)
    };
    may.filter_map(|destination| destination.fleet).filter(is_up).collect()
}

/// The session that a placement got in this step.
fn chosen<'a>(look: &Look<'a>, before: Option<&Row>, placement: &Placement) -> Option<&'a GameServerSession> {
    let before = match before {
        Some(Row::Placement(before)) => before.activating.as_ref(),
        _ => None,
    };
    let session = placement.activating.as_ref().filter(|session| before != Some(*session))?;
    look.state.game_server_sessions.get(session)
}

pub(super) fn latency(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        let Some(session) = chosen(look, before, placement) else { continue };
        let admitted = admitted(look.state, placement, look.now);
        ensure(admitted.iter().any(|fleet| fleet.id == session.fleet), || {
            format!("placement {} went to {} in {}", placement.id, session.fleet, session.scope.region)
        })?;
    }
    Ok(())
}

fn waits(placement: &Placement) -> bool {
    placement.status == PlacementStatus::Pending && placement.activating.is_none()
}

/// A process that a placement could have.
fn to_be_had(look: &Look<'_>, placement: &Placement, at: Timestamp) -> Option<ProcessId> {
    let fleets = admitted(look.state, placement, at);
    fleets.into_iter().find_map(|fleet| eligible(look.state, fleet, look.now).into_iter().next())
}

/// After a timer nothing waits in vain; after other steps it may, if somebody is to be served at once.
pub(super) fn waits_in_vain(look: &Look<'_>) -> Result<(), String> {
    let waiting = || look.state.placements.values().filter(|placement| waits(placement));
    let is_due = |placement: &Placement| placement.next_attempt.is_some_and(|next| next <= look.now);
    if !matches!(look.cause, Cause::Timer) && waiting().any(is_due) {
        return Ok(());
    }
    for placement in waiting().filter(|placement| look.now < placement.timeout) {
        let free = to_be_had(look, placement, look.now);
        ensure(free.is_none(), || format!("placement {} waits beside {free:?}", placement.id))?;
    }
    Ok(())
}

pub(super) fn ends_in_vain(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let (Some(Row::Placement(before)), Row::Placement(placement)) = (before, row) else { continue };
        // What a deleted queue had is over in any case, and what is activated too late too (R20).
        if !waits(before) || look.state.queues.values().all(|queue| queue.name != placement.request.queue) {
            continue;
        }
        // One that would do under a later policy is waited for.
        // A policy that begins at the timeout is never used.
        let just_before = Timestamp::from_millis(placement.timeout.millis() - 1);
        let free = match placement.status {
            PlacementStatus::Failed => to_be_had(look, placement, placement.timeout),
            // Who has no time left cannot use what became free just now.
            PlacementStatus::TimedOut => to_be_had(look, placement, just_before).filter(|process| {
                let load = look.state.processes.get(process).map(|process| &process.load);
                matches!(load, Some(Load::Idle(since)) if *since < placement.timeout && look.now == placement.timeout)
            }),
            PlacementStatus::Pending | PlacementStatus::Fulfilled | PlacementStatus::Cancelled => None,
        };
        ensure(free.is_none(), || {
            format!("placement {} is {} beside {free:?}", placement.id, placement.status)
        })?;
    }
    Ok(())
}

pub(super) fn order(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        let Some(session) = chosen(look, before, placement) else { continue };
        let earlier =
            look.state.placements.values().filter(|other| waits(other) && other.started < placement.started);
        // One that gave up a session at this very instant came back too late.
        let lost = |other: &Placement| {
            let mut steps = other.trace.steps.iter().rev();
            steps.any(|step| step.last == look.now && matches!(step.outcome, Outcome::Lost(..)))
        };
        for other in earlier.filter(|other| look.now < other.timeout && !lost(other)) {
            let may = admitted(look.state, other, look.now).iter().any(|fleet| fleet.id == session.fleet);
            ensure(!may, || {
                format!("placement {} got {} before {}", placement.id, session.process, other.id)
            })?;
        }
    }
    Ok(())
}

pub(super) fn trace(look: &Look<'_>) -> Result<(), String> {
    for (_, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        let steps = placement.trace.steps.len();
        ensure(steps <= STEPS_MOST, || format!("placement {} keeps {steps} steps", placement.id))?;
    }
    Ok(())
}

pub(super) fn lets_go(look: &Look<'_>) -> Result<(), String> {
    for (_, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        if placement.status == PlacementStatus::Pending {
            let session =
                placement.activating.as_ref().and_then(|id| look.state.game_server_sessions.get(id));
            let fine = session.is_none_or(|row| row.status == GameServerSessionStatus::Activating);
            ensure(fine && look.now <= placement.timeout, || {
                format!("placement {} waits for {:?}", placement.id, placement.activating)
            })?;
        } else {
            ensure(placement.activating.is_none() && placement.ended.is_some(), || {
                format!(
                    "placement {} is {} and holds {:?}",
                    placement.id, placement.status, placement.activating
                )
            })?;
        }
    }
    Ok(())
}
