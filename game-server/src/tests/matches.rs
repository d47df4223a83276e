//! A match from the first player to the last word, on a virtual clock and without a network; once over QUIC.

use std::time::Duration;

use game_net::client::Client;
use game_net::protocol::{ClientMessage, Hosting, Presence, Score, ServerMessage, SnapshotRate};
use game_sim::{EndReason, PlayerInput, PlayerSlot};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};

use super::player::{DEADLINE, Player};
use super::stage::{
    FAREWELL, SeatLog, Stage, enter, hear_out, knock, run_match, settings, table, wait_for_seat,
};
use crate::config::MatchSettings;
use crate::room::{Departure, GuestId, Refusal, Room, RoomEnd, RoomInput};

/// A match room without a network.
fn open(settings: MatchSettings) -> (mpsc::Sender<RoomInput>, JoinHandle<RoomEnd>, SeatLog) {
    let (seats, log) = table(&[]);
    let (room, taken) = Room::new(seats.clone(), None);
    let owner = tokio::spawn(run_match(settings, seats, taken));
    (room.inputs, owner, log)
}

fn left(id: u64) -> RoomInput {
    RoomInput::Gone { id: GuestId(id), departure: Departure::Left }
}

fn won(player_id: &str) -> RoomEnd {
    RoomEnd::Won { player_id: player_id.to_owned() }
}

fn closing(reason: &str) -> ServerMessage {
    ServerMessage::Closing { reason: reason.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_match_starts_when_it_is_full_and_ends_with_a_winner() {
    let (inputs, owner, _) = open(settings());
    assert_eq!(knock(&inputs, "anna").await, Ok(Hosting::Match { players_wanted: 2 }));
    let mut anna = enter(&inputs, 1, "anna").await;
    let mut bert = enter(&inputs, 2, "bert").await;
    let started = Instant::now();
    let heard = hear_out(&inputs, 2, &mut bert).await;
    let config = settings().config(vec!["anna".to_owned(), "bert".to_owned()]);
    let score = |player_id: &str| Score { player_id: player_id.to_owned(), score: 0 };
    let expected = [
        ServerMessage::Presence(Presence::Here { player_ids: vec!["anna".to_owned(), "bert".to_owned()] }),
        ServerMessage::MatchStart { slot: PlayerSlot(1), config, snapshot_rate: SnapshotRate::Hz20 },
        ServerMessage::MatchEnd {
            winner: "anna".to_owned(),
            scores: vec![score("anna"), score("bert")],
            reason: EndReason::TimeUp,
        },
    ];
    assert_eq!(heard, expected);
    // The first tick is at once, so twenty take nineteen intervals.
    let took = started.elapsed();
    assert!((Duration::from_millis(316)..Duration::from_millis(340)).contains(&took), "{took:?}");
    let heard = hear_out(&inputs, 1, &mut anna).await;
    assert_eq!(heard[1], ServerMessage::Presence(Presence::Joined { player_id: "bert".to_owned() }));
    assert_eq!(owner.await.unwrap(), won("anna"));
    assert!(started.elapsed() < FAREWELL, "nobody waits when all are gone");
}

#[tokio::test(start_paused = true)]
async fn a_match_starts_with_two_when_the_wait_is_over() {
    let (inputs, owner, _) = open(MatchSettings { players_wanted: 4, ..settings() });
    let opened = Instant::now();
    let mut anna = enter(&inputs, 1, "anna").await;
    let _bert = enter(&inputs, 2, "bert").await;
    loop {
        if let ServerMessage::MatchStart { config, .. } = anna.messages.recv().await.unwrap() {
            assert_eq!(config.players.len(), 2);
            break;
        }
    }
    assert_eq!(opened.elapsed().as_secs(), 30);
    assert_eq!(owner.await.unwrap(), won("anna"));
}

#[tokio::test(start_paused = true)]
async fn who_comes_after_the_wait_starts_the_match_at_once() {
    let (inputs, owner, _) = open(MatchSettings { players_wanted: 4, ..settings() });
    let _anna = enter(&inputs, 1, "anna").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let _bert = enter(&inputs, 2, "bert").await;
    let second = Instant::now();
    assert_eq!(owner.await.unwrap(), won("anna"));
    assert!(second.elapsed() < Duration::from_secs(1) + FAREWELL);
}

#[tokio::test(start_paused = true)]
async fn a_match_without_players_is_given_up() {
    let opened = Instant::now();
    let (_inputs, owner, _) = open(settings());
    assert_eq!(owner.await.unwrap(), RoomEnd::TooFewPlayers);
    assert_eq!(opened.elapsed().as_secs(), 120);

    let (inputs, owner, mut log) = open(settings());
    let _gone = enter(&inputs, 1, "anna").await;
    inputs.send(left(1)).await.unwrap();
    wait_for_seat(&mut log, "remove psess-anna").await;
    let mut bert = enter(&inputs, 2, "bert").await;
    assert_eq!(hear_out(&inputs, 2, &mut bert).await.last(), Some(&closing("too few players came")));
    assert_eq!(owner.await.unwrap(), RoomEnd::TooFewPlayers);
}

#[tokio::test(start_paused = true)]
async fn the_last_one_present_wins_and_seats_become_free() {
    let (inputs, owner, mut log) = open(MatchSettings { ticks_max: 36_000, players_wanted: 3, ..settings() });
    let _anna = enter(&inputs, 1, "anna").await;
    let mut bert = enter(&inputs, 2, "bert").await;
    let _carl = enter(&inputs, 3, "carl").await;
    inputs.send(RoomInput::Message { id: GuestId(1), message: ClientMessage::Leave }).await.unwrap();
    inputs.send(left(1)).await.unwrap();
    inputs.send(left(3)).await.unwrap();
    let heard = hear_out(&inputs, 2, &mut bert).await;
    let Some(ServerMessage::MatchEnd { winner, reason, scores }) = heard.last() else { panic!("{heard:?}") };
    assert_eq!((winner.as_str(), *reason, scores.len()), ("bert", EndReason::LastPresent, 3));
    assert_eq!(owner.await.unwrap(), won("bert"));
    wait_for_seat(&mut log, "remove psess-carl").await;
    assert_eq!(*log.borrow(), ["remove psess-anna", "remove psess-carl"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_comes_in_twice_or_late() {
    let (inputs, owner, mut log) = open(settings());
    let _anna = enter(&inputs, 1, "anna").await;
    assert_eq!(knock(&inputs, "anna").await, Err(Refusal::AlreadyIn));
    // Two that were let knock at the same time: the second to enter is turned away.
    let mut twin = enter(&inputs, 2, "anna").await;
    assert_eq!(hear_out(&inputs, 2, &mut twin).await, [closing(&Refusal::AlreadyIn.to_string())]);
    let _bert = enter(&inputs, 3, "bert").await;
    assert_eq!(knock(&inputs, "carl").await, Err(Refusal::Begun));
    let mut carl = enter(&inputs, 4, "carl").await;
    assert_eq!(hear_out(&inputs, 4, &mut carl).await, [closing(&Refusal::Begun.to_string())]);
    assert_eq!(owner.await.unwrap(), won("anna"));
    wait_for_seat(&mut log, "remove psess-carl").await;
}

#[tokio::test(start_paused = true)]
async fn a_match_that_waits_ends_when_the_process_does() {
    let (inputs, owner, _) = open(settings());
    let mut anna = enter(&inputs, 1, "anna").await;
    inputs.send(RoomInput::Close { by: None }).await.unwrap();
    assert_eq!(hear_out(&inputs, 1, &mut anna).await.last(), Some(&closing("the server ends")));
    assert_eq!(owner.await.unwrap(), RoomEnd::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_match_that_is_played_goes_on_as_long_as_it_may() {
    let long = MatchSettings { ticks_max: 600, ..settings() };
    let broken_off = RoomEnd::BrokenOff { leader: "anna".to_owned() };
    for (by, expected, seconds) in
        [(None, won("anna"), 10), (Some(4), broken_off.clone(), 4), (Some(0), broken_off, 0)]
    {
        let (inputs, owner, _) = open(long.clone());
        let mut anna = enter(&inputs, 1, "anna").await;
        let mut bert = enter(&inputs, 2, "bert").await;
        let started = Instant::now();
        let by = by.map(|seconds| started + Duration::from_secs(seconds));
        inputs.send(RoomInput::Close { by }).await.unwrap();
        let heard = hear_out(&inputs, 1, &mut anna).await;
        hear_out(&inputs, 2, &mut bert).await;
        let left_ms = by.map(|by| by.duration_since(started).as_millis() as u32);
        let told = heard.iter().find_map(|message| match message {
            ServerMessage::Countdown { left_ms } => Some(*left_ms),
            _ => None,
        });
        assert_eq!(told, left_ms);
        let Some(ServerMessage::MatchEnd { winner, reason, .. }) = heard.last() else { panic!("{heard:?}") };
        let is_broken_off = matches!(expected, RoomEnd::BrokenOff { .. });
        assert_eq!((winner.as_str(), *reason == EndReason::BrokenOff), ("anna", is_broken_off));
        assert_eq!(owner.await.unwrap(), expected);
        assert_eq!((started.elapsed().as_millis() + 500) / 1000, seconds, "{by:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_countdown_is_said_at_once_and_at_its_marks() {
    let (inputs, owner, _) = open(MatchSettings { ticks_max: 36_000, ..settings() });
    let mut anna = enter(&inputs, 1, "anna").await;
    let mut bert = enter(&inputs, 2, "bert").await;
    let by = |seconds| RoomInput::Close { by: Some(Instant::now() + Duration::from_secs(seconds)) };
    inputs.send(by(300)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The agent may ask again, with another time.
    inputs.send(by(45)).await.unwrap();
    let heard = hear_out(&inputs, 1, &mut anna).await;
    let seconds = heard.iter().filter_map(|message| match message {
        // A mark is seen at the next tick.
        ServerMessage::Countdown { left_ms } => Some(left_ms.div_ceil(1000)),
        _ => None,
    });
    assert_eq!(seconds.collect::<Vec<_>>(), [300, 45, 30, 10, 5]);
    hear_out(&inputs, 2, &mut bert).await;
    assert_eq!(owner.await.unwrap(), RoomEnd::BrokenOff { leader: "anna".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn who_never_reads_is_cut_off_and_the_match_goes_on() {
    let (inputs, owner, _) = open(MatchSettings { ticks_max: 36_000, ..settings() });
    let mut anna = enter(&inputs, 1, "anna").await;
    let mut bert = enter(&inputs, 2, "bert").await;
    let anna_reads = tokio::spawn(async move { while anna.messages.recv().await.is_some() {} });
    for _ in 0..600 {
        let message = ClientMessage::ChatSend { text: "hello".to_owned() };
        inputs.send(RoomInput::Message { id: GuestId(1), message }).await.unwrap();
        tokio::task::yield_now().await;
    }
    let heard = hear_out(&inputs, 2, &mut bert).await;
    assert!(heard.len() < 600, "bert's way was cut after {} messages", heard.len());
    assert_eq!(owner.await.unwrap(), won("anna"));
    anna_reads.await.unwrap();
}

/// Plays to the end as the game client does; returns the winner.
async fn play(mut player: Player) -> (String, Client) {
    let mut client = loop {
        match player.hear().await.unwrap() {
            ServerMessage::MatchStart { slot, config, snapshot_rate } => {
                break Client::new(&config, slot, snapshot_rate).unwrap();
            }
            ServerMessage::Presence(_) => (),
            other => panic!("`{other:?}` before the match"),
        }
    };
    let connection = player.connection.clone();
    let mut ticks = interval(Duration::from_secs(1) / 60);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let direction = game_sim::Direction { x: 1, y: 1 };
                let datagram = client.tick(PlayerInput { direction, ..PlayerInput::default() });
                connection.send_datagram(datagram.into()).unwrap();
            }
            Ok(datagram) = connection.read_datagram() => {
                client.on_datagram(&datagram).unwrap();
            }
            message = player.hear() => match message.unwrap() {
                ServerMessage::MatchEnd { winner, .. } => return (winner, client),
                other => panic!("`{other:?}` during the match"),
            },
        }
    }
}

#[tokio::test]
async fn two_players_play_over_quic() {
    let settings = MatchSettings { ticks_max: 90, ..settings() };
    let stage = Stage::hosting_match(settings, &[("anna", "psess-a"), ("bert", "psess-b")]);
    let anna = Player::join(stage.port, "anna", "psess-a").await;
    let bert = Player::join(stage.port, "bert", "psess-b").await;
    let both = timeout(DEADLINE, async { tokio::join!(play(anna), play(bert)) });
    let ((winner, client), (same, _)) = both.await.expect("no end of the match");
    assert_eq!(winner, same);
    assert!(client.statistics().snapshots > 5, "{:?}", client.statistics());
    let start = game_sim::arena::start(0);
    let there = client.confirmed().players()[0].position;
    assert!(there.x > start.x && there.y > start.y, "the inputs arrived");
    assert_eq!(timeout(DEADLINE, stage.owner).await.unwrap().unwrap(), won(&winner));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_could_play_is_not_made_up_for() {
    let (inputs, owner, _log) = open(MatchSettings { ticks_max: 600, ..settings() });
    let mut anna = enter(&inputs, 1, "anna").await;
    let _bert = enter(&inputs, 2, "bert").await;
    while !matches!(anna.messages.recv().await.unwrap(), ServerMessage::MatchStart { .. }) {}
    tokio::time::advance(Duration::from_secs(60)).await;
    let message = ClientMessage::ChatSend { text: "are you there?".to_owned() };
    inputs.send(RoomInput::Message { id: GuestId(1), message }).await.unwrap();
    let next = anna.messages.recv().await.unwrap();
    assert!(matches!(next, ServerMessage::Chat { .. }), "the match goes on where it was: {next:?}");
    assert!(!owner.is_finished());
}
