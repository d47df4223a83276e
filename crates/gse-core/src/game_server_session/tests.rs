use std::cmp::Reverse;

use super::describe::{page, select};
use super::*;
use crate::fixture::{World, fleet_request, scope, session_request};
use crate::fleet::CreateFleet;
use crate::host::{ProcessEnd, ReportKind, SessionCall};
use crate::player_session::PlayerSessionStatus;
use crate::state::Row;

fn activate(session: &GameServerSession, max_players: u32) -> SessionCall {
    SessionCall::Activate { session: session.id.clone(), max_players, start: Default::default() }
}

fn terminate(session: &GameServerSession) -> SessionCall {
    SessionCall::Terminate { session: session.id.clone() }
}

/// W1 rows 10 to 18.
#[test]
fn w1_sessions_fill_the_processes_and_free_them() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let first = world.create_session(&fleet).unwrap();
    assert_eq!(
        (first.status, first.seats_taken, first.enabled, first.weight),
        (GameServerSessionStatus::Activating, 0, true, 5)
    );
    assert!(
        matches!(&world.orders[..], [(_, HostOrder::StartGameServerSession { session, .. })] if session.id == first.id)
    );
    world.call(&first, activate(&first, 2)).unwrap();
    assert_eq!(world.session(&first.id).status, GameServerSessionStatus::Active);
    let second = world.create_session(&fleet).unwrap();
    assert_ne!(first.process, second.process);
    let refused = world.create_session(&fleet).unwrap_err();
    assert_eq!(refused, Error::NoIdleProcess { fleet: fleet.clone(), reason: "2 busy".into() });
    world.call(&first, terminate(&first)).unwrap();
    let ended = world.session(&first.id);
    assert_eq!((ended.status, ended.terminated), (GameServerSessionStatus::Terminated, Some(world.now)));
    // M-3: the same process may be given another session.
    assert_eq!(world.create_session(&fleet).unwrap().process, first.process);
}

/// G02, G12, S27.
#[test]
fn g2_the_target_must_be_an_active_fleet() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let refused = world.create_session(&fleet).unwrap_err();
    let (status, reason) = (crate::fleet::FleetStatus::New, String::new());
    assert_eq!(refused, Error::FleetNotActive { fleet, status, reason });
    let unknown = FleetId::new("fleet-unknown");
    assert_eq!(world.create_session(&unknown).unwrap_err(), Error::FleetNotFound(unknown.clone()));
    let mut neither = session_request(&scope(), &unknown);
    neither.target.fleet = None;
    assert_eq!(world.apply(neither).unwrap_err(), Error::Missing { member: "FleetId" });
}

/// G-9, G06.
#[test]
fn s26_a_token_or_custom_id_gives_the_earlier_session() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 3);
    let with = |token: Option<&str>, custom: Option<&str>| CreateGameServerSession {
        idempotency_token: token.map(String::from),
        custom_id: custom.map(String::from),
        ..session_request(&scope(), &fleet)
    };
    let first = world.apply(with(Some("t"), None)).unwrap();
    assert_eq!(world.apply(with(Some("t"), None)).unwrap().id, first.id);
    let custom = world.apply(with(Some("t"), Some("mine"))).unwrap();
    assert!(custom.id.as_str().ends_with("/mine"), "{}", custom.id);
    assert_eq!(world.apply(with(None, Some("mine"))).unwrap().id, custom.id);
    assert_eq!(world.control_plane.state().game_server_sessions.len(), 2);
}

/// G-10, G11.
#[test]
fn s25_the_creator_limit_is_a_sliding_window() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 6);
    let by = |creator: &str| CreateGameServerSession {
        creator: creator.into(),
        ..session_request(&scope(), &fleet)
    };
    world.apply(by("c1")).unwrap();
    world.apply(by("c1")).unwrap();
    let limit = Error::CreatorLimit { creator: "c1".into(), limit: 2, period_minutes: 3 };
    assert_eq!(world.apply(by("c1")).unwrap_err(), limit);
    world.apply(by("c2")).unwrap();
    world.apply(by("")).unwrap();
    world.pass_seconds(179);
    assert_eq!(world.apply(by("c1")).unwrap_err(), limit);
    world.pass_seconds(1);
    world.apply(by("c1")).unwrap();
}

/// G-3, case 27.
#[test]
fn s17_the_activation_limit_counts_activating_sessions() {
    let mut world = World::new();
    let asset = world.asset(&scope(), Ok(()));
    let request = CreateFleet { max_concurrent_activations: 1, ..fleet_request(&scope(), &asset, 2) };
    let fleet = world.apply(request).unwrap().id;
    let instance = world.instances(&fleet)[0].clone();
    world.deploy(&instance);
    world.ready(&instance);
    world.ready(&instance);
    let first = world.create_session(&fleet).unwrap();
    let Error::NoIdleProcess { reason, .. } = world.create_session(&fleet).unwrap_err() else { panic!() };
    assert!(reason.contains("1 busy") && reason.contains("activates as many"), "{reason}");
    world.call(&first, activate(&first, 0)).unwrap();
    world.create_session(&fleet).unwrap();
}

/// G-3, G13, cases 19 and 21.
#[test]
fn s16_activation_timeout_ends_the_session_and_replaces_the_process() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.create_session(&fleet).unwrap();
    world.orders.clear();
    world.pass_seconds(599);
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Activating);
    world.pass_seconds(1);
    let ended = world.session(&session.id);
    assert_eq!(ended.status, GameServerSessionStatus::Error);
    assert_eq!(
        ended.status_reason,
        "GAME_SESSION_ACTIVATION_TIMEOUT: OnStartGameServerSession did not return and ActivateGameServerSession was \
         not called within 600 s"
    );
    assert_eq!(world.events(&fleet).last(), Some(&"GAME_SESSION_ACTIVATION_TIMEOUT"));
    assert!(matches!(&world.orders[..], [(_, HostOrder::TerminateProcess { .. })]), "{:?}", world.orders);
    let late = world.call(&session, activate(&session, 0)).unwrap_err();
    let status = GameServerSessionStatus::Error;
    assert_eq!(late, Error::ActivationTooLate { session: session.id.clone(), status, hosted: None });
    assert!(matches!(world.create_session(&fleet), Err(Error::NoIdleProcess { .. })));
}

/// The clock is checked by the call itself: the timer may not have run.
#[test]
fn g3_an_activation_at_the_deadline_is_too_late() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.create_session(&fleet).unwrap();
    world.now = session.activation_deadline.unwrap();
    assert!(matches!(world.call(&session, activate(&session, 0)), Err(Error::ActivationTooLate { .. })));
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Error);
}

/// Cases 21 and 22.
#[test]
fn g4_a_failed_start_callback() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let session = world.create_session(&fleet).unwrap();
    let failed = |session: &GameServerSession| ReportKind::StartSessionFailed {
        process: session.process.clone(),
        session: session.id.clone(),
        reason: "no memory".into(),
    };
    world.report(&session.instance, failed(&session)).unwrap();
    let ended = world.session(&session.id);
    assert_eq!(ended.status, GameServerSessionStatus::Error);
    assert!(ended.status_reason.contains("no memory"));
    let active = world.active_session(&fleet);
    world.report(&active.instance, failed(&active)).unwrap();
    assert_eq!(world.session(&active.id).status, GameServerSessionStatus::Active);
}

/// Case 23.
#[test]
fn g7_max_players_of_the_activation_only_lowers() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 3);
    for (told, wanted) in [(0, 2), (1, 1), (50, 2)] {
        let session = world.create_session(&fleet).unwrap();
        world.call(&session, activate(&session, told)).unwrap();
        assert_eq!(world.session(&session.id).max_players, wanted, "told {told}");
    }
}

/// Cases 20 and 25: strangers and confused processes.
#[test]
fn calls_about_sessions_of_others() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let (mine, other) = (world.active_session(&fleet), world.active_session(&fleet));
    let refused = world.call(&mine, terminate(&other)).unwrap_err();
    assert_eq!(refused, Error::SessionOfAnotherProcess(other.id.clone()));
    assert_eq!(world.session(&other.id).status, GameServerSessionStatus::Active);
    let foreign = world.active_fleet(&scope(), 1);
    let foreign = world.active_session(&foreign);
    assert_eq!(world.call(&mine, terminate(&foreign)).unwrap_err(), Error::SessionOfAnotherFleet(foreign.id));
    let unknown = GameServerSessionId::new("nope");
    let call = SessionCall::Terminate { session: unknown.clone() };
    assert_eq!(world.call(&mine, call).unwrap_err(), Error::SessionNotFound(unknown));
    // The session is over and the process hosts another one: the text names both.
    world.call(&mine, terminate(&mine)).unwrap();
    let next = world.active_session(&fleet);
    assert_eq!(next.process, mine.process);
    let call =
        SessionCall::UpdatePolicy { session: mine.id.clone(), policy: PlayerSessionCreationPolicy::DenyAll };
    let text = world.call(&next, call).unwrap_err().to_string();
    assert!(text.contains(mine.id.as_str()) && text.contains(next.id.as_str()), "{text}");
}

/// Case 26.
#[test]
fn g5_terminating_twice_is_fine() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    world.call(&session, terminate(&session)).unwrap();
    let ended = world.session(&session.id);
    world.pass_seconds(5);
    world.call(&session, terminate(&session)).unwrap();
    assert_eq!(world.session(&session.id), ended);
}

/// R6, cases 40 and 43: how a process ends, and what becomes of its session and players.
#[test]
fn s12_s15_the_end_of_a_process_ends_its_session() {
    let table = [
        (
            ProcessEnd::Crashed("signal 9".into()),
            GameServerSessionStatus::Error,
            Some("SERVER_PROCESS_CRASHED"),
        ),
        (
            ProcessEnd::ForceTerminated,
            GameServerSessionStatus::Error,
            Some("SERVER_PROCESS_FORCE_TERMINATED"),
        ),
        (
            ProcessEnd::UnhealthyTerminated,
            GameServerSessionStatus::Error,
            Some("SERVER_PROCESS_TERMINATED_UNHEALTHY"),
        ),
        (ProcessEnd::Clean, GameServerSessionStatus::Terminated, None),
        (ProcessEnd::Terminated, GameServerSessionStatus::Terminated, None),
    ];
    for (end, status, event) in table {
        let mut world = World::new();
        let fleet = world.active_fleet(&scope(), 1);
        let session = world.active_session(&fleet);
        let players = world.join(&session.id, &["in", "away"]).unwrap();
        let accept = SessionCall::AcceptPlayer {
            session: session.id.clone(),
            player_session: players[0].id.clone(),
            attempt: "7/r".into(),
        };
        world.call(&session, accept).unwrap();
        let report = ReportKind::ProcessEnded {
            process: session.process.clone(),
            end: end.clone(),
            log: String::new(),
        };
        world.report(&session.instance, report).unwrap();
        let ended = world.session(&session.id);
        assert_eq!((ended.status, ended.seats_taken), (status, 0), "{end:?}");
        assert_eq!(world.player(&players[0].id).status, PlayerSessionStatus::Completed);
        assert_eq!(world.player(&players[1].id).status, PlayerSessionStatus::TimedOut);
        if let Some(event) = event {
            assert_eq!(world.events(&fleet).last(), Some(&event));
        } else {
            assert_eq!(world.events(&fleet).last(), Some(&"FLEET_STATE_ACTIVE"));
        }
    }
}

/// P14, G7.
#[test]
fn p14_process_ending_ends_the_session_normally() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    world.report(&session.instance, ReportKind::ProcessEnding { process: session.process.clone() }).unwrap();
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Terminated);
    assert!(matches!(world.create_session(&fleet), Err(Error::NoIdleProcess { .. })));
}

/// F-16.
#[test]
fn s13_an_unhealthy_process_is_blocked_and_told_to_end() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let session = world.active_session(&fleet);
    world.orders.clear();
    let sick = ReportKind::ProcessUnhealthy { process: session.process.clone(), reason: "no answer".into() };
    world.report(&session.instance, sick).unwrap();
    assert!(matches!(&world.orders[..], [(_, HostOrder::TerminateProcess { .. })]));
    let blocked = world.session(&session.id);
    assert_eq!((blocked.status, blocked.enabled), (GameServerSessionStatus::Active, false));
    assert_eq!(world.join(&session.id, &["p"]).unwrap_err(), Error::SessionDisabled(session.id));
    world.create_session(&fleet).unwrap();
    assert!(matches!(world.create_session(&fleet), Err(Error::NoIdleProcess { .. })));
}

/// G-17, case 53.
#[test]
fn s32_custom_counts_follow_the_process() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    let counts = |current| ReportKind::CustomCounts { process: session.process.clone(), current, max: 10 };
    world.report(&session.instance, counts(3)).unwrap();
    assert_eq!(world.session(&session.id).custom_counts, (3, 10));
    world.call(&session, terminate(&session)).unwrap();
    world.report(&session.instance, counts(4)).unwrap();
    assert_eq!(world.session(&session.id).custom_counts, (3, 10));
    assert_eq!(world.create_session(&fleet).unwrap().custom_counts, (4, 10));
}

/// G-18, G23: pages of the sessions of a fleet.
#[test]
fn s29_sessions_are_described_newest_first_in_pages() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 5);
    let mut made = Vec::new();
    for _ in 0..5 {
        world.pass_seconds(1);
        made.push(world.create_session(&fleet).unwrap().id);
    }
    made.reverse();
    let mut query = SessionQuery {
        scope: scope(),
        session: None,
        target: Target { fleet: Some(fleet), alias: None },
        status: None,
        next_token: None,
        limit: 2,
    };
    let mut seen = Vec::new();
    loop {
        let page = describe(world.control_plane.state(), &query).unwrap();
        seen.extend(page.items.iter().map(|session| session.id.clone()));
        query.next_token = page.next_token;
        if query.next_token.is_none() {
            break;
        }
    }
    assert_eq!(seen, made);
    query.status = Some(GameServerSessionStatus::Active);
    assert_eq!(describe(world.control_plane.state(), &query).unwrap().items.len(), 0);
}

/// All sessions of a fleet page by page, those of the archive too; between two pages `meanwhile` happens.
fn paged(
    world: &mut World,
    fleet: &FleetId,
    limit: usize,
    mut meanwhile: impl FnMut(&mut World, &GameServerSession),
) -> Vec<GameServerSessionId> {
    let target = Target { fleet: Some(fleet.clone()), alias: None };
    let mut query =
        SessionQuery { scope: scope(), session: None, target, status: None, next_token: None, limit };
    let mut seen = Vec::new();
    loop {
        let selected = select(world.control_plane.state(), &query).unwrap();
        let question = selected.archive;
        let place = |row: &Row| (Reverse(row.archive_position()), row.key());
        let after = question.after.map(|(position, key)| (Reverse(position), key));
        let rows = world.archived.iter().map(|(row, _)| row).filter(|row| row.kind() == question.kind);
        let mut archived: Vec<Row> =
            rows.filter(|row| after.as_ref().is_none_or(|after| place(row) > *after)).cloned().collect();
        archived.sort_by_key(place);
        archived.truncate(question.limit);
        let page = page(&query, selected.rows, archived).unwrap();
        seen.extend(page.items.iter().map(|session| session.id.clone()));
        query.next_token = page.next_token;
        let Some(token) = &query.next_token else { return seen };
        assert!(token.len() < 950, "{} characters", token.len());
        meanwhile(world, page.items.last().unwrap());
    }
}

/// Sessions of one millisecond whose ids differ where a token has no room any more: each comes once, in memory or not,
/// and also when the last one that was given left memory before the next page.
#[test]
fn g23_long_ids_are_paged_exactly() {
    for (archived_first, limit) in [(false, 1), (false, 2), (true, 1), (true, 3)] {
        let mut world = World::new();
        let fleet = world.active_fleet(&scope(), 6);
        let mut made = Vec::new();
        for number in 0..6 {
            let custom_id = Some(format!("{}{number}", "x".repeat(4095)));
            let request = CreateGameServerSession { custom_id, ..session_request(&scope(), &fleet) };
            let session = world.apply(request).unwrap();
            world.call(&session, activate(&session, 0)).unwrap();
            made.push(session);
        }
        for session in made.iter().filter(|_| archived_first) {
            world.call(session, terminate(session)).unwrap();
        }
        world.pass_seconds(2 * 3600);
        let mut count = 0;
        let seen = paged(&mut world, &fleet, limit, |world, last| {
            count += 1;
            // Every second page the last session that was given ends, and is archived.
            if count % 2 == 0 && !archived_first {
                world.call(last, terminate(last)).unwrap();
                world.pass_seconds(2 * 3600);
            }
        });
        let wanted: Vec<_> = made.iter().map(|session| session.id.clone()).collect();
        assert_eq!(seen, wanted, "{archived_first} {limit}");
    }
}
