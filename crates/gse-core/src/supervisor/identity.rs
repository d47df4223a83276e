//! Who is calling (server-sdk.md 2.3). A claimed pid selects a record and nothing else.

use crate::host::ProcessEnd;
use crate::id::{GameServerSessionId, InstanceId, ProcessId};
use crate::supervisor::record::{Origin, Process};
use crate::supervisor::slot::SlotPhase;
use crate::supervisor::{CallError, Caller, HostCx, Supervisor};

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

    /// Rule 4: the instance that a process launched by somebody else joins. The contract has no field for it, so there
    /// has to be exactly one that runs.
    pub(super) fn adoption_target(&self) -> Result<InstanceId, CallError> {
        if !self.adopt {
            return Err(CallError::ProcessReadyFailed(
                "this process was not launched by the agent, and adoption is off".into(),
            ));
        }
        let mut running =
            self.slots.iter().filter(|(_, slot)| slot.phase == SlotPhase::Running && !slot.leaving);
        match (running.next(), running.next()) {
            (Some((instance, _)), None) => Ok(instance.clone()),
            (None, _) => Err(CallError::ProcessReadyFailed(
                "no instance runs on this host that a process launched by hand could join; create a fleet first".into(),
            )),
            (Some(_), Some(_)) => Err(CallError::ProcessReadyFailed(
                "several instances run on this host; a process launched by hand can only join when there is one".into(),
            )),
        }
    }
}
