//! G-21 to G-23: what is collected, what is kept, what is found.

use super::*;
use crate::fixture::{World, scope};
use crate::host::{ReportKind, SessionCall};
use crate::time::Timestamp;

#[test]
fn log_paths_stay_below_the_package_root() {
    let cases: [(&str, Result<&str, &str>); 18] = [
        ("./logs", Ok("logs")),
        ("logs/", Ok("logs")),
        ("logs/../logs/a.txt", Ok("logs/a.txt")),
        (".", Ok("")),
        ("", Ok("")),
        ("/local/game/logs", Ok("logs")),
        ("/local/game", Ok("")),
        ("C:\\game\\logs\\a.txt", Ok("logs/a.txt")),
        ("c:\\game\\", Ok("")),
        ("/slots/ins-1/game/logs/x", Ok("logs/x")),
        ("/slots/ins-1/game", Ok("")),
        ("/slots/ins-1/game2/x", Err("outside")),
        ("/slots/ins-1/slot.record", Err("outside")),
        ("/etc/passwd", Err("outside")),
        ("../../etc/passwd", Err("`..`")),
        ("/local/game/../slot.record", Err("`..`")),
        ("/slots/ins-1/game/../slot.record", Err("`..`")),
        ("logs\0", Err("control")),
    ];
    for (path, wanted) in cases {
        let found = log_target(path, "/slots/ins-1/game");
        match (&found, wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{path}"),
            (Err(problem), Err(words)) => assert!(problem.to_string().contains(words), "{path}: {problem}"),
            _ => panic!("{path}: {found:?}"),
        }
    }
}

/// Sizes, the quota, and what is left out of each.
type Fitting = (&'static [u64], u64, &'static [Option<u64>]);

#[test]
fn g21_the_newest_is_kept_and_of_what_does_not_fit_the_end() {
    let cases: [Fitting; 6] = [
        (&[10, 20], 100, &[Some(0), Some(0)]),
        (&[60, 60, 5], 100, &[Some(0), Some(20), None]),
        (&[150], 100, &[Some(50)]),
        (&[100, 0, 1], 100, &[Some(0), Some(0), None]),
        (&[], 100, &[]),
        (&[1], 0, &[None]),
    ];
    for (sizes, most, wanted) in cases {
        assert_eq!(fit(sizes.iter().copied(), most), wanted, "{sizes:?} of {most}");
    }
}

fn stored(name: &str, left_out_bytes: u64) -> SessionLog {
    SessionLog { blob: BlobId::new(name), bytes: 7, left_out_bytes }
}

fn collected(world: &mut World, session: &GameServerSession, outcome: Result<SessionLog, String>) {
    let kind = ReportKind::LogsCollected { session: session.id.clone(), outcome };
    world.report(&session.instance, kind).unwrap();
}

fn ended_session(world: &mut World, fleet: &FleetId) -> GameServerSession {
    let session = world.active_session(fleet);
    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
    session
}

#[test]
fn g21_a_log_belongs_to_its_session_and_the_first_one_stands() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = ended_session(&mut world, &fleet);
    let events = world.events(&fleet).len();
    collected(&mut world, &session, Ok(stored("one", 0)));
    collected(&mut world, &session, Ok(stored("two", 9)));
    assert_eq!(world.session(&session.id).log, Some(stored("one", 0)));
    assert_eq!(world.events(&fleet).len(), events, "nothing was left out");
    world.restart();
    assert_eq!(world.session(&session.id).log, Some(stored("one", 0)));
}

#[test]
fn g21_what_is_left_out_or_lost_is_an_event() {
    let cases = [(Ok(stored("one", 12)), "12 bytes were left out"), (Err("no disk".to_owned()), "no disk")];
    for (outcome, words) in cases {
        let mut world = World::new();
        let fleet = world.active_fleet(&scope(), 1);
        let session = ended_session(&mut world, &fleet);
        collected(&mut world, &session, outcome);
        let mut events = world.control_plane.state().events.values();
        let told = events.rfind(|event| event.code == EventCode::GenericEvent).unwrap();
        assert!(
            told.message.contains(words) && told.message.contains(session.id.as_str()),
            "{}",
            told.message
        );
    }
}

#[test]
fn g23_the_logs_of_a_fleet_come_newest_first_from_memory_and_archive() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let mut sessions = Vec::new();
    for number in 0..4 {
        let session = ended_session(&mut world, &fleet);
        // One has none.
        if number != 1 {
            collected(&mut world, &session, Ok(stored(&number.to_string(), 0)));
        }
        sessions.push(session);
        world.pass_seconds(1500);
    }
    assert!(world.archived.iter().any(|(row, _)| matches!(row, Row::GameServerSession(_))));
    let query = |instance: Option<&str>, ip: Option<&str>, offset| LogQuery {
        scope: scope(),
        fleet: fleet.clone(),
        instance: instance.map(InstanceId::new),
        ip_address: ip.map(str::to_owned),
        offset,
        limit: 2,
    };
    let archived: Vec<Row> = world.archived.iter().map(|(row, _): &(Row, Timestamp)| row.clone()).collect();
    let blobs = |query: &LogQuery| {
        let (selected, question) = select(world.control_plane.state(), query).unwrap();
        assert_eq!(question.properties.fleet.as_deref(), Some(fleet.as_str()));
        let page = page(query, selected, archived.clone());
        let blobs: Vec<_> =
            page.items.iter().map(|session| session.log.as_ref().unwrap().blob.to_string()).collect();
        (blobs.join(" "), page.total)
    };
    assert_eq!(blobs(&query(None, None, 0)), ("3 2".into(), 3));
    assert_eq!(blobs(&query(None, None, 2)), ("0".into(), 3));
    let instance = sessions[0].instance.clone();
    assert_eq!(blobs(&query(Some(instance.as_str()), Some("127.0.0.1"), 0)), ("3 2".into(), 3));
    assert_eq!(blobs(&query(Some("ins-none"), None, 0)), (String::new(), 0));
    assert_eq!(blobs(&query(Some(instance.as_str()), Some("10.0.0.1"), 0)), (String::new(), 0));
    let unknown = LogQuery { fleet: FleetId::new("fleet-none"), ..query(None, None, 0) };
    assert_eq!(
        select(world.control_plane.state(), &unknown).unwrap_err(),
        Error::FleetNotFound(FleetId::new("fleet-none"))
    );
}
