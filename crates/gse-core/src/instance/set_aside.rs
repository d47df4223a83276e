//! Setting an instance aside: for investigation (F-32), or by its weight (F-31).

use super::{Instance, find, order_start};
use crate::capacity;
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::runtime_configuration;
use crate::id::{FleetId, InstanceId, ProcessId, Scope};
use crate::planted::planted;
use crate::process;
use crate::state::State;

/// Keeps an instance for investigation, or gives it back (F-32). Meanwhile it gets no session, does not leave by
/// scale-in, and its processes are neither ended by the service nor started again; it is not one of the desired
/// instances, so another one may start, and counts against MaxSize.
#[derive(Clone, Debug)]
pub struct SetServerReserved {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// InstanceId.
    pub instance: InstanceId,
    /// ReserveValue.
    pub reserved: bool,
}

impl Command for SetServerReserved {
    type Reply = ();
    const NAME: &'static str = "SetServerReserved";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let instance = find_staying(state, &self.scope, &self.fleet, &self.instance)?;
        if instance.reserved == self.reserved {
            return Ok(());
        }
        state.edit_instance(&self.instance, |instance| instance.reserved = self.reserved);
        order_start(state, cx, &self.instance);
        if !self.reserved {
            give_back(state, cx, &self.instance);
        }
        if !planted!(ReservedNotReplaced) {
            capacity::reconcile(state, cx, &self.fleet);
        }
        Ok(())
    }
}

/// What was left alone while the instance was reserved is done now.
fn give_back(state: &mut State, cx: &mut Cx<'_>, id: &InstanceId) {
    let processes: Vec<ProcessId> = state.processes_of(id).map(|process| process.id.clone()).collect();
    for process in processes {
        let Some(row) = state.processes.get(&process).filter(|row| !row.draining) else { continue };
        if row.unhealthy || (row.tainted && row.entry.is_some()) {
            process::terminate(state, cx, &process, "its instance is not reserved any more");
        } else {
            runtime_configuration::end_if_superseded(state, cx, &process);
        }
    }
}

const HEAVIEST: u32 = 10;

/// How much an instance is preferred when a session is placed (F-31).
#[derive(Clone, Debug)]
pub struct SetServerWeight {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// InstanceId.
    pub instance: InstanceId,
    /// Weight, 0–10; 0: no new sessions.
    pub weight: u32,
}

impl Command for SetServerWeight {
    type Reply = ();
    const NAME: &'static str = "SetServerWeight";

    fn apply(self, state: &mut State, _: &mut Cx<'_>) -> Result<(), Error> {
        if self.weight > HEAVIEST {
            let (value, expected) = (self.weight.to_string(), format!("0 to {HEAVIEST}"));
            return Err(Error::Invalid { member: "Weight", value, expected });
        }
        let instance = find_staying(state, &self.scope, &self.fleet, &self.instance)?;
        if instance.weight == self.weight {
            return Ok(());
        }
        state.edit_instance(&self.instance, |instance| instance.weight = self.weight);
        Ok(())
    }
}

/// One that is on its way out cannot be kept, and will get no session whatever its weight.
fn find_staying<'a>(
    state: &'a State,
    scope: &Scope,
    fleet: &FleetId,
    id: &InstanceId,
) -> Result<&'a Instance, Error> {
    let instance = find(state, scope, fleet, id)?;
    if instance.is_leaving() {
        let expected = "an instance that is not leaving; see DescribeInstances".into();
        return Err(Error::Invalid { member: "InstanceId", value: id.to_string(), expected });
    }
    Ok(instance)
}

#[cfg(test)]
mod tests;
