//! ProcessReady: what it may say, and what it makes of a record (server-sdk.md 4.4, P2, P3).

use crate::host::{ReadyProcess, ReportKind};
use crate::id::ProcessId;
use crate::supervisor::call::{What, bad};
use crate::supervisor::identity::{Identity, parse_pid};
use crate::supervisor::record::{Health, Origin, Phase, Process, Ready};
use crate::supervisor::{CallError, CallId, Caller, Effect, HostCx, Supervisor};

impl Supervisor {
    pub(super) fn process_ready(
        &mut self,
        cx: &mut HostCx<'_>,
        call: CallId,
        caller: &Caller,
        identity: Identity,
        ready: Ready,
    ) -> Result<(), CallError> {
        let known = match identity {
            Identity::Known(process) => Some(process),
            Identity::Ended(_) | Identity::Unknown(_) => None,
        };
        self.check_ports(cx, known.as_ref(), &ready)?;
        let process = match known {
            Some(process) => process,
            None => self.adopt(cx, caller)?,
        };
        let claimed = parse_pid(caller.pid.as_deref()).ok();
        // A token may come with the pid of another namespace, which is somebody else's here.
        let taken = |pid: &u32| self.alive().any(|other| other.id != process && other.has_pid(*pid));
        let claimed = claimed.filter(|pid| !taken(pid));
        let record = self.alive_mut(&process).expect("it was found or made just now");
        if record.terminating.is_some()
            || record.doomed.is_some()
            || matches!(record.phase, Phase::Ending { .. })
        {
            return Err(CallError::ProcessReadyFailed(format!("process `{process}` is ending")));
        }
        if let Some(hosted) = &record.hosted {
            if record.ready.as_ref() == Some(&ready) {
                cx.want(Effect::Answer { call, result: Ok(()) });
                return Ok(());
            }
            return Err(CallError::ProcessReadyFailed(format!(
                "process `{process}` hosts session `{}` and cannot change its ports or log paths now",
                hosted.id
            )));
        }
        if let Some(pid) = claimed {
            record.bound_pid = (record.pid != Some(pid)).then_some(pid);
        }
        let first = !record.is_active();
        let before = record.ready.replace(ready.clone());
        record.phase = Phase::Active;
        // The counter begins again. A check that is under way stays the only one, and unhealthy is for good (F-16).
        record.health = Health {
            next_check: Some(cx.now.plus(cx.clocks.health_interval)),
            in_flight: record.health.in_flight,
            unhealthy: record.health.unhealthy,
            ..Health::default()
        };
        if first {
            record.ready_at = Some(cx.now);
            record.idle_since = cx.now;
        }
        let pid = record.shown_pid();
        let runtime_version = record.runtime_version;
        cx.note(format!(
            "process `{process}` (pid {pid}, request `{}`) is ready: clientPort {}, grpcPort {}",
            caller.request_id, ready.client_port, ready.grpc_port
        ));
        let entry = self.entry_key(&process);
        let kind = ReportKind::ProcessReady(ReadyProcess {
            process: process.clone(),
            pid,
            runtime_version,
            entry,
            client_port: ready.client_port,
            grpc_port: ready.grpc_port,
            ip_address: self.public_ip.clone(),
            log_paths: ready.log_paths,
        });
        self.ask(cx, call, process, kind, What::Ready { before, first });
        Ok(())
    }

    /// Port clash and warnings of 4.4. gRPC servers set SO_REUSEPORT, so a second process "binds" a taken port and
    /// callbacks would reach either.
    fn check_ports(
        &self,
        cx: &mut HostCx<'_>,
        caller: Option<&ProcessId>,
        ready: &Ready,
    ) -> Result<(), CallError> {
        let others = || self.alive().filter(|process| Some(&process.id) != caller);
        let with = |test: fn(&Ready, &Ready) -> bool| {
            others().find(|process| process.ready.as_ref().is_some_and(|other| test(other, ready)))
        };
        if let Some(other) = with(|other, ready| other.grpc_port == ready.grpc_port) {
            return Err(CallError::PortTaken(format!(
                "grpcPort {} is already registered by the process with pid {}",
                ready.grpc_port,
                other.shown_pid()
            )));
        }
        let port = ready.client_port;
        if let Some(other) = with(|other, ready| other.client_port == ready.client_port) {
            cx.note(format!(
                "warning: clientPort {port} is also that of pid {}; fine for tcp and udp",
                other.shown_pid()
            ));
        }
        if port == ready.grpc_port {
            cx.note(format!("warning: clientPort and grpcPort are both {port}; fine when players use udp"));
        }
        if !(1025..=60000).contains(&port) {
            cx.note(format!(
                "warning: clientPort {port} is outside 1025 to 60000, which players of a fleet can reach"
            ));
        }
        Ok(())
    }

    /// P2: a record for a process that somebody else launched.
    fn adopt(&mut self, cx: &mut HostCx<'_>, caller: &Caller) -> Result<ProcessId, CallError> {
        let pid = parse_pid(caller.pid.as_deref())?;
        let instance = self.adoption_target(caller)?;
        let id = cx.process_id();
        let version = self.slots[&instance].spec.runtime_version;
        let origin = Origin::Adopted { started: caller.started };
        let mut process = Process::new(id.clone(), instance.clone(), origin, version, cx.now);
        process.pid = Some(pid);
        process.contacted = true;
        process.phase = Phase::Activating { until: cx.now.plus(cx.clocks.process_ready) };
        cx.note(format!(
            "process `{id}` is adopted on `{instance}`: pid {pid} was launched by somebody else"
        ));
        self.written.touched_processes.insert(id.clone());
        self.processes.insert(id.clone(), process);
        self.watch_adopted(cx, &id);
        Ok(id)
    }

    /// Its end is noticed, and nothing else done to it.
    pub(super) fn watch_adopted(&mut self, cx: &mut HostCx<'_>, id: &ProcessId) {
        let Some(record) = self.processes.get(id) else { return };
        if let (Origin::Adopted { started: Some(started) }, Some(pid)) = (&record.origin, record.pid) {
            cx.want(Effect::WatchAdopted { process: id.clone(), pid, started: *started });
        }
    }

    pub(super) fn was_given_any(&self, process: &ProcessId) -> bool {
        self.processes.get(process).is_some_and(|record| !record.sessions.is_empty())
    }

    /// The control plane refused it: back to where the process was.
    pub(super) fn undo_ready(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        before: Option<Ready>,
        first: bool,
    ) {
        let until = cx.now.plus(cx.clocks.process_ready);
        let Some(record) = self.alive_mut(process).filter(|record| record.is_active()) else { return };
        record.ready = before;
        if !first {
            return;
        }
        record.phase = Phase::Activating { until };
        record.ready_at = None;
        record.health = Health::default();
        if !record.is_launched() {
            record.phase = Phase::Ended { at: cx.now };
            cx.want(Effect::ForgetAdopted { process: process.clone() });
        }
    }
}

/// 4.4, ProcessReady: ports 1..=65535, at most 32 log paths of at most 1024 bytes without NUL.
pub(super) fn check_ready(
    client_port: i32,
    grpc_port: i32,
    log_paths: Vec<String>,
) -> Result<Ready, CallError> {
    let port = |field, value: i32| {
        let port = u16::try_from(value).ok().filter(|&port| port > 0);
        port.ok_or_else(|| bad(field, &value.to_string(), "a port of 1 to 65535"))
    };
    let (client_port, grpc_port) = (port("clientPort", client_port)?, port("grpcPort", grpc_port)?);
    if log_paths.len() > 32 {
        return Err(bad("logPathsToUpload", &format!("{} paths", log_paths.len()), "at most 32"));
    }
    if let Some(path) = log_paths.iter().find(|path| path.len() > 1024 || path.contains('\0')) {
        return Err(bad("logPathsToUpload", path, "paths of at most 1024 bytes without NUL"));
    }
    Ok(Ready { client_port, grpc_port, log_paths })
}
