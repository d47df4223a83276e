//! Who is calling (server-sdk.md 2.3). A claimed pid selects a record and nothing else.

use crate::host::ProcessEnd;
use crate::id::{FleetId, GameServerSessionId, InstanceId, ProcessId};
use crate::supervisor::record::{Origin, Process};
use crate::supervisor::slot::{PROCESSES_MAX, Slot, SlotPhase};
use crate::supervisor::{CallError, Caller, HostCx, Supervisor};

/// What becomes of a process that somebody else launched and that calls ProcessReady (P2): a game server in an IDE, under
/// a debugger, from a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// It is refused.
    Off,
    /// It joins an instance of the fleet that its `GSE_FLEET_ID` names, or of the only one that runs.
    On,
    /// It joins an instance of this fleet, for which nothing is launched: its game servers are started by hand.
    Fleet(FleetId),
}

impl From<bool> for Adoption {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// The record that a caller belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// A living process.
    Known(ProcessId),
    /// One that ended, and none that lives.
    Ended(ProcessId),
    /// No record; the pid is well formed.
    Unknown(u32),
}

/// `^[0-9]{1,10}$` and 1..=4294967295; nothing is trimmed.
pub(super) fn parse_pid(text: Option<&str>) -> Result<u32, CallError> {
    let text = text.ok_or_else(|| {
        CallError::BadRequest(
            "metadata key `pid` is missing: expected the decimal process id of the caller".into(),
        )
    })?;
    let digits = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let pid = if digits { text.parse().ok().filter(|&pid| pid > 0) } else { None };
    pid.ok_or_else(|| {
        let shown: String = text.chars().take(32).flat_map(char::escape_default).collect();
        CallError::BadRequest(format!(
            "metadata key `pid` is `{shown}`: expected a decimal process id of 1 to 4294967295"
        ))
    })
}

impl Supervisor {
    /// Rules 1 and 2 of the resolution order; a token that the agent gave wins over the pid.
    pub(super) fn identify(&mut self, cx: &mut HostCx<'_>, caller: &Caller) -> Result<Identity, CallError> {
        if let Some(identity) = self.by_token(caller) {
            return Ok(identity);
        }
        let pid = parse_pid(caller.pid.as_deref())?;
        let exact = self.alive().find(|process| process.has_pid(pid)).map(|process| process.id.clone());
        if let Some(exact) = exact.filter(|exact| !self.close_if_pid_was_used_again(cx, exact, caller)) {
            return Ok(Identity::Known(exact));
        }
        for ancestor in &caller.ancestors {
            let wrapper = self.alive().find(|process| process.is_launched() && process.has_pid(*ancestor));
            if let Some(wrapper) = wrapper {
                return Ok(Identity::Known(wrapper.id.clone()));
            }
        }
        let ended = self.processes.values().filter(|process| !process.is_alive() && process.has_pid(pid));
        let last = ended.max_by_key(|process| process.started_at);
        Ok(last.map_or(Identity::Unknown(pid), |process| Identity::Ended(process.id.clone())))
    }

    fn by_token(&self, caller: &Caller) -> Option<Identity> {
        let token = caller.token.as_deref().filter(|token| !token.is_empty())?;
        let process = self.processes.values().find(|process| process.token.as_deref() == Some(token))?;
        let id = process.id.clone();
        Some(if process.is_alive() { Identity::Known(id) } else { Identity::Ended(id) })
    }

    /// An adopted process has no handle that would keep its pid from being used again; the kernel's start time tells.
    fn close_if_pid_was_used_again(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        caller: &Caller,
    ) -> bool {
        let Some(Process { origin: Origin::Adopted { started: Some(then) }, .. }) =
            self.processes.get(process)
        else {
            return false;
        };
        if caller.started.is_none_or(|now| now == *then) {
            return false;
        }
        let end = ProcessEnd::Crashed("its pid belongs to another process now".into());
        self.end_record(cx, process, end, String::new());
        true
    }

    /// Rule 3: a session-scoped call from an unknown pid belongs to the process that hosts the session.
    pub(super) fn by_session(&self, session: &GameServerSessionId) -> Option<ProcessId> {
        let hosts = |process: &&Process| process.hosted.as_ref().is_some_and(|hosted| hosted.id == *session);
        self.alive().find(hosts).map(|process| process.id.clone())
    }

    /// Rule 4: the instance that a process launched by somebody else joins. The contract has no field for it: the
    /// configuration may name the fleet, the process may by `GSE_FLEET_ID`, and where one fleet runs there is no question.
    pub(super) fn adoption_target(&self, caller: &Caller) -> Result<InstanceId, CallError> {
        let named = match &self.adoption {
            Adoption::Off => {
                return Err(refuse(
                    "this process was not launched by the agent, and adoption is off \
                     (hint: start the service with `gse local --adopt on`)",
                ));
            }
            Adoption::On => caller.fleet.clone().filter(|fleet| !fleet.is_empty()).map(FleetId::new),
            Adoption::Fleet(fleet) => Some(fleet.clone()),
        };
        if caller.is_remote {
            return Err(refuse(
                "this process runs on another machine; only those of this machine can be adopted",
            ));
        }
        let running = self.slots.iter().filter(|(_, slot)| slot.phase == SlotPhase::Running && !slot.leaving);
        let candidates: Vec<(&InstanceId, &Slot)> = running
            .filter(|(_, slot)| named.as_ref().is_none_or(|fleet| slot.spec.fleet == *fleet))
            .collect();
        let Some((_, first)) = candidates.first() else {
            return Err(refuse(match &named {
                Some(fleet) => {
                    let fleet: String = fleet.as_str().chars().take(80).flat_map(char::escape_default).collect();
                    format!("no instance of fleet `{fleet}` runs on this host (hint: `gse call DescribeInstances`)")
                }
                None => "no instance runs on this host that a process launched by hand could join; create a fleet \
                         first"
                    .into(),
            }));
        };
        if candidates.iter().any(|(_, slot)| slot.spec.fleet != first.spec.fleet) {
            return Err(refuse(
                "several fleets run on this host (hint: start the process with GSE_FLEET_ID=fleet-... in its \
                 environment, or the service with `gse local --adopt fleet-...`)",
            ));
        }
        let adopted =
            |instance: &InstanceId| self.alive_on(instance).filter(|other| !other.is_launched()).count();
        let target =
            candidates.iter().map(|(instance, _)| (adopted(instance), *instance)).min_by_key(|at| at.0);
        let (count, target) = target.expect("there is a first one");
        // Anybody on this machine may call, with any number for a pid.
        if count >= PROCESSES_MAX {
            return Err(refuse(format!(
                "{count} processes that were started by hand run on instance `{target}`, and more are not taken (hint: end \
                 some of them)"
            )));
        }
        Ok(target.clone())
    }
}

fn refuse(why: impl Into<String>) -> CallError {
    CallError::ProcessReadyFailed(why.into())
}
