//! What the operator sets with flags and the creator of a session with game properties.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use game_net::protocol::{Hosting, SnapshotRate};
use game_sim::{MatchConfig, PLAYERS_MAX, PLAYERS_MIN, SCORE_TO_WIN_MAX, TICKS_LIMIT};
use gse_sdk::GameServerSession;

/// Lowest port that a fleet can open to players (server-sdk.md §5).
pub const CLIENT_PORT_MIN: u16 = 1025;
/// Highest port that a fleet can open to players.
pub const CLIENT_PORT_MAX: u16 = 60_000;

/// The sample game server. The agent's address is in `GSE_AGENT_ADDRESS`, default 127.0.0.1:5758. Without an agent it
/// runs standalone: one match at a time, for two unless `--standalone-players` says otherwise.
#[derive(Debug, Clone, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Something else than to host sessions
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What a session is: one match, or a lobby with chat and presence
    #[arg(long, value_enum, default_value_t = Host::Match)]
    pub host: Host,
    /// Let browsers into the lobby: WebTransport on the UDP port, and a WebSocket on TCP at the same port number
    #[arg(long)]
    pub web: bool,
    /// Any player in a browser may end the session for everybody; for demonstrations
    #[arg(long, requires = "web")]
    pub players_may_end: bool,
    /// UDP port for players, 1025 to 60000; 0 picks a free one of these
    #[arg(long, default_value_t = 0, value_parser = client_port)]
    pub client_port: u16,
    /// Address to listen on for players
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::UNSPECIFIED))]
    pub bind: IpAddr,
    /// A match ends after so many ticks of 1/60 s; game property `match_ticks` overrides it
    #[arg(long, default_value_t = 10_800, value_parser = clap::value_parser!(u32).range(1..=i64::from(TICKS_LIMIT)))]
    pub match_ticks: u32,
    /// So many points win a match; game property `score_to_win` overrides it
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=i64::from(SCORE_TO_WIN_MAX)))]
    pub score_to_win: u16,
    /// After so long a match starts with two players although more are expected; game property `start_wait_ms`
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(..=DAY_MS))]
    pub start_wait_ms: u64,
    /// After so long a match that still has fewer than two players is given up; game property `idle_end_ms`
    #[arg(long, default_value_t = 120_000, value_parser = clap::value_parser!(u64).range(..=DAY_MS))]
    pub idle_end_ms: u64,
    /// Snapshots that a player gets a second: 20, 30 or 60; game property `snapshot_rate` overrides it
    #[arg(long, default_value = "20", value_parser = snapshot_rate)]
    pub snapshot_rate: SnapshotRate,
    /// Without an agent: so many players start a match
    #[arg(long, value_name = "N", default_value_t = PLAYERS_MIN as u8, value_parser = clap::value_parser!(u8).range(PLAYERS_MIN as i64..=PLAYERS_MAX as i64))]
    pub standalone_players: u8,
    /// Where the replays of matches go, in a folder per port; it is collected with the session's logs
    #[arg(long, value_name = "FOLDER", default_value = "replays")]
    pub replays: PathBuf,
}

/// Something else than to host sessions.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Play a match again from its replay and compare the hashes
    Replay {
        /// The file
        file: PathBuf,
    },
}

/// What a session of this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// One match: it ends with a winner, and the session with it.
    Match,
    /// A long-lived place for many players: chat and presence.
    Lobby,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Shortest `spectator_key`, in bytes: a proof of a shorter one tells it to whoever catches that.
pub const SPECTATOR_KEY_MIN: usize = 16;
/// Spectators of a session unless `spectators_max` says otherwise, and the most that it may say.
pub(crate) const SPECTATORS_MAX: (u64, u64) = (8, 64);
/// Players of the largest session.
pub(crate) const SEATS_MAX: usize = 200;

fn snapshot_rate(text: &str) -> Result<SnapshotRate, String> {
    let rate = SnapshotRate::ALL.into_iter().find(|rate| rate.per_second().to_string() == text);
    rate.ok_or_else(|| "expected 20, 30 or 60".to_owned())
}

fn client_port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port == 0 || (CLIENT_PORT_MIN..=CLIENT_PORT_MAX).contains(&port) => Ok(port),
        Ok(_) | Err(_) => {
            Err(format!("expected 0 or {CLIENT_PORT_MIN} to {CLIENT_PORT_MAX}; hint: fleets open no other"))
        }
    }
}

/// How one match is set up and when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MatchSettings {
    pub(crate) seed: u64,
    pub(crate) ticks_max: u32,
    pub(crate) score_to_win: u16,
    /// So many players start the match at once.
    pub(crate) players_wanted: usize,
    /// After that it starts with two.
    pub(crate) start_wait: Duration,
    /// After that it is given up with fewer.
    pub(crate) idle_end: Duration,
    pub(crate) snapshot_rate: SnapshotRate,
    /// What spectators prove to know; `None`: nobody watches.
    pub(crate) spectator_key: Option<Arc<str>>,
    pub(crate) spectators_max: usize,
}

/// A game property whose value cannot be used; a secret one is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PropertyError {
    key: &'static str,
    value: Option<String>,
    expected: String,
}

impl MatchSettings {
    /// Flags, overridden by the session's game properties. Properties with other names are the creator's own affair.
    /// `seed` decides where things appear unless a property does; players must not be able to foresee it.
    pub(crate) fn new(
        args: &Args,
        session: &GameServerSession,
        seed: u64,
    ) -> Result<MatchSettings, PropertyError> {
        let properties = session.properties();
        let number = |key: &'static str, default: u64, least: u64, most: u64| match properties.get(key) {
            None => Ok(default),
            Some(value) => {
                value.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
                    PropertyError {
                        key,
                        value: Some((*value).to_owned()),
                        expected: format!("{least} to {most}"),
                    }
                })
            }
        };
        let rate = match properties.get("snapshot_rate") {
            None => args.snapshot_rate,
            Some(value) => snapshot_rate(value).map_err(|_| PropertyError {
                key: "snapshot_rate",
                value: Some((*value).to_owned()),
                expected: "20, 30 or 60".to_owned(),
            })?,
        };
        let key = properties.get("spectator_key").copied();
        if key.is_some_and(|key| key.len() < SPECTATOR_KEY_MIN) {
            let expected = format!("at least {SPECTATOR_KEY_MIN} random characters");
            return Err(PropertyError { key: "spectator_key", value: None, expected });
        }
        let (least, most) = (PLAYERS_MIN as u64, PLAYERS_MAX as u64);
        let players = u64::from(session.max_players).clamp(least, most);
        Ok(MatchSettings {
            seed: number("seed", seed, 0, u64::MAX)?,
            ticks_max: number("match_ticks", args.match_ticks.into(), 1, TICKS_LIMIT.into())? as u32,
            score_to_win: number("score_to_win", args.score_to_win.into(), 1, SCORE_TO_WIN_MAX.into())?
                as u16,
            players_wanted: number("players", players, least, players)? as usize,
            start_wait: Duration::from_millis(number("start_wait_ms", args.start_wait_ms, 0, DAY_MS)?),
            idle_end: Duration::from_millis(number("idle_end_ms", args.idle_end_ms, 0, DAY_MS)?),
            snapshot_rate: rate,
            spectator_key: key.map(Arc::from),
            spectators_max: number("spectators_max", SPECTATORS_MAX.0, 0, SPECTATORS_MAX.1)? as usize,
        })
    }

    /// What players are told of the session.
    pub(crate) fn hosting(&self) -> Hosting {
        Hosting::Match { players_wanted: self.players_wanted as u8 }
    }

    /// The match of these players.
    pub(crate) fn config(&self, players: Vec<String>) -> MatchConfig {
        MatchConfig { players, ticks_max: self.ticks_max, score_to_win: self.score_to_win }
    }
}

/// A seed that nobody can foresee: the standard library's hash function under a key of the operating system's.
pub(crate) fn fresh_seed() -> u64 {
    RandomState::new().hash_one("seed")
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PropertyError { key, value, expected } = self;
        match value {
            Some(value) => write!(f, "game property `{key}` is {value:?}, expected {expected}")?,
            // A secret, if a bad one.
            None => write!(f, "game property `{key}` cannot be used, expected {expected}")?,
        }
        write!(f, "; hint: create the session again")
    }
}

impl std::error::Error for PropertyError {}

#[cfg(test)]
mod tests;
