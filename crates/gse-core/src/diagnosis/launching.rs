//! Rules about the start and the end of processes.

use std::cmp::Reverse;

use super::{FINDINGS_MOST, Facts, Finding, Rule, Severity, Subject, ago, finding, grouped, span};
use crate::event::{Event, EventCode};
use crate::fleet::lifecycle::INSTALL_SCRIPT_RAN;
use crate::observation::{Refusal, last_lines};
use crate::process::Process;

pub(super) const PACKAGE_UNUSABLE: Rule =
    Rule { name: "package-unusable", section: "operations.md 2.2", check: package_unusable };
pub(super) const INSTALL_FAILED: Rule =
    Rule { name: "install-failed", section: "operations.md 1.1, A-3 to A-6", check: install_failed };
pub(super) const LAUNCH_PATH_MISSING: Rule =
    Rule { name: "launch-path-missing", section: "server-sdk.md 5, P4", check: launch_path_missing };
pub(super) const NOT_EXECUTABLE: Rule =
    Rule { name: "not-executable", section: "server-sdk.md 5, P4", check: not_executable };
pub(super) const PROCESS_ENDED: Rule =
    Rule { name: "process-ended", section: "server-sdk.md 3.6, P7", check: process_ended };
pub(super) const NO_PROCESS_READY: Rule =
    Rule { name: "no-process-ready", section: "server-sdk.md 3.1, P5 and P6", check: no_process_ready };
pub(super) const PORT_CLASH: Rule =
    Rule { name: "port-clash", section: "server-sdk.md 4.4 and 7", check: port_clash };
pub(super) const CLIENT_PORT_CLOSED: Rule =
    Rule { name: "client-port-closed", section: "operations.md F-14", check: client_port_closed };
pub(super) const TERMINATE_IGNORED: Rule =
    Rule { name: "terminate-ignored", section: "server-sdk.md 3.4, P16", check: terminate_ignored };
pub(super) const DOES_NOT_EXIT: Rule =
    Rule { name: "does-not-exit", section: "server-sdk.md 3.5, P17", check: does_not_exit };

/// One finding for all events of these codes: the newest one, with their number.
fn of_events(facts: &Facts<'_>, codes: &[EventCode], why: &str, fix: &str) -> Vec<Finding> {
    of_these(facts, &facts.events_of(codes).collect::<Vec<_>>(), why, fix)
}

/// One finding of events of one kind, newest first.
fn of_these(facts: &Facts<'_>, events: &[&Event], why: &str, fix: &str) -> Vec<Finding> {
    let Some(newest) = events.first() else { return Vec::new() };
    let what = format!("{}{}", newest.message, counted(facts, events));
    vec![finding(Subject::event(newest), newest.time, what, why, fix)]
}

/// ` (3 times, last 4 s ago)`
fn counted(facts: &Facts<'_>, events: &[&Event]) -> String {
    let last = events.first().map_or(String::new(), |event| ago(facts.now, event.time));
    match events.len() {
        1 => format!(" ({last} ago)"),
        many => format!(" ({many} times, last {last} ago)"),
    }
}

fn package_unusable(facts: &Facts<'_>) -> Vec<Finding> {
    let codes = [
        EventCode::FleetBinaryDownloadFailed,
        EventCode::FleetInitializationFailed,
        EventCode::FleetActivationFailedNoInstances,
    ];
    let why = "no process can be started before the package is copied and unpacked";
    let fix = "see the event and its log (PreSignedLogUrl of DescribeFleetEvents), mend the package, upload it again and \
               make a new fleet: a fleet that failed is not tried again";
    of_events(facts, &codes, why, fix)
}

fn install_failed(facts: &Facts<'_>) -> Vec<Finding> {
    let installs = facts.events_of(&[EventCode::FleetCreationRunningInstaller]);
    let events: Vec<&Event> =
        installs.filter(|event| !event.message.starts_with(INSTALL_SCRIPT_RAN)).collect();
    let Some(newest) = events.first() else { return Vec::new() };
    let what = format!("{}{}", newest.message, counted(facts, &events));
    let why = "no process can be started before `install.sh` has succeeded and `gse.yaml`, if there is one, is right";
    let fix = "the lines below are the last of its log; mend the package, upload it again and make a new fleet: a fleet that \
               failed is not tried again";
    let mut found = finding(Subject::event(newest), newest.time, what, why, fix);
    // How it ended is in the message.
    let log = newest.log.as_deref().unwrap_or_default().split("[end]\n").next();
    found.output = last_lines(log.unwrap_or_default());
    vec![found]
}

fn launch_path_missing(facts: &Facts<'_>) -> Vec<Finding> {
    let codes = [EventCode::FleetValidationLaunchPathNotFound, EventCode::ServerProcessInvalidPath];
    let why = "the package has no file at that place, so there is nothing to start";
    let fix = "name the file as it is in the zip, below `/local/game/` (or relative), letter case included; \
               `unzip -l PACKAGE` shows what is in it";
    of_events(facts, &codes, why, fix)
}

fn not_executable(facts: &Facts<'_>) -> Vec<Finding> {
    let why = "the system refused to execute the file: another kind of machine, a script without `#!`, or an \
               interpreter or library that is not on the host";
    let fix = "build for this system, begin scripts with `#!/bin/sh` or the like, and put what it needs into the package";
    of_events(facts, &[EventCode::ServerProcessPullFailed], why, fix)
}

fn process_ended(facts: &Facts<'_>) -> Vec<Finding> {
    let events: Vec<&Event> = facts.events_of(&[EventCode::ServerProcessCrashed]).collect();
    let Some(newest) = events.first() else { return Vec::new() };
    let what = format!("{}{}", newest.message, counted(facts, &events));
    let why = "a process that goes without ProcessEnding counts as crashed: its session becomes ERROR, and another one is \
               started, after a wait that doubles while it goes on";
    let fix = "the lines below are the last that it wrote to standard error; when the end is meant, call ProcessEnding \
               before it";
    let mut found = finding(Subject::event(newest), newest.time, what, why, fix);
    found.output.clone_from(&newest.observations.output);
    vec![found]
}

fn no_process_ready(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = of_events(
        facts,
        &[EventCode::ServerProcessSdkInitializationTimeout],
        "the process ran and never called the agent: it does not use the SDK, calls another address, or fails before \
         and swallows the error",
        "call ProcessReady on the address in GSE_AGENT_ADDRESS (default 127.0.0.1:5758), with the metadata `pid`; let \
         errors at the start end the process",
    );
    findings.extend(of_events(
        facts,
        &[EventCode::ServerProcessProcessReadyTimeout],
        "the process reached the agent, and either never called ProcessReady or was refused",
        "call ProcessReady when the game can take a session, and look at its status: a refusal names the reason",
    ));
    let patience = (facts.clocks.process_ready / 4).min(std::time::Duration::from_secs(30));
    let limit = facts.clocks.process_ready;
    for starting in &facts.starting {
        let waited = facts.now.since(starting.since);
        let is_refused = starting.refused.iter().any(|refused| refused.refusal == Refusal::PortTaken);
        if waited < patience || waited > limit * 2 || is_refused {
            continue;
        }
        let what = format!(
            "pid {} was started {} ago and has not called ProcessReady; it is ended {} after its start",
            starting.pid,
            span(waited),
            span(limit)
        );
        let why = "a process that has not called ProcessReady gets no session";
        let fix = "call ProcessReady when the game can take a session; its output is under `logs/` of the data directory";
        let found = finding(Subject::process(&starting.process), starting.since, what, why, fix);
        findings.push(Finding { severity: Severity::Warning, ..found });
    }
    findings
}

/// gRPC servers set SO_REUSEPORT: a second process binds a taken port and nothing fails (server-sdk.md 7).
fn port_clash(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let refused = facts.events.iter().filter(|event| event.observations.refusal == Some(Refusal::PortTaken));
    let refused: Vec<&Event> = refused.copied().collect();
    if let Some(newest) = refused.first() {
        let what = format!("{}{}", newest.message, counted(facts, &refused));
        let why = "two processes on one host cannot share a grpcPort. The second one binds it without an error, because \
                   gRPC servers set SO_REUSEPORT, and callbacks would reach either of them";
        let fix = "let the system choose (port 0) and announce what you got, or give each process its own port by its \
                   parameters; a fixed port works with ConcurrentExecutions 1";
        findings.push(finding(Subject::event(newest), newest.time, what, why, fix));
    }
    let all = facts.processes.iter().chain(&facts.neighbours).copied();
    let of_port = grouped(all, |process: &&Process| (&*process.ip_address, process.client_port));
    for ((_, port), processes) in of_port.into_iter().filter(|(_, processes)| processes.len() > 1) {
        let Some(ours) = processes.iter().find(|process| process.fleet == facts.fleet.id) else { continue };
        let pids: Vec<String> = processes.iter().take(5).map(|process| process.pid.to_string()).collect();
        let what = format!(
            "{} processes announce clientPort {port} on `{}`: pids {}",
            processes.len(),
            ours.ip_address,
            pids.join(", ")
        );
        let why = "players of one session may reach the other process; it is right only when one is TCP and the other UDP";
        let fix = "choose a free clientPort in each process and announce that one in ProcessReady";
        let found = finding(Subject::process(&ours.id), ours.ready, what, why, fix);
        findings.push(Finding { severity: Severity::Warning, ..found });
    }
    findings
}

fn client_port_closed(facts: &Facts<'_>) -> Vec<Finding> {
    let inbound = &facts.fleet.inbound;
    let open = |port: u16| inbound.iter().any(|range| (range.from_port..=range.to_port).contains(&port));
    let mut closed: Vec<&Process> =
        facts.processes.iter().copied().filter(|process| !open(process.client_port)).collect();
    // A fleet without open ports has thousands of them: only those that are told are put into words.
    let more = closed.len().saturating_sub(FINDINGS_MOST);
    closed.sort_by_key(|process| Reverse(process.ready));
    closed.truncate(FINDINGS_MOST);
    let mut ranges: Vec<String> =
        inbound.iter().map(|range| format!("{}-{}", range.from_port, range.to_port)).collect();
    ranges.dedup();
    let ranges =
        if ranges.is_empty() { "none is open".into() } else { format!("open: {}", ranges.join(", ")) };
    let told = closed.into_iter().map(|process| {
        let what = format!(
            "pid {} announces clientPort {}, which is outside the fleet's inbound ranges ({ranges})",
            process.pid, process.client_port
        );
        let why = "players are told that port, and the firewall of the fleet does not let them through";
        let fix = "open the port by UpdateFleetPortSettings, or announce one that is open";
        finding(Subject::process(&process.id), process.ready, what, why, fix)
    });
    let mut told: Vec<Finding> = told.collect();
    if let Some(last) = told.last_mut() {
        last.more = more;
    }
    told
}

fn terminate_ignored(facts: &Facts<'_>) -> Vec<Finding> {
    // EndGameServerSessionAndProcess kills at once, and asks nobody (G-15).
    let killed = facts.events_of(&[EventCode::ServerProcessForceTerminated]);
    let killed: Vec<&Event> = killed.filter(|event| !event.observations.on_request).collect();
    let why = "it was told to end by OnProcessTerminate and was still there at its deadline; its session became ERROR";
    let fix = "in OnProcessTerminate: TerminateGameServerSession, then ProcessEnding, then exit, before terminationTime";
    warnings(of_these(facts, &killed, why, fix))
}

fn does_not_exit(facts: &Facts<'_>) -> Vec<Finding> {
    let codes = [EventCode::ServerProcessProcessExitTimeout];
    let why = "its replacement waits for it, because it may hold the ports";
    let fix = "exit right after ProcessEnding was answered";
    warnings(of_events(facts, &codes, why, fix))
}

fn warnings(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().map(|found| Finding { severity: Severity::Warning, ..found }).collect()
}
