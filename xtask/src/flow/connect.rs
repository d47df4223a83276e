//! Step 4: clients connect to the addresses, are accepted, play and leave.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;

use super::address::Addresses;
use super::cloud::{list, text_of};
use super::deploy::Published;
use super::match_session::{Session, wait_until_terminated};
use super::player::{Player, Seat, winner};
use super::stage::{Seen, Stage, Wait};

/// Step 4. All clients are started first: their seats are reserved for a minute only.
pub(super) fn connect(stage: &mut Stage<'_>, published: &Published, addresses: &Addresses) -> Result<()> {
    stage.part("six clients connect");
    let mut created = seat_all(stage, &addresses.created.1, 1)?;
    let mut visitors = enter_lobby(stage, &addresses.lobby.1)?;
    let mut placed = seat_all(stage, &addresses.placed.1, 5)?;
    for player in created.iter_mut().chain(&mut visitors).chain(&mut placed) {
        player.wait_until_joined(stage)?;
    }
    stage.answer("all six are accepted");

    stage.part("the lobby: everybody hears everybody");
    let said = leave_lobby(stage, &mut visitors, &addresses.lobby.0)?;
    stage.fact("lobby", said);

    stage.part("the match that was created");
    stage.fleet_in_focus = Some(published.matches.id.clone());
    let first = finish(stage, &mut created, &addresses.created.0)?;
    stage.part("the match that was placed");
    let second = finish(stage, &mut placed, &addresses.placed.0)?;
    stage.fact("winners", json!([first, second]));
    Ok(())
}

/// Starts a client for each seat.
pub(super) fn seat_all(stage: &mut Stage<'_>, seats: &[Seat], first_seed: u32) -> Result<Vec<Player>> {
    (first_seed..).zip(seats).map(|(seed, seat)| Player::start(stage, seat, seed, &[])).collect()
}

/// Waits until a match is over for its players and for the service; gives the winner.
pub(super) fn finish(stage: &mut Stage<'_>, players: &mut [Player], session: &Session) -> Result<String> {
    let winner = winner(stage, players)?;
    wait_until_terminated(stage, session)?;
    Ok(winner)
}

fn enter_lobby(stage: &mut Stage<'_>, seats: &[Seat]) -> Result<Vec<Player>> {
    let others = (seats.len() - 1).to_string();
    (3..)
        .zip(seats)
        .map(|(seed, seat)| {
            let hello = format!("hello from {}", seat.player);
            Player::start(stage, seat, seed, &["--say", &hello, "--expect-peers", &others])
        })
        .collect()
}

/// The visitors leave when they have heard each other. The lobby itself stays.
fn leave_lobby(stage: &mut Stage<'_>, visitors: &mut [Player], lobby: &Session) -> Result<&'static str> {
    for visitor in visitors {
        let ended = visitor.wait_until_ended(stage)?;
        let me = text_of(&ended, "/player_id");
        let heard: Vec<String> = list(&ended, "/chat")
            .iter()
            .filter(|line| text_of(line, "/from") != me)
            .map(|line| format!("{me} heard {}: {}", text_of(line, "/from"), text_of(line, "/text")))
            .collect();
        if text_of(&ended, "/outcome") != "left" || heard.is_empty() {
            bail!("`{me}` should have heard the others and left: {ended}");
        }
        stage.answer(&heard.join("\n"));
    }
    let wait = Wait::until("the lobby is empty and ACTIVE", Duration::from_secs(60));
    stage.wait(
        "DescribeGameServerSessions",
        json!({"GameServerSessionId": lobby.id}),
        &wait,
        |_, answer| {
            let status = text_of(answer, "/GameServerSessions/0/Status");
            let visitors = text_of(answer, "/GameServerSessions/0/CurrentPlayerSessionCount");
            let state = format!("{status} with {visitors}");
            Ok(match (status.as_str(), visitors.as_str()) {
                ("ACTIVE", "0") => Seen::Reached(state),
                ("ACTIVE", _) => Seen::Underway(state),
                _ => Seen::Hopeless(state),
            })
        },
    )?;
    Ok("ACTIVE")
}
