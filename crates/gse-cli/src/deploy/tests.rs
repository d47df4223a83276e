//! What the flags ask for, and which event is the reason of a failure. The steps are tested in `gse_core::deployment`,
//! the whole against a running service in `tests/it/deploy.rs`.

use std::{fs, os::unix::fs::PermissionsExt as _};

use gse_api::types::{Event, FleetAttributes, RuntimeConfiguration, ServerProcesse};

use super::{settings::Settings, tell::cause};

fn entry(path: &str, parameters: &str, count: u64) -> ServerProcesse {
    ServerProcesse { launch_path: path.into(), parameters: parameters.into(), concurrent_executions: count }
}

fn asked(launch: Option<&str>, processes: Option<u64>) -> Settings {
    Settings { launch: launch.map(str::to_owned), processes, ..Settings::default() }
}

#[test]
fn flags_replace_members_of_the_only_entry() {
    let source = [entry("/local/game/server", "--map forest", 4)];
    let made = |settings: &Settings| {
        let runtime = settings.runtime(&source).expect("it is clear what is meant")?;
        let made = runtime.server_processes.expect("entries").remove(0);
        Some((made.launch_path.unwrap(), made.parameters.unwrap(), made.concurrent_executions.unwrap()))
    };
    assert_eq!(made(&asked(None, None)), None, "nothing is asked, so all is copied");
    let expected = ("/local/game/server".to_owned(), "--map forest".to_owned(), 9);
    assert_eq!(made(&asked(None, Some(9))), Some(expected));
    for spelling in ["bin/new", "./bin/new", "/local/game/bin/new"] {
        let expected = ("/local/game/bin/new".to_owned(), "--map forest".to_owned(), 4);
        assert_eq!(made(&asked(Some(spelling), None)), Some(expected));
    }
    let two = [source[0].clone(), entry("/local/game/other", "", 1)];
    assert_eq!(asked(None, Some(9)).runtime(&two).unwrap_err().exit, 2, "which of the two?");
    assert!(asked(Some("new"), None).runtime(&two).unwrap().is_some());
}

#[test]
fn a_fleet_that_has_what_is_asked_is_taken() {
    let fleet = FleetAttributes { instance_type: "S5.LARGE8".into(), ..FleetAttributes::default() };
    let runtime = RuntimeConfiguration {
        server_processes: vec![entry("/local/game/server", "", 4)],
        ..RuntimeConfiguration::default()
    };
    let takes = |settings: Settings| settings.are_those_of(&fleet, &runtime);
    assert!(takes(asked(None, None)));
    assert!(takes(asked(Some("server"), Some(4))));
    assert!(!takes(asked(Some("server"), Some(5))));
    assert!(!takes(asked(Some("other"), None)));
    assert!(!takes(Settings { instance_type: Some("S5.SMALL2".into()), ..Settings::default() }));
}

#[test]
fn the_only_executable_of_a_build_is_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, "").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    put("map.txt", 0o644);
    put("install.sh", 0o755);
    let text = asked(None, None).first_runtime(folder.path()).unwrap_err().to_string();
    assert!(text.contains("hint: say with --launch"), "{text}");
    put("server", 0o755);
    let runtime = asked(None, None).first_runtime(folder.path()).unwrap();
    let entries = runtime.server_processes.unwrap();
    assert_eq!(entries[0].launch_path.as_deref(), Some("/local/game/server"));
    put("tool", 0o755);
    let text = asked(None, None).first_runtime(folder.path()).unwrap_err().to_string();
    assert!(text.contains("`server`, `tool`"), "{text}");
}

#[test]
fn the_reason_is_the_event_before_the_state() {
    let events = |codes: &[&str]| -> Vec<Event> {
        codes.iter().map(|&code| Event { event_code: code.into(), ..Event::default() }).collect()
    };
    let told = events(&[
        "SERVER_PROCESS_CRASHED",
        "FLEET_STATE_ERROR",
        "FLEET_VALIDATION_LAUNCH_PATH_NOT_FOUND",
        "FLEET_STATE_VALIDATING",
    ]);
    assert_eq!(cause(&told).map(|event| &*event.event_code), Some("FLEET_VALIDATION_LAUNCH_PATH_NOT_FOUND"));
    assert!(cause(&[]).is_none());
}
