//! Many bots in one process, each the whole way of a player: placed by a queue, connected, let in, in a match to its end,
//! and then in the next one until the time is over.
//!
//! A party is the players of one match. It asks for its match together, as a matchmaker would.

mod light;
mod place;
mod play;
mod report;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

pub use self::place::Queue;
use self::place::Seat;
pub use self::report::Report;
use self::report::Tally;
use crate::bot::BotKind;

/// Between a failure and the next try: a crowd must not make what fails fail more.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What a crowd does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Players in all.
    pub players: usize,
    /// Players of one match, 2 to 16.
    pub match_players: usize,
    /// How long matches are played.
    pub time: Duration,
    /// Where matches come from.
    pub source: Source,
    /// Who plays.
    pub mind: Mind,
    /// Seed of the bots.
    pub seed: u64,
}

/// Where matches come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A queue of the cloud API places a session with the players of a party.
    Queue(Box<Queue>),
    /// Game servers that run standalone, one for each party: whoever knows the name of a player has the seat.
    Standalone(Vec<SocketAddr>),
}

/// What a player thinks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mind {
    /// The client's prediction and a bot.
    Bot(BotKind),
    /// Neither: keys pressed at random, and snapshots confirmed without being looked at. Costs a tenth, so that the
    /// server's limits are found before those of the crowd.
    Light,
}

/// How many players each party has. Nobody plays alone: who would be left over takes one of another party along, or
/// joins a party of two.
fn parties_of(players: usize, match_players: usize) -> Vec<usize> {
    let mut parties = vec![match_players; players / match_players];
    match (players % match_players, parties.last_mut()) {
        (0, _) => {}
        (1, Some(last)) if *last > 2 => {
            *last -= 1;
            parties.push(2);
        }
        (1, Some(last)) => *last += 1,
        (rest, _) => parties.push(rest),
    }
    parties
}

/// Lets the crowd play until the time is over or `stop` is true. Everybody has left then.
pub async fn run(plan: &Plan, stop: watch::Receiver<bool>) -> Report {
    let (end, ended) = watch::channel(false);
    let mut parties = JoinSet::new();
    let start = Instant::now();
    for (number, size) in parties_of(plan.players, plan.match_players).into_iter().enumerate() {
        parties.spawn(party(plan.clone(), number, size, ended.clone()));
    }
    let mut stop = stop;
    tokio::select! {
        () = sleep(plan.time) => (),
        () = over(&mut stop) => (),
    }
    end.send_replace(true);
    let mut tally = Tally::default();
    while let Some(party) = parties.join_next().await {
        match party {
            Ok(party) => tally.add(party),
            Err(error) => tally.fail(1, format!("a party's task failed: {error}")),
        }
    }
    tally.report(start.elapsed())
}

/// One party: match after match.
async fn party(plan: Plan, number: usize, size: usize, ended: watch::Receiver<bool>) -> Tally {
    let mut tally = Tally::default();
    let names: Vec<String> = (0..size).map(|seat| format!("load-{number}-{seat}")).collect();
    let mut round = 0;
    while !*ended.borrow() {
        let click = Instant::now();
        let id = format!("load-{}-{number}-{round}", std::process::id());
        let seats = match &plan.source {
            Source::Queue(queue) => place::place(queue, &id, &names, ended.clone()).await,
            Source::Standalone(servers) => Ok(standalone(servers, number, &names)),
        };
        let failures = match seats {
            Ok(Some(seats)) => play_match(&plan, seats, (number, round), click, &ended, &mut tally).await,
            // The time was over while the queue still looked.
            Ok(None) => break,
            Err(reason) => {
                tally.fail(size, reason);
                size
            }
        };
        round += 1;
        if failures > 0 {
            let mut ended = ended.clone();
            tokio::select! {
                () = sleep(AFTER_FAILURE) => (),
                () = over(&mut ended) => (),
            }
        }
    }
    tally
}

/// All players of one match. Returns how many failed.
async fn play_match(
    plan: &Plan,
    seats: Vec<Seat>,
    (number, round): (usize, usize),
    click: Instant,
    ended: &watch::Receiver<bool>,
    tally: &mut Tally,
) -> usize {
    let mut players = JoinSet::new();
    for (index, seat) in seats.into_iter().enumerate() {
        let seed = plan.seed ^ ((number as u64) << 40 | (round as u64) << 16 | index as u64);
        players.spawn(play::play(seat, plan.mind, seed, click, ended.clone()));
    }
    let mut failures = 0;
    while let Some(player) = players.join_next().await {
        match player {
            Ok(Ok(played)) => {
                failures += usize::from(played.lost.is_some());
                tally.played(played);
            }
            Ok(Err(reason)) => {
                failures += 1;
                tally.fail(1, reason);
            }
            Err(error) => {
                failures += 1;
                tally.fail(1, format!("a player's task failed: {error}"));
            }
        }
    }
    tally.matches += 1;
    failures
}

/// Waits until this is true, or nobody can make it so any more.
async fn over(ended: &mut watch::Receiver<bool>) {
    // The guard that comes back must not live across a wait.
    let _ = ended.wait_for(|ended| *ended).await;
}

/// Seats at the standalone game server of this party.
fn standalone(servers: &[SocketAddr], number: usize, names: &[String]) -> Option<Vec<Seat>> {
    let address = *servers.get(number % servers.len().max(1))?;
    let seat = |name: &String| Seat {
        player_id: name.clone(),
        address,
        player_session_id: format!("psess-standalone-{name}"),
    };
    Some(names.iter().map(seat).collect())
}

#[cfg(test)]
mod tests;
