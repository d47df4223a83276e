//! The way of a fleet through its states, and the events that tell of it (operations.md 2.2, 2.3).

use std::time::Duration;

use crate::capacity;
use crate::cx::Cx;
use crate::event::{self, EventCode};
use crate::fleet::FleetStatus;
use crate::host::{HostOrder, PreparationStep, ProcessEnd};
use crate::id::{FleetId, InstanceId};
use crate::instance::{self, InstanceStatus};
use crate::observation::EventObservations;
use crate::planted::planted;
use crate::state::State;
use crate::timer;

/// A trial start that ends this often before ProcessReady fails the fleet. One early end may be bad luck with a
/// port; three with the back-off between them are not.
const TRIAL_FAILURES_MAX: u32 = 3;

/// A host has begun to make an instance of the fleet.
pub(crate) fn on_preparation_started(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    if status(state, id) == Some(FleetStatus::New) {
        let deadline = cx.clocks.fleet_deploy;
        enter(state, cx, id, FleetStatus::Downloading, Some(deadline), "the package is being copied");
    }
}

/// The package is unpacked on the first instance.
pub(crate) fn on_extracted(state: &mut State, cx: &mut Cx<'_>, id: &FleetId, log: String) {
    if status(state, id) == Some(FleetStatus::Downloading) {
        let message = "the package was unpacked";
        event::write_with_log(state, cx, id, EventCode::FleetCreationExtractingBuild, message, log);
    }
}

/// Told once, with the first instance.
pub(crate) fn on_preparation_noted(state: &mut State, cx: &mut Cx<'_>, id: &FleetId, text: String) {
    if status(state, id) == Some(FleetStatus::Downloading) {
        event::write(state, cx, id, EventCode::GenericEvent, text);
    }
}

/// How the event of an install script that succeeded begins; one that failed has the same code.
pub(crate) const INSTALL_SCRIPT_RAN: &str = "/local/game/install.sh was run";

/// The install script of the first instance succeeded; on those that come later it is nothing to tell.
pub(crate) fn on_installed(state: &mut State, cx: &mut Cx<'_>, id: &FleetId, took: Duration, log: String) {
    if status(state, id) == Some(FleetStatus::Downloading) {
        let message = format!("{INSTALL_SCRIPT_RAN}, in {} ms", took.as_millis());
        event::write_with_log(state, cx, id, EventCode::FleetCreationRunningInstaller, message, log);
    }
}

/// The slot of an instance could not be made (F-8, F-11).
pub(crate) fn on_preparation_failed(
    state: &mut State,
    cx: &mut Cx<'_>,
    id: &FleetId,
    step: PreparationStep,
    reason: &str,
    log: String,
) {
    let code = match step {
        PreparationStep::Download => EventCode::FleetBinaryDownloadFailed,
        PreparationStep::Extract => EventCode::FleetInitializationFailed,
        PreparationStep::Install => EventCode::FleetCreationRunningInstaller,
    };
    if is_being_created(state, id) {
        fail(state, cx, id, code, reason, log);
    } else {
        event::write_with_log(state, cx, id, code, reason, log);
    }
}

/// The launch paths were looked up (F-9).
pub(crate) fn on_launch_paths_checked(
    state: &mut State,
    cx: &mut Cx<'_>,
    id: &FleetId,
    missing: &[String],
    log: String,
) {
    // Reports can be lost or overtake each other: what comes later proves what came before.
    on_preparation_started(state, cx, id);
    if status(state, id) != Some(FleetStatus::Downloading) {
        if !missing.is_empty() {
            let message = format!("launch path {} does not exist", quoted(missing));
            event::write_with_log(state, cx, id, EventCode::ServerProcessInvalidPath, message, log);
        }
        return;
    }
    let message = "launch paths are looked up";
    event::write_with_log(
        state,
        cx,
        id,
        EventCode::FleetCreationValidatingRuntimeConfig,
        message,
        log.clone(),
    );
    begin_trial(state, cx, id);
    if !missing.is_empty() {
        let reason = format!("launch path {} does not exist in the package", quoted(missing));
        fail(state, cx, id, EventCode::FleetValidationLaunchPathNotFound, &reason, log);
    }
}

fn begin_trial(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    // The host reports a process that never becomes ready by itself; this is for a host that says nothing.
    let deadline = cx.clocks.process_ready.saturating_mul(2).saturating_add(Duration::from_secs(5));
    enter(state, cx, id, FleetStatus::Validating, Some(deadline), "a trial start is made");
}

/// A process of the fleet is ready: the trial start has succeeded, and so has the activation (F-10).
pub(crate) fn on_process_ready(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    on_preparation_started(state, cx, id);
    if status(state, id) == Some(FleetStatus::Downloading) {
        begin_trial(state, cx, id);
    }
    if status(state, id) != Some(FleetStatus::Validating) {
        return;
    }
    let pace = cx.clocks.pace_setup;
    enter(state, cx, id, FleetStatus::Building, Some(pace), "instance set-up is finished");
    if pace.is_zero() {
        begin_activating(state, cx, id);
        become_active(state, cx, id);
    }
}

fn begin_activating(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    let pace = cx.clocks.pace_setup;
    enter(state, cx, id, FleetStatus::Activating, Some(pace), "processes are being started");
}

fn become_active(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    enter(state, cx, id, FleetStatus::Active, None, "the first process is ready");
    if let Some(fleet) = state.fleets.get_mut(id) {
        fleet.was_active = true;
    }
    capacity::on_first_active(state, cx, id);
}

/// What is known of a process that ended, beside how.
pub(crate) struct EndedProcess {
    /// Why it was killed, if that was by order.
    pub(crate) kill_reason: Option<String>,
    /// What goes after the words of its end.
    pub(crate) words: String,
    /// What its event is about.
    pub(crate) observations: EventObservations,
    /// Its last output.
    pub(crate) log: String,
}

/// A process of the fleet ended. Before the first ACTIVE this can fail the fleet (F-9, F-11).
pub(crate) fn on_process_ended(
    state: &mut State,
    cx: &mut Cx<'_>,
    id: &FleetId,
    end: &ProcessEnd,
    ended: EndedProcess,
) {
    let EndedProcess { kill_reason, words, observations, log } = ended;
    if let Some((code, message)) = process_event(end, kill_reason.as_deref()) {
        let message = format!("{message}{words}");
        event::write_observed(state, cx, id, code, message, log.clone(), observations);
    }
    if status(state, id) != Some(FleetStatus::Validating) {
        return;
    }
    let failures = state.fleets.get_mut(id).map_or(0, |fleet| {
        fleet.trial_failures += 1;
        fleet.trial_failures
    });
    match end {
        ProcessEnd::InvalidPath(path) => {
            let reason = format!("launch path `{path}` does not exist in the package");
            fail(state, cx, id, EventCode::FleetValidationLaunchPathNotFound, &reason, log);
        }
        ProcessEnd::NotExecutable(reason) => {
            let reason = format!("the executable cannot be started: {reason}");
            fail(state, cx, id, EventCode::FleetValidationExecutableRuntimeFailure, &reason, log);
        }
        ProcessEnd::NoContact | ProcessEnd::NotReady => {
            let reason = "the process did not call ProcessReady in time";
            fail(state, cx, id, EventCode::FleetValidationTimedOut, reason, log);
        }
        ProcessEnd::Crashed(_) | ProcessEnd::Clean if failures >= TRIAL_FAILURES_MAX => {
            let reason = format!("the process ended {failures} times before it called ProcessReady{words}");
            fail(state, cx, id, EventCode::FleetValidationExecutableRuntimeFailure, &reason, log);
        }
        ProcessEnd::Crashed(_)
        | ProcessEnd::Clean
        | ProcessEnd::Lost
        | ProcessEnd::Terminated
        | ProcessEnd::ForceTerminated
        | ProcessEnd::UnhealthyTerminated
        | ProcessEnd::ExitTimeout => {}
    }
}

/// The event of a process end, by server-sdk.md 3.6; normal ends have none.
fn process_event(end: &ProcessEnd, kill_reason: Option<&str>) -> Option<(EventCode, String)> {
    Some(match end {
        // The loss of an instance has an event of its own (F-35).
        ProcessEnd::Clean | ProcessEnd::Terminated | ProcessEnd::Lost => return None,
        ProcessEnd::InvalidPath(path) => {
            (EventCode::ServerProcessInvalidPath, format!("launch path `{path}` does not exist"))
        }
        ProcessEnd::NotExecutable(reason) => {
            (EventCode::ServerProcessPullFailed, format!("the process could not be started: {reason}"))
        }
        ProcessEnd::NoContact => (
            EventCode::ServerProcessSdkInitializationTimeout,
            "the process never called the agent; does it use the SDK and the right address?".into(),
        ),
        ProcessEnd::NotReady => (
            EventCode::ServerProcessProcessReadyTimeout,
            "the process called the agent, but not ProcessReady".into(),
        ),
        ProcessEnd::Crashed(_) => {
            (EventCode::ServerProcessCrashed, "the process ended without ProcessEnding".into())
        }
        ProcessEnd::ForceTerminated => {
            let when = kill_reason.unwrap_or("at its deadline");
            (EventCode::ServerProcessForceTerminated, format!("the process was killed {when}"))
        }
        ProcessEnd::UnhealthyTerminated => (
            EventCode::ServerProcessTerminatedUnhealthy,
            "the process failed its health checks and was killed at its deadline".into(),
        ),
        ProcessEnd::ExitTimeout => (
            EventCode::ServerProcessProcessExitTimeout,
            "the process called ProcessEnding, did not end in time and was killed".into(),
        ),
    })
}

/// The present state has lasted too long, or a deletion is to be finished.
pub(crate) fn on_deadline(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    let Some(fleet) = state.fleets.get_mut(id) else { return };
    fleet.deadline = None;
    let status = fleet.status;
    let was_new = status == FleetStatus::New;
    match status {
        FleetStatus::New | FleetStatus::Downloading => {
            let (code, reason) = if was_new {
                (EventCode::FleetActivationFailedNoInstances, "no host took the instance in time")
            } else {
                (EventCode::FleetInitializationFailed, "the package was not ready in time")
            };
            fail(state, cx, id, code, reason, String::new());
        }
        FleetStatus::Validating => {
            let reason = "no process became ready in time";
            fail(state, cx, id, EventCode::FleetValidationTimedOut, reason, String::new());
        }
        // R73: a cloud would be ready now.
        FleetStatus::Building => begin_activating(state, cx, id),
        FleetStatus::Activating if has_ready_process(state, id) => become_active(state, cx, id),
        FleetStatus::Activating => {
            let reason = "no process is ready any more";
            fail(state, cx, id, EventCode::FleetActivationFailed, reason, String::new());
        }
        FleetStatus::Deleting => finish_deletion(state, cx, id),
        FleetStatus::Active | FleetStatus::Error | FleetStatus::Terminated => {}
    }
}

fn has_ready_process(state: &State, id: &FleetId) -> bool {
    state.instances_of(id).any(|instance| state.processes_of(&instance.id).next().is_some())
}

/// DeleteFleet was accepted (F-28.5).
pub(crate) fn begin_deletion(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    enter(state, cx, id, FleetStatus::Deleting, Some(Duration::ZERO), "a delete request is carried out");
    timer::remove_of(state, id);
    capacity::forget(state, id);
    stop_instances(state, cx, id);
}

/// The fleet becomes TERMINATED once nothing of it is left; asked again whenever an instance has gone.
pub(crate) fn finish_deletion(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    if planted!(DeletionNeverEnds)
        || status(state, id) != Some(FleetStatus::Deleting)
        || state.instances_of(id).next().is_some()
    {
        return;
    }
    event::write(state, cx, id, EventCode::FleetDeleted, format!("fleet {id} deleted"));
    if let Some(fleet) = state.fleets.get_mut(id) {
        fleet.status = FleetStatus::Terminated;
        fleet.terminated = Some(cx.now);
        fleet.deadline = None;
    }
}

/// A failing step writes its own event, then FLEET_STATE_ERROR; there is no retry (F-8).
fn fail(state: &mut State, cx: &mut Cx<'_>, id: &FleetId, code: EventCode, reason: &str, log: String) {
    event::write_with_log(state, cx, id, code, reason, log);
    cx.because(format!("fleet {id} failed: {reason}"));
    enter(state, cx, id, FleetStatus::Error, None, reason);
    stop_instances(state, cx, id);
}

/// Somebody wants to see what a failover does (`gse fault fleet`).
pub(crate) fn fail_as_asked(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    let reason = "a fault was asked for";
    fail(state, cx, id, EventCode::GenericEvent, reason, String::new());
}

/// Ends all instances at once. Only for fleets that cannot host a session (ERROR, DELETING).
fn stop_instances(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    let instances: Vec<InstanceId> = state.instances_of(id).map(|instance| instance.id.clone()).collect();
    for instance in instances {
        instance::set_status(state, cx, &instance, InstanceStatus::Stopping);
        cx.order(&instance, HostOrder::StopInstance);
    }
}

fn enter(
    state: &mut State,
    cx: &mut Cx<'_>,
    id: &FleetId,
    status: FleetStatus,
    deadline: Option<Duration>,
    message: &str,
) {
    let Some(fleet) = state.fleets.get_mut(id) else { return };
    fleet.status = status;
    fleet.deadline = deadline.map(|deadline| cx.now.plus(deadline));
    let code = match status {
        FleetStatus::New => EventCode::FleetCreated,
        FleetStatus::Downloading => EventCode::FleetStateDownloading,
        FleetStatus::Validating => EventCode::FleetStateValidating,
        FleetStatus::Building => EventCode::FleetStateBuilding,
        FleetStatus::Activating => EventCode::FleetStateActivating,
        FleetStatus::Active => EventCode::FleetStateActive,
        FleetStatus::Error => EventCode::FleetStateError,
        FleetStatus::Deleting => EventCode::FleetStateDeleting,
        FleetStatus::Terminated => EventCode::FleetDeleted,
    };
    event::write(state, cx, id, code, message);
}

fn status(state: &State, id: &FleetId) -> Option<FleetStatus> {
    state.fleets.get(id).map(|fleet| fleet.status)
}

fn is_being_created(state: &State, id: &FleetId) -> bool {
    matches!(
        status(state, id),
        Some(
            FleetStatus::New
                | FleetStatus::Downloading
                | FleetStatus::Validating
                | FleetStatus::Building
                | FleetStatus::Activating
        )
    )
}

fn quoted(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}
