use super::*;
use crate::fixture::{World, scope};
use crate::host::SessionCall;

fn accept(session: &GameServerSession, player: &PlayerSession, attempt: &str) -> SessionCall {
    SessionCall::AcceptPlayer {
        session: session.id.clone(),
        player_session: player.id.clone(),
        attempt: attempt.into(),
    }
}

fn remove(session: &GameServerSession, player: &PlayerSession) -> SessionCall {
    SessionCall::RemovePlayer { session: session.id.clone(), player_session: player.id.clone() }
}

/// A session for two players.
fn world_with_session() -> (World, GameServerSession) {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    let session = world.active_session(&fleet);
    (world, session)
}

/// Y-3, Y-4, G14, case 33: seats are taken, also by one player twice, and freed again.
#[test]
fn s21_a_full_session_takes_nobody() {
    let (mut world, session) = world_with_session();
    let players = world.join(&session.id, &["alice"]).unwrap();
    assert_eq!(
        (players[0].status, world.session(&session.id).seats_taken),
        (PlayerSessionStatus::Reserved, 1)
    );
    world.join(&session.id, &["alice"]).unwrap();
    let full = Error::SessionFull { session: session.id.clone(), free: 0, wanted: 1 };
    assert_eq!(world.join(&session.id, &["carol"]).unwrap_err(), full);
    world.call(&session, accept(&session, &players[0], "r")).unwrap();
    assert_eq!(world.session(&session.id).seats_taken, 2);
    world.call(&session, remove(&session, &players[0])).unwrap();
    assert_eq!(world.player(&players[0].id).status, PlayerSessionStatus::Completed);
    assert_eq!(world.session(&session.id).seats_taken, 1);
    world.call(&session, remove(&session, &players[0])).unwrap();
    assert_eq!(world.session(&session.id).seats_taken, 1);
    world.join(&session.id, &["carol"]).unwrap();
}

/// Y-5.
#[test]
fn s23_a_batch_is_all_or_nothing() {
    let (mut world, session) = world_with_session();
    let full = Error::SessionFull { session: session.id.clone(), free: 2, wanted: 3 };
    assert_eq!(world.join(&session.id, &["a", "b", "c"]).unwrap_err(), full);
    assert_eq!(world.session(&session.id).seats_taken, 0);
    let players = world.join(&session.id, &["a", "b"]).unwrap();
    assert_eq!(players.iter().map(|player| player.player.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

/// Y-6, cases 28 and 29.
#[test]
fn s20_s34_a_reservation_lasts_sixty_seconds() {
    let (mut world, session) = world_with_session();
    let players = world.join(&session.id, &["quick", "late"]).unwrap();
    world.pass(std::time::Duration::from_millis(59_900));
    world.call(&session, accept(&session, &players[0], "r")).unwrap();
    // Exactly at sixty seconds, before the timer has run.
    world.now = players[1].reserved_until.unwrap();
    let refused = world.call(&session, accept(&session, &players[1], "r")).unwrap_err();
    assert_eq!(refused, Error::PlayerNotReserved { status: PlayerSessionStatus::TimedOut });
    assert_eq!(world.session(&session.id).seats_taken, 1);
    assert_eq!(world.player(&players[1].id).terminated, Some(world.now));
    let again = world.join(&session.id, &["late"]).unwrap();
    assert_ne!(again[0].id, players[1].id);
    world.pass_seconds(60);
    assert_eq!(world.player(&again[0].id).status, PlayerSessionStatus::TimedOut);
}

/// Cases 30 to 32: the anti-replay check.
#[test]
fn y7_a_ticket_is_accepted_once_and_only_in_its_session() {
    let (mut world, session) = world_with_session();
    let player = world.join(&session.id, &["a"]).unwrap().remove(0);
    let other = world.active_session(&session.fleet);
    let wrong = world.call(&other, accept(&other, &player, "r")).unwrap_err();
    assert_eq!(wrong, Error::PlayerUnknown { session: other.id.clone() });
    assert_eq!(world.player(&player.id).status, PlayerSessionStatus::Reserved);
    world.call(&session, accept(&session, &player, "r1")).unwrap();
    world.call(&session, accept(&session, &player, "r1")).unwrap();
    let replay = world.call(&session, accept(&session, &player, "r2")).unwrap_err();
    assert_eq!(replay, Error::PlayerNotReserved { status: PlayerSessionStatus::Active });
}

/// Y-3, G16, case 32.
#[test]
fn s24_nobody_joins_before_activation_or_after_the_end() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.create_session(&fleet).unwrap();
    let status = GameServerSessionStatus::Activating;
    let refused = world.join(&session.id, &["a"]).unwrap_err();
    assert_eq!(refused, Error::SessionNotActive { session: session.id.clone(), status });
    world
        .call(
            &session,
            SessionCall::Activate { session: session.id.clone(), max_players: 0, start: Default::default() },
        )
        .unwrap();
    world.join(&session.id, &["a"]).unwrap();
    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
    let status = GameServerSessionStatus::Terminated;
    let refused = world.join(&session.id, &["a"]).unwrap_err();
    assert_eq!(refused, Error::SessionNotActive { session: session.id.clone(), status });
    let unknown = GameServerSessionId::new("nope");
    assert_eq!(world.join(&unknown, &["a"]).unwrap_err(), Error::SessionNotFound(unknown));
}

/// Y-9, case 34.
#[test]
fn s22_deny_all_closes_the_door_for_new_players_only() {
    let (mut world, session) = world_with_session();
    let early = world.join(&session.id, &["early"]).unwrap().remove(0);
    let policy = |policy| SessionCall::UpdatePolicy { session: session.id.clone(), policy };
    world.call(&session, policy(PlayerSessionCreationPolicy::DenyAll)).unwrap();
    assert_eq!(world.join(&session.id, &["b"]).unwrap_err(), Error::SessionDeniesJoins(session.id.clone()));
    world.call(&session, accept(&session, &early, "r")).unwrap();
    world.call(&session, policy(PlayerSessionCreationPolicy::AcceptAll)).unwrap();
    world.join(&session.id, &["b"]).unwrap();
}

/// G25 and the selectors of Y-11.
#[test]
fn y11_describe_by_session_player_and_ticket() {
    let (mut world, session) = world_with_session();
    let players = world.join(&session.id, &["a", "b"]).unwrap();
    let query = |player: Option<&str>, ticket: Option<&PlayerSessionId>, by_session: bool| PlayerQuery {
        scope: scope(),
        session: by_session.then(|| session.id.clone()),
        player: player.map(String::from),
        player_session: ticket.cloned(),
        status: None,
        next_token: None,
        limit: 20,
    };
    let count =
        |query: &PlayerQuery| describe(world.control_plane.state(), query).map(|page| page.items.len());
    assert_eq!(count(&query(None, None, false)), Err(Error::Missing { member: "GameServerSessionId" }));
    assert_eq!(count(&query(None, None, true)), Ok(2));
    assert_eq!(count(&query(Some("a"), None, false)), Ok(1));
    assert_eq!(count(&query(Some("nobody"), None, false)), Ok(0));
    assert_eq!(count(&query(Some("a"), Some(&players[1].id), true)), Ok(0));
    let unknown = PlayerSessionId::new("psess-0");
    assert_eq!(count(&query(None, Some(&unknown), false)), Err(Error::PlayerSessionNotFound(unknown)));
    let completed = PlayerQuery { status: Some(PlayerSessionStatus::Completed), ..query(None, None, true) };
    assert_eq!(count(&completed), Ok(0));
}

/// Case 35: what a process may see, in pages.
#[test]
fn describe_for_process_shows_its_own_sessions_only() {
    let (mut world, session) = world_with_session();
    world.join(&session.id, &["a", "b"]).unwrap();
    let other = world.active_session(&session.fleet);
    let mut query = ProcessQuery {
        process: session.process.clone(),
        session: None,
        player: None,
        player_session: None,
        status: None,
        next_token: None,
        limit: 1,
    };
    let page = describe_for_process(world.control_plane.state(), &query).unwrap();
    assert_eq!((page.items.len(), page.items[0].player.as_str()), (1, "a"));
    query.next_token = page.next_token;
    let page = describe_for_process(world.control_plane.state(), &query).unwrap();
    assert_eq!((page.items[0].player.as_str(), page.next_token), ("b", None));
    query.next_token = Some("invented".into());
    assert_eq!(describe_for_process(world.control_plane.state(), &query), Err(Error::BadToken));
    query.next_token = None;
    query.session = Some(other.id.clone());
    let refused = describe_for_process(world.control_plane.state(), &query);
    assert_eq!(refused, Err(Error::SessionOfAnotherProcess(other.id)));
    // Without a session of its own it may ask for its past players, but not for nothing at all.
    let terminate = SessionCall::Terminate { session: session.id.clone() };
    world.call(&session, terminate).unwrap();
    query.session = None;
    let refused = describe_for_process(world.control_plane.state(), &query);
    assert_eq!(refused, Err(Error::NoCurrentSession(session.process.clone())));
    (query.status, query.limit) = (Some(PlayerSessionStatus::TimedOut), 0);
    let page = describe_for_process(world.control_plane.state(), &query).unwrap();
    assert_eq!(page.items.len(), 2);
}
