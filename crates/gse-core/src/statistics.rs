//! How long instances ran, for the statistics of operations.md 9.4: written down while they run, added up when asked.
//!
//! A life is a stretch of time in which an instance was RUNNING and the control plane saw it. One that lasts is
//! confirmed in every `metrics.period`, so what nobody saw (the machine slept, the service was down) is not counted:
//! the life ends where it was seen last, and another begins.
//!
//! Not here: traffic. A host that is not asked to isolate its slots cannot tell it by process (R64).

use serde::{Deserialize, Serialize};

use crate::cx::Cx;
use crate::id::{FleetId, InstanceId, InstanceLifeId, Scope};
use crate::state::State;
use crate::time::Timestamp;

mod usage;

pub use usage::{
    Bucket, Detail, Granularity, Range, StatisticsQuery, details, flows, range, read_time, used_seconds,
};

/// Lives that are kept, whatever becomes of instances; of more the oldest that ended are forgotten.
const LIVES_MOST: usize = 20_000;
/// A life that was not confirmed for so many periods was not seen.
const MISSED_PERIODS: u32 = 3;

/// A stretch of time in which an instance ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceLife {
    /// Its id.
    pub id: InstanceLifeId,
    /// The account and region.
    pub scope: Scope,
    /// The fleet, which may be gone.
    pub fleet: FleetId,
    /// The instance, which may be gone.
    pub instance: InstanceId,
    /// The address that players used.
    pub ip_address: String,
    /// When its first process was ready, or when it was seen again.
    pub began: Timestamp,
    /// When it was seen last.
    pub seen: Timestamp,
    /// When it was gone, or not seen any more; `None` while it runs.
    pub ended: Option<Timestamp>,
    /// When it is looked at again: to be confirmed, or forgotten.
    pub deadline: Timestamp,
}

impl InstanceLife {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        Some(self.deadline)
    }

    /// Where it ends as far as is known at `now`.
    fn end_at(&self, now: Timestamp) -> Timestamp {
        self.ended.unwrap_or(now)
    }
}

/// The instance runs from now on.
pub(crate) fn begin(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    if open(state, id).is_some() {
        return;
    }
    let begun = state.edit_instance(id, |instance| {
        instance.lives = instance.lives.saturating_add(1);
        InstanceLife {
            id: life_id(id, instance.lives),
            scope: instance.scope.clone(),
            fleet: instance.fleet.clone(),
            instance: id.clone(),
            ip_address: instance.ip_address.clone(),
            began: cx.now,
            seen: cx.now,
            ended: None,
            deadline: cx.now.plus(cx.clocks.metrics_period),
        }
    });
    let Some(life) = begun else { return };
    make_room(state);
    state.instance_lives.insert(life.id.clone(), life);
}

/// The instance does not run any more.
pub(crate) fn end(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    if let Some(life) = open(state, id) {
        let missed = was_missed(state, cx, &life);
        end_life(state, cx, &life, missed);
    }
}

/// A life is confirmed, or forgotten.
pub(crate) fn on_deadline(state: &mut State, cx: &mut Cx<'_>, id: &InstanceLifeId) {
    let Some(life) = state.instance_lives.get(id) else { return };
    if life.ended.is_some() {
        state.instance_lives.remove(id);
        return;
    }
    let instance = life.instance.clone();
    if was_missed(state, cx, id) {
        end_life(state, cx, id, true);
        begin(state, cx, &instance);
    } else if let Some(life) = state.instance_lives.get_mut(id) {
        life.seen = cx.now;
        life.deadline = cx.now.plus(cx.clocks.metrics_period);
    }
}

/// Nobody looked for so long that it may not have run.
fn was_missed(state: &State, cx: &Cx<'_>, id: &InstanceLifeId) -> bool {
    let most = cx.clocks.metrics_period.saturating_mul(MISSED_PERIODS);
    state.instance_lives.get(id).is_some_and(|life| cx.now.since(life.seen) > most)
}

fn end_life(state: &mut State, cx: &Cx<'_>, id: &InstanceLifeId, missed: bool) {
    if let Some(life) = state.instance_lives.get_mut(id) {
        let ended = if missed { life.seen } else { cx.now };
        life.ended = Some(ended);
        // Not before now, however long ago that was.
        life.deadline = ended.plus(cx.clocks.statistics_retention).max(cx.now.plus(cx.clocks.metrics_period));
    }
}

/// The life that goes on.
fn open(state: &State, id: &InstanceId) -> Option<InstanceLifeId> {
    let newest = life_id(id, state.instances.get(id)?.lives);
    state.instance_lives.get(&newest).filter(|life| life.ended.is_none()).map(|life| life.id.clone())
}

fn life_id(instance: &InstanceId, number: u32) -> InstanceLifeId {
    InstanceLifeId::new(format!("{instance}/{number}"))
}

fn make_room(state: &mut State) {
    if state.instance_lives.len() < LIVES_MOST {
        return;
    }
    let ended = state.instance_lives.values().filter_map(|life| Some((life.ended?, life.id.clone())));
    if let Some((_, oldest)) = ended.min() {
        state.instance_lives.remove(&oldest);
    }
}

#[cfg(test)]
mod tests;
