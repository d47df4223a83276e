//! Cases 28 to 35, and 50: players and their seats.

use std::collections::BTreeSet;
use std::time::Duration;

use gse_core::Error;
use gse_core::game_server_session::GameServerSession;
use gse_core::id::PlayerSessionId;
use gse_core::player_session::{JoinGameServerSession, Joining, PlayerSessionStatus};
use gse_proto::grpcsdk as proto;
use tonic::Code;

use super::control::scope;
use super::log::Log;
use super::peer::{Peer, ok, refused};
use super::service::{FleetForm, Service, clocks};

/// An ACTIVE session of so many seats, and its game server.
async fn hosting(max_players: u32) -> (Service, Peer, GameServerSession) {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let session = service.create_for(&fleet, max_players).await.unwrap();
    peer.host().await;
    (service, peer, session)
}

#[tokio::test]
async fn case_28_accept_in_time() {
    let (service, peer, session) = hosting(1).await;
    let player = service.join(&session.id, "anna").await.unwrap();
    service.stop_clock(player.created.plus(Duration::from_millis(59_900))).await;
    peer.accept(&session.id, &player.id).await.unwrap();
    assert_eq!(service.player(&player.id).await, PlayerSessionStatus::Active);
    assert_eq!(service.session(&session.id).await.seats_taken, 1, "unchanged");
    service.end().await;
}

#[tokio::test]
async fn case_29_accept_too_late() {
    let (service, peer, session) = hosting(1).await;
    let player = service.join(&session.id, "anna").await.unwrap();
    service.stop_clock_and_timers(player.created.plus(Duration::from_secs(60))).await;
    assert_eq!(service.player(&player.id).await, PlayerSessionStatus::Reserved, "nobody has swept");
    let answer = peer.accept(&session.id, &player.id).await;
    let text = refused(answer, Code::FailedPrecondition, "UNEXPECTED_PLAYER_SESSION");
    assert!(text.contains("TIMEDOUT"), "{text}");
    assert_eq!(service.player(&player.id).await, PlayerSessionStatus::TimedOut);
    let next = service.join(&session.id, "bert").await.unwrap();
    peer.accept(&session.id, &next.id).await.unwrap();
    service.end().await;
}

#[tokio::test]
async fn case_30_replay() {
    let (service, peer, session) = hosting(10).await;
    let player = service.join(&session.id, "anna").await.unwrap().id;
    let first = peer.with_request_id("request-of-anna");
    first.accept(&session.id, &player).await.unwrap();
    let second = peer.with_request_id("request-of-eve").accept(&session.id, &player).await;
    refused(second, Code::FailedPrecondition, "UNEXPECTED_PLAYER_SESSION");
    first.accept(&session.id, &player).await.unwrap();
    // The same request id with another pid, which is taken for the host's because of the session (2.3, rule 3).
    let eve = first.with_pid(b"4194006").accept(&session.id, &player).await;
    refused(eve, Code::FailedPrecondition, "UNEXPECTED_PLAYER_SESSION");
    // Ids that the agent invents are never the same.
    let nameless = peer.with_request_id("");
    refused(
        nameless.accept(&session.id, &player).await,
        Code::FailedPrecondition,
        "UNEXPECTED_PLAYER_SESSION",
    );
    assert_eq!(service.session(&session.id).await.seats_taken, 1);
    service.end().await;
}

#[tokio::test]
async fn case_31_wrong_session() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peers) = service.fleet_of(FleetForm { processes: 2, ..FleetForm::default() }).await;
    let a = service.create(&fleet).await.unwrap();
    let b = service.create(&fleet).await.unwrap();
    for peer in &mut peers {
        peer.host().await;
    }
    let of_b = peers.iter().find(|peer| peer.client_port == i32::from(b.port)).unwrap();
    let ticket = service.join(&a.id, "anna").await.unwrap().id;
    refused(of_b.accept(&b.id, &ticket).await, Code::NotFound, "UNEXPECTED_PLAYER_SESSION");
    assert_eq!(service.player(&ticket).await, PlayerSessionStatus::Reserved);
    service.end().await;
}

/// Who holds a ticket before the session is ACTIVE cannot exist here: a seat needs an ACTIVE session. So the ticket is
/// an invented one, and the session's state is what the answer tells of.
#[tokio::test]
async fn case_32_before_activation() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let session = service.create(&fleet).await.unwrap().id;
    let (_, reply) = peer.next_start().await;
    assert!(matches!(service.join(&session, "anna").await, Err(Error::SessionNotActive { .. })));
    let answer = peer.accept(&session, &PlayerSessionId::new("psess-1")).await;
    refused(answer, Code::FailedPrecondition, "GAME_SERVER_SESSION_NOT_READY");
    reply.send(ok()).unwrap();
    service.end().await;
}

#[tokio::test]
async fn case_33_remove() {
    let (service, peer, session) = hosting(2).await;
    let anna = service.join(&session.id, "anna").await.unwrap().id;
    let bert = service.join(&session.id, "bert").await.unwrap().id;
    peer.accept(&session.id, &anna).await.unwrap();
    assert_eq!(service.session(&session.id).await.seats_taken, 2);
    peer.remove(&session.id, &anna).await.unwrap();
    assert_eq!(service.player(&anna).await, PlayerSessionStatus::Completed);
    assert_eq!(service.session(&session.id).await.seats_taken, 1);
    peer.remove(&session.id, &anna).await.unwrap();
    assert_eq!(service.session(&session.id).await.seats_taken, 1, "once");
    // One that was only reserved (S5).
    peer.remove(&session.id, &bert).await.unwrap();
    assert_eq!(service.player(&bert).await, PlayerSessionStatus::Completed);
    let unknown = peer.remove(&session.id, &PlayerSessionId::new("psess-unknown")).await;
    refused(unknown, Code::NotFound, "UNEXPECTED_PLAYER_SESSION");
    service.end().await;
}

#[tokio::test]
async fn case_34_door() {
    let (service, peer, session) = hosting(10).await;
    let early = service.join(&session.id, "anna").await.unwrap().id;
    peer.update_policy(&session.id, "DENY_ALL").await.unwrap();
    let refusal = service.join(&session.id, "bert").await.unwrap_err();
    assert!(matches!(refusal, Error::SessionDeniesJoins(_)), "{refusal}");
    peer.accept(&session.id, &early).await.unwrap();
    for word in ["deny_all", "NOT_SET", "", "DENY_ALL "] {
        let answer = peer.update_policy(&session.id, word).await;
        refused(answer, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
    }
    assert!(service.join(&session.id, "bert").await.is_err(), "still closed");
    peer.update_policy(&session.id, "ACCEPT_ALL").await.unwrap();
    service.join(&session.id, "bert").await.unwrap();
    service.end().await;
}

fn listing(session: &str, limit: i32) -> proto::DescribePlayerSessionsRequest {
    proto::DescribePlayerSessionsRequest {
        game_server_session_id: session.into(),
        limit,
        ..Default::default()
    }
}

#[tokio::test]
async fn case_35_listing() {
    let (service, peer, session) = hosting(200).await;
    let none = peer.describe(listing("", 0)).await.unwrap();
    assert!(none.player_sessions.is_empty(), "the current session has no players yet");
    let players = (0..120).map(|number| Joining { player: format!("p{number}"), data: String::new() });
    let players = players.collect();
    service
        .apply(JoinGameServerSession { scope: scope(), session: session.id.clone(), players })
        .await
        .unwrap();
    let (mut lengths, mut seen, mut token) = (Vec::new(), BTreeSet::new(), String::new());
    loop {
        let request =
            proto::DescribePlayerSessionsRequest { next_token: token, ..listing(session.id.as_str(), 50) };
        let page = peer.describe(request).await.unwrap();
        lengths.push(page.player_sessions.len());
        for row in page.player_sessions {
            assert_eq!((row.status.as_str(), row.termination_time), ("RESERVED", 0));
            assert_eq!(row.creation_time, row.creation_time.clamp(1_700_000_000, 9_999_999_999), "seconds");
            assert_eq!((row.port, row.ip_address.as_str()), (peer.client_port, "127.0.0.1"));
            assert!(seen.insert(row.player_id), "each once");
        }
        token = page.next_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((lengths, seen.len()), (vec![50, 50, 20], 120));
    let filter = |filter: &str| proto::DescribePlayerSessionsRequest {
        player_session_status_filter: filter.into(),
        ..listing(session.id.as_str(), 0)
    };
    let invented = proto::DescribePlayerSessionsRequest { next_token: "invented".into(), ..listing("", 50) };
    for bad in [listing("", -1), filter("active"), filter("TIMEOUT"), invented] {
        refused(peer.describe(bad).await, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
    }
    assert_eq!(peer.describe(listing(session.id.as_str(), 0)).await.unwrap().player_sessions.len(), 50);
    assert_eq!(peer.describe(listing("", 0)).await.unwrap().player_sessions.len(), 50, "the current session");
    assert_eq!(peer.describe(listing("", i32::MAX)).await.unwrap().player_sessions.len(), 120);
    assert_eq!(peer.describe(filter("ACTIVE")).await.unwrap().player_sessions.len(), 0);

    peer.terminate(&session.id).await.unwrap();
    let nothing = peer.describe(listing("", 0)).await;
    refused(nothing, Code::FailedPrecondition, "GAME_SERVER_SESSION_NOT_READY");
    let gone = proto::DescribePlayerSessionsRequest {
        player_session_status_filter: "TIMEDOUT".into(),
        ..listing("", 1024)
    };
    assert_eq!(peer.describe(gone).await.unwrap().player_sessions.len(), 120, "of past sessions");
    service.end().await;
}

#[tokio::test]
async fn case_50_injection() {
    let log = Log::start();
    let (service, peer, session) = hosting(10).await;
    let nasty = [
        "\"; DROP TABLE players; --",
        "line\nbreak\r\nand\tmore",
        "{\"json\": [1, 2]}",
        "\u{1b}[31mred\u{1b}[0m\u{7}",
        "'\\\0`$(reboot)`",
    ];
    let players = nasty.iter().map(|text| Joining { player: (*text).into(), data: text.repeat(3) });
    let players = players.collect();
    let joined = service
        .apply(JoinGameServerSession { scope: scope(), session: session.id.clone(), players })
        .await
        .unwrap();
    let of_id = |ch: char| ch.is_ascii_alphanumeric() || ":/._-".contains(ch);
    for player in &joined {
        assert!(player.id.as_str().chars().all(of_id), "{}", player.id.as_str());
        peer.accept(&session.id, &player.id).await.unwrap();
    }
    assert!(session.id.as_str().chars().all(of_id), "{}", session.id);
    let page = peer.describe(listing("", 0)).await.unwrap();
    let told: BTreeSet<(String, String)> =
        page.player_sessions.into_iter().map(|row| (row.player_id, row.player_data)).collect();
    let wanted = nasty.iter().map(|text| ((*text).to_owned(), text.repeat(3)));
    assert_eq!(told, wanted.collect());

    // What a game server says ends in the log: it stays on its line, and colours nothing.
    let text = "bad\nmap\u{1b}[31m\r2026-01-01 forged";
    peer.terminate(&session.id).await.unwrap();
    let mut peer = peer;
    service.create(&session.fleet).await.unwrap();
    let (_, reply) = peer.next_start().await;
    let rich = proto::GseResponse { status: 2, error_message: text.into(), ..Default::default() };
    reply.send(Ok(rich)).unwrap();
    log.until(&["OnStartGameServerSession", "bad", "map", "forged"]).await;
    let is_whole = |line: &str| line.split_whitespace().next().is_some_and(|time| time.ends_with('Z'));
    for line in log.text().lines() {
        assert!(is_whole(line) && !line.contains(char::is_control), "{line:?}");
    }
    service.end().await;
}
