//! Placements that wait: who is tried when. Nothing here looks at them from time to time: what could help a placement
//! wakes it (a process that becomes free, a fleet, a queue, an alias or a region that changes, the next policy).

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Placement, PlacementKey, PlacementStatus, finish, search};
use crate::alias::Alias;
use crate::allocation;
use crate::archive;
use crate::cx::Cx;
use crate::id::FleetId;
use crate::planted::planted;
use crate::queue::{Queue, QueueKey};
use crate::state::{Row, State};
use crate::time::Timestamp;

/// A placement is due: it leaves memory, or an attempt is made with all that are due at once.
pub(crate) fn on_due(state: &mut State, cx: &mut Cx<'_>, key: &str) {
    let Some(row) = PlacementKey::parse(key).and_then(|key| state.placements.get_shared(&key).cloned())
    else {
        return;
    };
    match row.ended {
        Some(ended) => archive::leave(state, cx, Row::Placement(row), ended),
        None => attempt_due(state, cx),
    }
}

/// Who has waited longest comes first (P-17): those that are due, and those for whom there is a process.
fn attempt_due(state: &mut State, cx: &mut Cx<'_>) {
    let due = state.index.attempts.iter().take_while(|(next, ..)| *next <= cx.now);
    let mut due: BTreeSet<(Timestamp, PlacementKey)> =
        due.map(|(_, started, key)| (*started, key.clone())).collect();
    // Attempts only take processes, so a fleet that cannot host now will not in this step.
    let mut open: BTreeSet<FleetId> =
        state.index.waiting.keys().filter(|fleet| can_host(state, fleet)).cloned().collect();
    loop {
        open.retain(|fleet| can_host(state, fleet));
        let free = longest_waiting(state, &open);
        let first = if planted!(LatecomerFirst) { due.last() } else { due.first() };
        let (waiter, fleet) = match (first, free) {
            (None, None) => return,
            (Some(first), Some((waiter, fleet))) if waiter < *first => (waiter, Some(fleet)),
            (Some(first), _) => (first.clone(), None),
            (None, Some((waiter, fleet))) => (waiter, Some(fleet)),
        };
        due.remove(&waiter);
        look_again(state, cx, &waiter.1);
        if let Some(fleet) = fleet.filter(|fleet| waits_for(state, fleet, &waiter)) {
            // It should have been served. Whoever comes after it would not be either.
            open.remove(&fleet);
        }
    }
}

fn can_host(state: &State, fleet: &FleetId) -> bool {
    let fleet = state.fleets.get(fleet);
    fleet.is_some_and(|fleet| search::can_be_used(state, fleet) && allocation::has_eligible(state, fleet))
}

/// Who has waited longest of those that wait for one of these fleets.
fn longest_waiting(state: &State, open: &BTreeSet<FleetId>) -> Option<((Timestamp, PlacementKey), FleetId)> {
    let first = open.iter().filter_map(|fleet| Some((foremost(state.index.waiting.get(fleet)?)?, fleet)));
    first.min().map(|(waiter, fleet)| (waiter.clone(), fleet.clone()))
}

fn foremost<T: Ord>(waiting: &BTreeSet<T>) -> Option<&T> {
    if planted!(LatecomerFirst) { waiting.last() } else { waiting.first() }
}

fn waits_for(state: &State, fleet: &FleetId, waiter: &(Timestamp, PlacementKey)) -> bool {
    state.index.waiting.get(fleet).is_some_and(|of_fleet| of_fleet.contains(waiter))
}

/// Its time is up, or an attempt is made; then it is looked at when the next policy begins, or at its timeout.
fn look_again(state: &mut State, cx: &mut Cx<'_>, key: &PlacementKey) {
    let Some(placement) = state.placements.get(key) else { return };
    if placement.status != PlacementStatus::Pending {
        return;
    }
    if cx.now >= placement.timeout && !planted!(PlacementTimeoutIgnored) {
        finish(state, cx, key, PlacementStatus::TimedOut, "the queue timeout passed");
        return;
    }
    let widens = search::attempt(state, cx, key);
    let now = cx.now;
    let forgets =
        |timeout| if planted!(PlacementTimeoutIgnored) { now.plus(Duration::from_secs(1)) } else { timeout };
    if state.placements.get(key).is_some_and(|row| row.status == PlacementStatus::Pending) {
        state.edit_placement(key, |placement| {
            let timeout = forgets(placement.timeout);
            placement.next_attempt = Some(widens.map_or(timeout, |widens| widens.min(timeout)));
        });
    }
}

/// Fleets may be able to host more than before: of those that wait for one, who has waited longest is due now. Who
/// comes next is seen when that one is tried.
pub(crate) fn wake(state: &mut State, cx: &Cx<'_>) {
    for fleet in state.take_improved() {
        if planted!(WaitingNotWoken) {
            continue;
        }
        let first = state.index.waiting.get(&fleet).and_then(foremost);
        let Some((_, key)) = first.cloned() else { continue };
        make_due(state, cx, &key);
    }
}

fn make_due(state: &mut State, cx: &Cx<'_>, key: &PlacementKey) {
    let is_due = |row: &Placement| row.next_attempt.is_some_and(|next| next <= cx.now);
    if state.placements.get(key).is_some_and(|row| !is_due(row)) {
        state.edit_placement(key, |placement| placement.next_attempt = Some(cx.now));
    }
}

/// The placements that are PENDING and of which this is true.
fn pending(state: &State, is_meant: impl Fn(&Placement) -> bool) -> Vec<PlacementKey> {
    let pending = state.index.pending_placements.iter().filter_map(|key| state.placements.get(key));
    pending.filter(|placement| is_meant(placement)).map(Placement::key).collect()
}

/// The placements that wait in a queue.
fn waiting_in(state: &State, queue: &QueueKey) -> Vec<PlacementKey> {
    pending(state, |placement| placement.scope == queue.scope && placement.request.queue == queue.name)
}

/// The queue's definition is another one now: what waits in it is looked at again at once, and has the queue's
/// present timeout, which still counts from its start (P-12). One that has waited longer than that times out now.
pub(crate) fn on_queue_changed(state: &mut State, cx: &mut Cx<'_>, queue: &Queue) {
    let timeout = Duration::from_secs(u64::from(queue.timeout_s));
    for key in waiting_in(state, &queue.key()) {
        state.edit_placement(&key, |placement| {
            placement.timeout = placement.started.plus(timeout).max(cx.now);
            placement.next_attempt = Some(cx.now);
        });
    }
}

/// The queue is gone: what waits in it can never succeed.
pub(crate) fn on_queue_deleted(state: &mut State, cx: &mut Cx<'_>, queue: &QueueKey) {
    for key in waiting_in(state, queue) {
        finish(state, cx, &key, PlacementStatus::Failed, "the queue was deleted");
    }
}

/// The alias leads elsewhere now: what waits in a queue that lists it is looked at again at once (L-6).
pub(crate) fn on_alias_changed(state: &mut State, cx: &mut Cx<'_>, alias: &Alias) {
    let lists_it = |placement: &Placement| {
        let key = QueueKey { scope: placement.scope.clone(), name: placement.request.queue.clone() };
        let queue = state.queues.get(&key).filter(|queue| queue.scope.uin == alias.scope.uin);
        // The account in a resource name may be left out.
        queue.is_some_and(|queue| queue.destinations.iter().any(|name| name.ends_with(alias.id.as_str())))
    };
    for key in pending(state, lists_it) {
        make_due(state, cx, &key);
    }
}

/// Everything that waits is looked at again at once: what has changed may concern all of it.
pub(crate) fn wake_all(state: &mut State, cx: &Cx<'_>) {
    for key in pending(state, |placement| placement.activating.is_none()) {
        make_due(state, cx, &key);
    }
}

#[cfg(test)]
mod tests;
