//! How many instances a fleet should have, and making it so (operations.md 3.1, 3.6).
//!
//! People and timers set the number (S-5); `policy` keeps what sets it by itself, and `evaluation` asks that once a
//! minute.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clocks::Clocks;
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::fleet::{self, Fleet, FleetStatus};
use crate::id::{FleetId, InstanceId, Scope};
use crate::instance::{self, InstanceStatus};
use crate::page::OffsetPage;
use crate::planted::planted;
use crate::state::State;
use crate::time::Timestamp;

pub mod combine;
pub mod decision;
pub(crate) mod evaluation;
pub mod load;
pub mod policy;
pub mod rule_based;
pub mod scale_in;
pub mod target_based;
pub mod threshold;

pub use decision::{Cause, DecisionLog};
pub use policy::Scaling;

use decision::Decision;

/// The capacity settings of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// MinSize.
    pub min: u32,
    /// MaxSize, at least 1.
    pub max: u32,
    /// DesiredInstances, between the two.
    pub desired: u32,
    /// The cool-down of scaling, 3–30.
    pub scaling_interval_minutes: u32,
    /// When `desired` last changed; the cool-down starts there (S-7).
    pub changed: Option<Timestamp>,
}

impl Capacity {
    /// F-1.
    pub const NEW_FLEET: Self =
        Self { min: 0, max: 1, desired: 1, scaling_interval_minutes: 10, changed: None };

    /// When the cool-down of the last change is over (S-7); `None` before any change.
    pub(crate) fn cool_until(&self, clocks: &Clocks) -> Option<Timestamp> {
        let cool_down: Duration = clocks.scaling_minute.saturating_mul(self.scaling_interval_minutes);
        self.changed.map(|changed| changed.plus(cool_down))
    }
}

/// Changes the capacity settings of a fleet; absent members keep their value (S-2).
#[derive(Clone, Debug)]
pub struct UpdateFleetCapacity {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// DesiredInstances.
    pub desired: Option<u32>,
    /// MinSize.
    pub min: Option<u32>,
    /// MaxSize.
    pub max: Option<u32>,
    /// ScalingInterval, 3–30.
    pub scaling_interval_minutes: Option<u32>,
}

impl Command for UpdateFleetCapacity {
    type Reply = ();
    const NAME: &'static str = "UpdateFleetCapacity";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let capacity = self.check(state, cx)?;
        set(state, cx, &self.fleet, capacity, Cause::Request);
        Ok(())
    }
}

impl UpdateFleetCapacity {
    /// The settings after this change, if it may be made.
    pub(crate) fn check(&self, state: &State, cx: &Cx<'_>) -> Result<Capacity, Error> {
        let fleet = fleet::find_live(state, &self.scope, &self.fleet)?;
        let capacity = self.merged(fleet.capacity)?;
        // F-2, S-4, S07
        if !fleet.was_active && capacity.max > 1 {
            return Err(Error::BeforeFirstDeployment { fleet: self.fleet.clone() });
        }
        // S-3
        let others = state.fleets.values().filter(|other| {
            other.scope == self.scope && other.id != self.fleet && other.status != FleetStatus::Terminated
        });
        let wanted = others.map(Fleet::max_instances).fold(capacity.max, u32::saturating_add);
        if wanted > cx.quotas.instances {
            return Err(Error::InstanceQuota { limit: cx.quotas.instances, wanted });
        }
        Ok(capacity)
    }

    fn merged(&self, old: Capacity) -> Result<Capacity, Error> {
        let (min, max) = (self.min.unwrap_or(old.min), self.max.unwrap_or(old.max));
        if min > max {
            let expected = format!("at most MaxSize, which is {max}");
            return Err(Error::Invalid { member: "MinSize", value: min.to_string(), expected });
        }
        let desired = match self.desired {
            Some(desired) if desired < min || desired > max => {
                let expected = format!("a number between MinSize {min} and MaxSize {max}");
                return Err(Error::Invalid {
                    member: "DesiredInstances",
                    value: desired.to_string(),
                    expected,
                });
            }
            Some(desired) => desired,
            // S-2: if only the range changes, the number moves to the nearest value inside it.
            None => old.desired.clamp(min, max),
        };
        let scaling_interval_minutes = self.scaling_interval_minutes.unwrap_or(old.scaling_interval_minutes);
        Ok(Capacity { min, max, desired, scaling_interval_minutes, changed: old.changed })
    }
}

/// Writes new settings, tells of them, and acts on them at once (S-5). The caller has checked them.
pub(crate) fn set(state: &mut State, cx: &mut Cx<'_>, id: &FleetId, capacity: Capacity, cause: Cause) {
    write(state, cx, id, capacity, cause);
    reconcile(state, cx, id);
}

/// The same without acting on them: the caller calls `reconcile` when all is written.
pub(crate) fn write(state: &mut State, cx: &mut Cx<'_>, id: &FleetId, mut capacity: Capacity, cause: Cause) {
    let Some(fleet) = state.fleets.get_mut(id) else { return };
    let from = fleet.capacity.desired;
    if capacity.desired != fleet.capacity.desired {
        capacity.changed = Some(cx.now);
    }
    fleet.capacity = capacity;
    // What somebody sets now stands in place of what was copied.
    fleet.capacity_when_active = None;
    let Capacity { min, max, desired, .. } = capacity;
    let decision = Decision { time: cx.now, last: cx.now, times: 1, from, to: desired, cause };
    let why = decision::words::what(&decision, cx.now);
    let message = format!("{why}; desired {desired}, min {min}, max {max}");
    event::write(state, cx, id, EventCode::FleetScalingEvent, message);
    decision::write(state, decision, id);
}

/// A copied fleet is ACTIVE for the first time and gets the capacity of its source (F-26).
pub(crate) fn on_first_active(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    let copied = state.fleets.get(id).and_then(|fleet| fleet.capacity_when_active);
    if let Some(capacity) = copied {
        set(state, cx, id, capacity, Cause::Copy);
    }
    evaluation::schedule(state, cx, id);
}

/// The fleet is deleted: what scales it goes with it (F-28.5).
pub(crate) fn forget(state: &mut State, id: &FleetId) {
    policy::forget_all(state, id);
    decision::forget(state, id);
}

/// Starts instances or lets instances leave until as many as desired will be there. Asked after every change that
/// could matter; does nothing when all is well.
pub(crate) fn reconcile(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    let Some(fleet) = state.fleets.get(id) else { return };
    if !instance::may_start(fleet.status) {
        return;
    }
    // F-32: a reserved instance does not count as one of the desired, but against MaxSize.
    let staying = state.instances_of(id).filter(|instance| !instance.is_leaving());
    let (reserved, others): (Vec<_>, Vec<_>) = staying.partition(|instance| instance.reserved);
    let room = (fleet.capacity.max as usize).saturating_sub(reserved.len());
    let (count, desired) = (others.len(), room.min(fleet.capacity.desired as usize));
    if count < desired {
        for _ in count + usize::from(planted!(ScaleOutTooFew) && count > 0)..desired {
            instance::start(state, cx, id);
        }
        cx.because(format!("fleet {id} grows from {count} to {desired} instance(s)"));
    } else if count > desired {
        let leaving = scale_in::choose(&candidates(state, fleet), count - desired);
        cx.because(format!(
            "fleet {id} shrinks from {count} to {desired} instance(s): {} leave",
            leaving.len()
        ));
        for instance in leaving {
            instance::begin_leaving(state, cx, &instance);
        }
    }
}

fn candidates(state: &State, fleet: &Fleet) -> Vec<scale_in::Candidate> {
    state
        .instances_of(&fleet.id)
        .filter(|instance| !instance.is_leaving() && (!instance.reserved || planted!(ScaleInTakesReserved)))
        .map(|instance| scale_in::Candidate {
            instance: instance.id.clone(),
            sessions: live_sessions(state, &instance.id) as usize,
            weight: instance.weight,
            created: instance.created,
        })
        .collect()
}

fn live_sessions(state: &State, instance: &InstanceId) -> u32 {
    state.index.pools.live_sessions(instance)
}

/// The counts of F-30.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetCapacity {
    /// The fleet.
    pub fleet: FleetId,
    /// From the fleet.
    pub instance_type: String,
    /// The settings.
    pub capacity: Capacity,
    /// Running and not leaving.
    pub active: u32,
    /// Active with zero sessions.
    pub idle: u32,
    /// Started but not active.
    pub pending: u32,
    /// Leaving.
    pub terminating: u32,
}

/// The capacity of the named fleets; any unknown id refuses the whole question (R33).
pub fn describe(
    state: &State,
    scope: &Scope,
    ids: &[FleetId],
    offset: usize,
    limit: usize,
) -> Result<OffsetPage<FleetCapacity>, Error> {
    let fleets: Vec<&Fleet> = ids.iter().map(|id| fleet::find(state, scope, id)).collect::<Result<_, _>>()?;
    Ok(OffsetPage::cut(fleets.into_iter().map(|fleet| counts(state, fleet)), offset, limit))
}

fn counts(state: &State, fleet: &Fleet) -> FleetCapacity {
    let mut counts = FleetCapacity {
        fleet: fleet.id.clone(),
        instance_type: fleet.instance_type.clone(),
        capacity: fleet.capacity,
        active: 0,
        idle: 0,
        pending: 0,
        terminating: 0,
    };
    for instance in state.instances_of(&fleet.id) {
        match instance.status {
            InstanceStatus::Pending => counts.pending += 1,
            InstanceStatus::Active => {
                counts.active += 1;
                counts.idle += u32::from(live_sessions(state, &instance.id) == 0);
            }
            InstanceStatus::Leaving | InstanceStatus::Stopping => counts.terminating += 1,
        }
    }
    counts
}
