//! What a process writes to standard output and error (R122). What is kept is read where it is kept; nothing of it is
//! stored here.

use std::sync::Arc;

use gse_api::extension::{
    DescribeProcessOutputRequest, DescribeProcessOutputResponse, OUTPUT_BYTES_DEFAULT, OUTPUT_BYTES_MOST,
    ProcessInfo, ProcessOutput, ProcessState,
};
use gse_api::{ApiError, ErrorCode};
use gse_core::error::Error;
use gse_core::id::{FleetId, GameServerSessionId, InstanceId, ProcessId, Scope};
use gse_core::instance::Instance;
use gse_core::observation::{StartingProcess, shown_lines};
use gse_core::process::{Load, Process};
use gse_core::state::State;

use super::{refusal, timeline, unanswered};
use crate::backend::ProcessPlace;
use crate::http::Api;

pub(super) async fn describe(
    api: &Api,
    scope: Scope,
    request: DescribeProcessOutputRequest,
) -> Result<DescribeProcessOutputResponse, ApiError> {
    let most_bytes = request.max_bytes.unwrap_or(OUTPUT_BYTES_DEFAULT);
    if !(1..=OUTPUT_BYTES_MOST).contains(&most_bytes) {
        let expected = format!("Expected 1 to {OUTPUT_BYTES_MOST}.");
        return Err(ApiError::invalid_value("MaxBytes", &most_bytes.to_string(), &expected));
    }
    let (fleet, instance, process) = place(api, &scope, &request).await?;
    let of = instance.clone();
    let read = api.engine.query(move |state, _now| processes(state, &of));
    let processes = read.await.map_err(unanswered)?;
    let output = match process {
        None => None,
        Some(process) => {
            let is_running = processes.iter().any(|known| known.process_id == process.as_str());
            let place = ProcessPlace { fleet: fleet.clone(), instance: instance.clone(), process };
            read_output(api, place, most_bytes, is_running).await?
        }
    };
    let (fleet_id, instance_id) = (fleet.to_string(), instance.to_string());
    Ok(DescribeProcessOutputResponse { fleet_id, instance_id, processes, output })
}

/// Where it is that is asked about. A process is looked for below an instance or a session of the caller only.
async fn place(
    api: &Api,
    scope: &Scope,
    request: &DescribeProcessOutputRequest,
) -> Result<(FleetId, InstanceId, Option<ProcessId>), ApiError> {
    match (&request.game_server_session_id, &request.instance_id) {
        (Some(session), None) if request.process_id.is_none() => {
            let session = timeline::session(api, scope, GameServerSessionId::new(session.as_str())).await?;
            Ok((session.fleet.clone(), session.instance.clone(), Some(session.process.clone())))
        }
        (None, Some(instance)) => {
            let (id, scope) = (InstanceId::new(instance.as_str()), scope.clone());
            let wanted = id.clone();
            let read = api.engine.query(move |state, _now| {
                let instance = state.instances.get(&wanted).filter(|instance| instance.scope == scope);
                instance.map(|instance| instance.fleet.clone())
            });
            let fleet = read.await.map_err(unanswered)?;
            let fleet = fleet.ok_or_else(|| refusal(&Error::InstanceNotFound(id.clone())))?;
            Ok((fleet, id, request.process_id.as_deref().map(ProcessId::new)))
        }
        _ => {
            let text = "Expected `GameServerSessionId` alone, or `InstanceId` with or without `ProcessId`.";
            Err(ApiError::new(ErrorCode::InvalidParameter, text))
        }
    }
}

fn processes(state: &State, instance: &InstanceId) -> Vec<ProcessInfo> {
    let starting = state.instances.get(instance).map_or(&[][..], |instance: &Instance| &instance.starting);
    let ready = state.processes_of(instance).map(ready);
    ready.chain(starting.iter().map(starting_process)).collect()
}

fn ready(process: &Process) -> ProcessInfo {
    let state = match &process.load {
        _ if process.unhealthy => ProcessState::Unhealthy,
        _ if process.draining => ProcessState::Ending,
        Load::Idle(_) => ProcessState::Idle,
        Load::Reserved(_) => ProcessState::Activating,
        Load::Hosting(_) => ProcessState::Hosting,
    };
    ProcessInfo {
        process_id: process.id.to_string(),
        pid: process.pid,
        state: state.as_str().into(),
        game_server_session_id: process.load.session().map(ToString::to_string).unwrap_or_default(),
        port: process.client_port,
        since: process.ready.to_iso(),
    }
}

fn starting_process(process: &StartingProcess) -> ProcessInfo {
    ProcessInfo {
        process_id: process.process.to_string(),
        pid: process.pid,
        state: ProcessState::Starting.as_str().into(),
        since: process.since.to_iso(),
        ..ProcessInfo::default()
    }
}

async fn read_output(
    api: &Api,
    place: ProcessPlace,
    most_bytes: u64,
    is_running: bool,
) -> Result<Option<ProcessOutput>, ApiError> {
    let (backend, process_id) = (Arc::clone(&api.backend), place.process.to_string());
    let read = tokio::task::spawn_blocking(move || {
        // One byte more tells whether there are more.
        let [stdout, stderr] = backend.output(&place, most_bytes + 1)?;
        Some([lines(&stdout, most_bytes), lines(&stderr, most_bytes)])
    });
    let lines = read.await.map_err(|error| {
        tracing::error!(%error, "the output of a process was not read");
        ApiError::new(ErrorCode::InternalError, "the output cannot be read; the log of the service says why")
    })?;
    Ok(lines.map(|[stdout, stderr]| ProcessOutput { process_id, is_running, stdout, stderr }))
}

/// Whole lines: of one whose beginning was cut away nothing is shown. A secret is known by its beginning.
fn lines(bytes: &[u8], most_bytes: u64) -> Vec<String> {
    let is_cut = bytes.len() as u64 > most_bytes;
    let after_first = || bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    let from = if is_cut { after_first() } else { 0 };
    shown_lines(&String::from_utf8_lossy(&bytes[from..]))
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn of_a_line_that_is_cut_nothing_is_shown() {
        assert_eq!(lines(b"one\ntwo\n", 8), ["one", "two"]);
        assert_eq!(lines(b"one\ntwo\n", 7), ["two"]);
        assert_eq!(lines(b"\ntwo\n", 4), ["two"]);
        assert!(lines(b"ess-0123456789", 13).is_empty());
    }
}
