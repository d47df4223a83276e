//! `install.sh` and `gse.yaml`.

use std::time::Duration;

use super::host::{Host, instance, seconds, spec};
use crate::host::{HostOrder, PreparationStep, ReportKind};
use crate::package::setup::PackageSetup;
use crate::supervisor::{Effect, Input, Supervisor};

fn with(setup: PackageSetup, runs: bool) -> Host {
    let mut host = Host::new();
    host.supervisor = Supervisor::new("127.0.0.1", true).with_install_scripts(runs);
    host.setup = setup;
    host.order(HostOrder::StartInstance(spec(&[1])));
    host
}

fn script() -> PackageSetup {
    PackageSetup { install_script: true, gse_yaml: None }
}

fn yaml(content: &str) -> PackageSetup {
    PackageSetup { install_script: false, gse_yaml: Some(content.into()) }
}

fn ended(host: &mut Host, outcome: Result<Duration, String>) {
    host.input(Input::InstallScriptEnded { instance: instance(), outcome, log: "its output".into() });
}

fn wants(host: &Host, what: fn(&Effect) -> bool) -> usize {
    host.log.iter().filter(|(_, effect)| what(effect)).count()
}

fn runs(effect: &Effect) -> bool {
    matches!(effect, Effect::RunInstallScript { within, .. } if *within == Duration::from_secs(600))
}

fn looks_up(effect: &Effect) -> bool {
    matches!(effect, Effect::ResolveLaunchPaths { .. })
}

fn removes(effect: &Effect) -> bool {
    matches!(effect, Effect::RemoveSlot { .. })
}

fn stops(effect: &Effect) -> bool {
    matches!(effect, Effect::StopInstallScript { .. })
}

fn notes(host: &Host) -> Vec<String> {
    let note = |report| match report {
        ReportKind::PreparationNoted { text } => Some(text),
        _ => None,
    };
    host.reports().into_iter().filter_map(note).collect()
}

#[test]
fn a3_the_script_runs_once_before_launch_paths_are_looked_up() {
    let mut host = with(script(), true);
    assert_eq!((wants(&host, runs), wants(&host, looks_up), host.spawns().len()), (1, 0, 0));
    ended(&mut host, Ok(seconds(3)));
    assert_eq!((wants(&host, runs), wants(&host, looks_up), host.spawns().len()), (1, 1, 1));
    let ran = ReportKind::InstallScriptRan { took: seconds(3), log: "its output".into() };
    assert!(host.reports().contains(&ran));
    host.exited(&super::host::record(1), "exit code 0");
    host.advance(seconds(10));
    host.order(HostOrder::StartInstance(spec(&[1])));
    assert_eq!(wants(&host, runs), 1);
    assert_eq!(notes(&host), [""; 0]);
}

#[test]
fn a4_a_failed_script_starts_nothing_and_is_tried_again_only_by_an_order() {
    let mut host = with(script(), true);
    ended(&mut host, Err("it ended with exit status: 3".into()));
    let Some(ReportKind::PreparationFailed { step, reason, log }) = host.reports().pop() else {
        panic!("{:?}", host.reports())
    };
    assert_eq!((step, log.as_str()), (PreparationStep::Install, "its output"));
    assert!(reason.contains("/local/game/install.sh") && reason.contains("exit status: 3"), "{reason}");
    host.advance(seconds(600));
    assert_eq!((wants(&host, looks_up), host.spawns().len()), (0, 0));
    host.order(HostOrder::StartInstance(spec(&[1])));
    assert_eq!(wants(&host, runs), 2, "for an instance of a fleet that was ACTIVE");
}

#[test]
fn a3_without_the_switch_it_is_said_once_and_not_run() {
    let host = with(script(), false);
    assert_eq!((wants(&host, runs), host.spawns().len()), (0, 1));
    let [note] = &notes(&host)[..] else { panic!("{:?}", notes(&host)) };
    assert!(note.contains("install.sh") && note.contains("--run-install-script"), "{note}");
}

#[test]
fn a_slot_that_is_not_wanted_any_more_stops_its_script_and_then_goes() {
    let mut host = with(script(), true);
    host.order(HostOrder::StopInstance);
    assert_eq!((wants(&host, stops), wants(&host, removes)), (1, 0));
    ended(&mut host, Err("signal: 9".into()));
    assert_eq!(wants(&host, removes), 1);
    assert!(!host.reports().iter().any(|report| matches!(report, ReportKind::PreparationFailed { .. })));
}

#[test]
fn a_host_that_ends_waits_for_the_script_that_it_stops() {
    let mut host = with(script(), true);
    host.input(Input::ShutDown);
    assert!(wants(&host, stops) == 1 && !host.supervisor.is_quiet());
    ended(&mut host, Err("signal: 9".into()));
    assert!(host.supervisor.is_quiet());
}

#[test]
fn a5_gse_yaml_is_accepted_and_ignored_or_fails_the_install() {
    let host = with(yaml("User: user_00:users\n"), false);
    assert!(notes(&host)[0].contains("gse.yaml is accepted and ignored"), "{:?}", notes(&host));
    assert_eq!(host.spawns().len(), 1);
    let host = with(yaml("Group: users\n"), true);
    let Some(ReportKind::PreparationFailed { step, reason, log }) = host.reports().pop() else {
        panic!("{:?}", host.reports())
    };
    assert_eq!((step, reason.as_str()), (PreparationStep::Install, "gse.yaml, line 1: unknown key `Group`"));
    assert!(log.contains("hint: "), "{log}");
    assert_eq!(host.spawns().len(), 0);
}
