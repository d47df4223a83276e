//! Tickets on a virtual clock, with a place that a test answers for.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use super::*;
use crate::matching::Widening;
use crate::placement::Beacon;

/// Hands each party to the test and gives what the test answers.
struct Scripted(mpsc::Sender<(Party, oneshot::Sender<Result<Seats, String>>)>);

impl Place for Scripted {
    fn place(&self, party: Party) -> Pin<Box<dyn Future<Output = Result<Seats, String>> + Send + '_>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            self.0.send((party, answer)).await.expect("the test listens");
            answered.await.expect("the test answers")
        })
    }

    fn beacons(&self) -> Pin<Box<dyn Future<Output = Result<Vec<Beacon>, String>> + Send + '_>> {
        unreachable!("the desk measures nothing")
    }
}

type Parties = mpsc::Receiver<(Party, oneshot::Sender<Result<Seats, String>>)>;

fn open(limits: Limits) -> (Desk, Parties) {
    let rules = Rules {
        players: 2,
        players_min: 2,
        patience: Duration::from_secs(20),
        skill: Widening { first: 100, per_second: 50 },
        latency: Widening { first: 80, per_second: 10 },
    };
    let (parties, asked) = mpsc::channel(8);
    (Desk::open(rules, limits, Arc::new(Scripted(parties))), asked)
}

fn wish(player_id: &str, skill: u32) -> Wish {
    Wish { player_id: player_id.to_owned(), skill, latencies: BTreeMap::new() }
}

fn seats(players: &[&str]) -> Seats {
    let secret = |player: &&str| ((*player).to_owned(), format!("psess-{player}"));
    Seats {
        ip_address: IpAddr::from([127, 0, 0, 1]),
        port: 4000,
        game_server_session_id: "gssess-1".to_owned(),
        region: "ap-shanghai".to_owned(),
        player_sessions: players.iter().map(secret).collect(),
    }
}

async fn submit(desk: &Desk, wish: Wish) -> (TicketId, watch::Receiver<Status>) {
    let id = desk.submit(wish).await.unwrap().unwrap();
    let status = desk.watch(id.clone()).await.unwrap().unwrap();
    (id, status)
}

async fn until(status: &mut watch::Receiver<Status>, name: &str) -> Status {
    let is_it = |status: &Status| serde_json::to_value(status).unwrap()["status"] == name;
    status.wait_for(is_it).await.unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn two_find_each_other_and_each_gets_his_own_seat() {
    let (desk, mut parties) = open(Limits::default());
    let (ann_id, mut ann) = submit(&desk, wish("ann", 1000)).await;
    assert_eq!(until(&mut ann, "SEARCHING").await, Status::Searching { waiting: 1 });
    let (_, mut ben) = submit(&desk, wish("ben", 1050)).await;
    let (party, answer) = parties.recv().await.unwrap();
    assert_eq!((party.wishes, party.seats), (vec![wish("ann", 1000), wish("ben", 1050)], 2));
    let players = vec!["ann".to_owned(), "ben".to_owned()];
    assert_eq!(until(&mut ben, "PLACING").await, Status::Placing { players: players.clone() });
    // Only a search can be given up.
    assert_eq!(desk.cancel(ann_id).await.unwrap(), Some(false));
    answer.send(Ok(seats(&["ann", "ben"]))).unwrap_or_else(|_| panic!("the desk waits"));
    for (status, secret) in [(&mut ann, "psess-ann"), (&mut ben, "psess-ben")] {
        let Status::Completed(seat) = until(status, "COMPLETED").await else { panic!("a seat") };
        assert_eq!((seat.player_session_id.as_str(), seat.port), (secret, 4000));
        assert_eq!(seat.players, players);
    }
}

#[tokio::test(start_paused = true)]
async fn the_widening_of_limits_needs_no_newcomer() {
    let (desk, mut parties) = open(Limits::default());
    let (_, _ann) = submit(&desk, wish("ann", 1000)).await;
    let (_, _ben) = submit(&desk, wish("ben", 1300)).await;
    let before = Instant::now();
    let (party, _answer) = parties.recv().await.unwrap();
    assert_eq!(party.wishes.len(), 2);
    // 300 points are near enough after 4 s, and that is seen at the next look.
    let waited = before.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_millis(4600)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn x5_without_a_game_server_everybody_is_told_why() {
    let (desk, mut parties) = open(Limits::default());
    let (_, mut ann) = submit(&desk, wish("ann", 1000)).await;
    let (_, mut ben) = submit(&desk, wish("ben", 1000)).await;
    let (_, answer) = parties.recv().await.unwrap();
    answer.send(Err("the placement is `TIMED_OUT`".to_owned())).unwrap_or_else(|_| panic!("the desk waits"));
    for status in [&mut ann, &mut ben] {
        let reason = "the placement is `TIMED_OUT`".to_owned();
        assert_eq!(until(status, "FAILED").await, Status::Failed { reason });
    }
    // The player may try again.
    submit(&desk, wish("ann", 1000)).await;
}

#[tokio::test(start_paused = true)]
async fn a_search_ends_when_it_is_given_up_or_nobody_comes_or_nobody_waits_for_it() {
    let (desk, _parties) = open(Limits::default());
    let (id, mut ann) = submit(&desk, wish("ann", 1)).await;
    assert_eq!(desk.submit(wish("ann", 1)).await.unwrap(), Err(Refusal::Twice("ann".to_owned())));
    assert_eq!(desk.cancel(id.clone()).await.unwrap(), Some(true));
    until(&mut ann, "CANCELLED").await;
    assert_eq!(desk.cancel("nothing".to_owned()).await.unwrap(), None);

    let (_, mut ben) = submit(&desk, wish("ben", 1)).await;
    let Status::TimedOut { reason } = until(&mut ben, "TIMEDOUT").await else { panic!("a reason") };
    assert_eq!(reason, "nobody fitting came within 120 s");

    let gone = desk.submit(wish("cid", 1)).await.unwrap().unwrap();
    let begin = Instant::now();
    // His client never looked. The player may come back as soon as that was noticed.
    while desk.submit(wish("cid", 1)).await.unwrap().is_err() {
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert!(begin.elapsed() >= Duration::from_secs(10) && begin.elapsed() < Duration::from_secs(12));
    // And in a minute nothing is left of what ended.
    tokio::time::sleep(Duration::from_secs(75)).await;
    assert!(desk.watch(gone).await.unwrap().is_none());
    assert!(desk.watch(id).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn there_is_room_for_so_many() {
    let (desk, _parties) = open(Limits { tickets: 2, ..Limits::default() });
    submit(&desk, wish("ann", 0)).await;
    let (second, _) = submit(&desk, wish("ben", 9000)).await;
    assert_eq!(desk.submit(wish("cid", 0)).await.unwrap(), Err(Refusal::Full(2)));
    assert_eq!(desk.cancel(second).await.unwrap(), Some(true));
    let refused = desk.submit(wish("", 0)).await.unwrap().unwrap_err();
    assert!(matches!(refused, Refusal::Wish(_)), "{refused:?}");
}
