//! Spectators: who gets in, what they see, what they cannot do.

use std::time::Duration;

use game_net::protocol::{ClientMessage, Hosting, Presence, ServerMessage};
use game_net::watcher::Watcher;
use game_sim::{EndReason, PlayerInput};
use tokio::time::{interval, timeout};

use super::player::{DEADLINE, Joined, Player};
use super::stage::{SPECTATOR_KEY, Stage, settings};
use crate::config::MatchSettings;
use crate::room::Refusal;

const IN_MATCH: Joined = Joined::In(Hosting::Match { players_wanted: 2 });

/// Watches to the end; the last that was seen of the match.
async fn watch_out(mut spectator: Player) -> (Watcher, EndReason) {
    let mut watcher = loop {
        match spectator.hear().await.unwrap() {
            ServerMessage::WatchStart { config, snapshot_rate } => {
                break Watcher::new(&config, snapshot_rate).unwrap();
            }
            ServerMessage::Presence(_) => (),
            other => panic!("`{other:?}` before the match"),
        }
    };
    let connection = spectator.connection.clone();
    let mut ticks = interval(Duration::from_secs(1) / 60);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                if let Some(datagram) = watcher.tick() {
                    connection.send_datagram(datagram.into()).unwrap();
                }
            }
            Ok(datagram) = connection.read_datagram() => {
                watcher.on_datagram(&datagram).unwrap();
            }
            message = spectator.hear() => match message.unwrap() {
                ServerMessage::MatchEnd { reason, .. } => return (watcher, reason),
                ServerMessage::Presence(_) | ServerMessage::Chat { .. } => (),
                other => panic!("`{other:?}` during the match"),
            },
        }
    }
}

#[tokio::test]
async fn spectators_see_the_match_and_cost_no_seat() {
    // Long enough that much of it is left for who comes when it has begun.
    let settings = MatchSettings { ticks_max: 300, ..settings() };
    let stage = Stage::hosting_match(settings, &[("anna", "psess-a"), ("bert", "psess-b")]);
    let mut anna = Player::join(stage.port, "anna", "psess-a").await;
    let (mut early, joined) = Player::watch(stage.port, SPECTATOR_KEY).await;
    assert_eq!((joined, early.token), (IN_MATCH, None));
    let here = Presence::Here { player_ids: vec!["anna".to_owned()] };
    assert_eq!(early.hear().await, Some(ServerMessage::Presence(here)));
    let mut bert = Player::join(stage.port, "bert", "psess-b").await;
    while !matches!(bert.hear().await.unwrap(), ServerMessage::MatchStart { .. }) {}
    let (late, joined) = Player::watch(stage.port, SPECTATOR_KEY).await;
    assert_eq!(joined, IN_MATCH);
    // What a spectator says is no input and no chat.
    let input = game_net::protocol::input::InputDatagram {
        newest_tick: 60,
        snapshot_tick: 0,
        inputs: vec![PlayerInput { direction: game_sim::Direction { x: 1, y: 1 }, ..PlayerInput::default() }],
    };
    late.connection.send_datagram(input.encode().into()).unwrap();
    early.say(&ClientMessage::ChatSend { text: "left! left!".to_owned() }).await;
    let both = timeout(DEADLINE, async { tokio::join!(watch_out(early), watch_out(late)) });
    for (watcher, reason) in <[_; 2]>::from(both.await.expect("no end of the match")) {
        assert_eq!(reason, EndReason::TimeUp);
        assert!(watcher.statistics().snapshots > 10, "{:?}", watcher.statistics());
        // With acknowledgements a snapshot of two who stand still is some twenty bytes.
        let statistics = watcher.statistics();
        assert!(statistics.snapshot_bytes < 100 * u64::from(statistics.snapshots), "{statistics:?}");
        for (slot, player) in watcher.shown().iter().enumerate() {
            assert_eq!(player.position, game_sim::arena::start(slot), "nobody moved");
        }
    }
    while let Some(message) = anna.hear().await {
        assert!(!matches!(message, ServerMessage::Chat { .. }), "{message:?}");
    }
    assert_eq!(*stage.seat_log.borrow(), ["accept psess-a", "accept psess-b"]);
}

#[tokio::test]
async fn only_the_key_lets_watch_and_only_so_many() {
    let stage = Stage::hosting_match(settings(), &[("anna", "psess-a")]);
    let refused = |refusal: Refusal| Joined::Refused(refusal.to_string());
    for key in ["", "0123456789abcdef-watcH", "psess-a"] {
        assert_eq!(Player::watch(stage.port, key).await.1, refused(Refusal::NoSpectators), "{key}");
    }
    let (_one, joined) = Player::watch(stage.port, SPECTATOR_KEY).await;
    assert_eq!(joined, IN_MATCH);
    let (two, joined) = Player::watch(stage.port, SPECTATOR_KEY).await;
    assert_eq!(joined, IN_MATCH);
    assert_eq!(Player::watch(stage.port, SPECTATOR_KEY).await.1, refused(Refusal::SpectatorsFull));
    // A place is free again as soon as somebody stops watching.
    drop(two);
    let again = async { while Player::watch(stage.port, SPECTATOR_KEY).await.1 != IN_MATCH {} };
    timeout(DEADLINE, again).await.unwrap();
}

#[tokio::test]
async fn lobbies_can_be_watched_too() {
    let stage = Stage::hosting_lobby(&[("anna", "psess-a")]);
    let (mut spectator, joined) = Player::watch(stage.port, SPECTATOR_KEY).await;
    assert_eq!(joined, Joined::In(Hosting::Lobby));
    assert_eq!(spectator.hear().await, Some(ServerMessage::Presence(Presence::Here { player_ids: vec![] })));
    let mut anna = Player::join(stage.port, "anna", "psess-a").await;
    anna.say(&ClientMessage::ChatSend { text: "hello".to_owned() }).await;
    let joined = Presence::Joined { player_id: "anna".to_owned() };
    assert_eq!(spectator.hear().await, Some(ServerMessage::Presence(joined)));
    let chat = ServerMessage::Chat { from: "anna".to_owned(), text: "hello".to_owned() };
    assert_eq!(spectator.hear().await, Some(chat));
}
