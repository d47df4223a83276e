//! Players: headless game clients with a seat each.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::cloud::text_of;
use super::record::Call;
use super::stage::Stage;
use crate::interrupt;
use crate::processes::{Logged, tail};

const PERIOD: Duration = Duration::from_millis(50);
/// Joining takes a handshake and two calls; this is for a very busy machine.
const JOIN_DEADLINE: Duration = Duration::from_secs(60);
/// The longest match takes seconds, and the clients begin together.
const END_DEADLINE: Duration = Duration::from_secs(180);

/// A reserved place in a session: what the cloud API hands to a player.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    /// The player's id.
    pub player: String,
    /// The secret that proves the seat.
    pub player_session: String,
    /// Where to connect, `IP:PORT`.
    pub address: String,
}

/// A running client.
#[derive(Debug)]
pub(super) struct Player {
    name: String,
    command: String,
    process: Logged,
}

impl Player {
    /// Connects a bot. `seed` makes its wandering differ from that of others.
    pub(super) fn start(stage: &mut Stage<'_>, seat: &Seat, seed: u32, extra: &[&str]) -> Result<Self> {
        let mut arguments: Vec<String> =
            ["--headless", "--bot", "wander", "--seed", &seed.to_string(), "--connect", &seat.address]
                .map(str::to_owned)
                .to_vec();
        arguments.extend(["--player-id".to_owned(), seat.player.clone()]);
        arguments.extend(extra.iter().map(|&argument| argument.to_owned()));
        let quoted: Vec<String> = arguments
            .iter()
            .map(|argument| if argument.contains(' ') { format!("'{argument}'") } else { argument.clone() })
            .collect();
        let command =
            format!("GAME_PLAYER_SESSION_ID={} \\\n  game-client {}", seat.player_session, quoted.join(" "));
        stage.show(&command);
        let mut process = Command::new(stage.workspace.program("game-client")?);
        process.args(&arguments).env("GAME_PLAYER_SESSION_ID", &seat.player_session);
        let process = Logged::start(&mut process, &stage.directory.join("players"), &seat.player)?;
        Ok(Self { name: seat.player.clone(), command, process })
    }

    /// Waits until the server has accepted this player.
    pub(super) fn wait_until_joined(&mut self, stage: &mut Stage<'_>) -> Result<()> {
        stage.waiting(&format!("{} is accepted", self.name));
        self.wait_for(stage, "joined", JOIN_DEADLINE).map(drop)
    }

    /// Waits until the client has ended by itself, and gives its last word.
    pub(super) fn wait_until_ended(&mut self, stage: &mut Stage<'_>) -> Result<Value> {
        stage.waiting(&format!("{} is done", self.name));
        let ended = self.wait_for(stage, "ended", END_DEADLINE)?;
        let deadline = Instant::now() + JOIN_DEADLINE;
        loop {
            match self.process.ended()? {
                Some(status) if status.success() => break,
                Some(status) => {
                    stage.log_in_focus = Some(self.process.stderr.clone());
                    let (outcome, reason) = (text_of(&ended, "/outcome"), text_of(&ended, "/reason"));
                    bail!("the client of `{}` ended with {status}: {outcome}, {reason}", self.name)
                }
                None if Instant::now() > deadline => bail!("the client of `{}` does not end", self.name),
                None => interrupt::pause(PERIOD)?,
            }
        }
        stage.record(Call::command(self.command.clone(), Some(ended.clone())));
        Ok(ended)
    }

    /// Whether the client is still playing.
    pub(super) fn is_playing(&mut self) -> Result<bool> {
        Ok(self.process.ended()?.is_none() && self.event("ended").is_none())
    }

    fn wait_for(&mut self, stage: &mut Stage<'_>, event: &str, deadline: Duration) -> Result<Value> {
        let until = Instant::now() + deadline;
        loop {
            // The order matters: what it wrote before it ended is there once it has ended.
            let ended = self.process.ended()?;
            if let Some(found) = self.event(event) {
                return Ok(found);
            }
            let trouble = match ended {
                Some(status) => format!("ended with {status}"),
                None if Instant::now() > until => format!("is not there after {} s", deadline.as_secs()),
                None => {
                    interrupt::pause(PERIOD)?;
                    continue;
                }
            };
            stage.log_in_focus = Some(self.process.stderr.clone());
            let said = tail(&self.process.stdout, 3).join("\n");
            bail!("the client of `{}` {trouble} before it said `{event}`\n{said}", self.name);
        }
    }

    fn event(&self, name: &str) -> Option<Value> {
        self.process
            .output()
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|line| text_of(line, "/event") == name)
    }
}

/// Waits until everybody of a match is done, and gives the winner that all of them saw.
pub(super) fn winner(stage: &mut Stage<'_>, players: &mut [Player]) -> Result<String> {
    let mut winner = None;
    let mut outcomes = Vec::new();
    for player in players {
        let ended = player.wait_until_ended(stage)?;
        let outcome = text_of(&ended, "/outcome");
        let saw = text_of(&ended, "/winner");
        stage.answer(&format!("{} {outcome}", player.name));
        if saw.is_empty() {
            bail!("the match of `{}` ended without a winner: {ended}", player.name);
        }
        if (outcome == "won") != (saw == player.name) || !["won", "lost"].contains(&outcome.as_str()) {
            bail!("`{}` says it {outcome} and that the winner is `{saw}`", player.name);
        }
        if winner.get_or_insert_with(|| saw.clone()) != &saw {
            bail!("two players of one match saw different winners: {winner:?} and `{saw}`");
        }
        outcomes.push(outcome);
    }
    match winner {
        Some(winner) if outcomes.iter().filter(|outcome| *outcome == "won").count() == 1 => {
            stage.answer(&format!("the winner is {winner}"));
            Ok(winner)
        }
        _ => bail!("a match has one winner, these outcomes have not: {outcomes:?}"),
    }
}
