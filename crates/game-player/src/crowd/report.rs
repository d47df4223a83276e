//! What a crowd measured, added up.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::play::Played;

/// What is added up while the crowd plays.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) matches: u64,
    played: Vec<Played>,
    failures: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn played(&mut self, played: Played) {
        self.played.push(played);
    }

    /// So many players did not get in.
    pub(super) fn fail(&mut self, players: usize, reason: String) {
        *self.failures.entry(reason).or_default() += players as u64;
    }

    pub(super) fn add(&mut self, other: Tally) {
        self.matches += other.matches;
        self.played.extend(other.played);
        for (reason, count) in other.failures {
            *self.failures.entry(reason).or_default() += count;
        }
    }

    pub(super) fn report(self, took: Duration) -> Report {
        let played = &self.played;
        let sum = |of: fn(&Played) -> u64| played.iter().map(of).sum::<u64>() as f64;
        let seconds = played.iter().map(|played| played.time.as_secs_f64()).sum::<f64>();
        let times = |of: fn(&Played) -> Option<Duration>| Sorted::new(played.iter().filter_map(of));
        let round_trips = Sorted::new(played.iter().flat_map(|played| played.round_trips.iter().copied()));
        let (joins, firsts) = (times(|p| Some(p.join)), times(|p| p.first_snapshot));
        let mut losses: BTreeMap<String, u64> = BTreeMap::new();
        for reason in played.iter().filter_map(|played| played.lost.clone()) {
            *losses.entry(reason).or_default() += 1;
        }
        Report {
            joined: played.len() as u64,
            failed: self.failures.values().sum(),
            lost: losses.values().sum(),
            matches: self.matches,
            seconds: round(took.as_secs_f64()),
            played_player_s: round(seconds),
            rtt_ms_p50: round_trips.at(50),
            rtt_ms_p99: round_trips.at(99),
            loss_percent: ratio(100.0 * sum(|p| p.line.lost), sum(|p| p.line.sent)),
            bytes_down_per_player_s: ratio(sum(|p| p.line.bytes_down), seconds),
            bytes_up_per_player_s: ratio(sum(|p| p.line.bytes_up), seconds),
            snapshots_per_player_s: ratio(sum(|p| p.datagrams_down), seconds),
            snapshot_bytes_mean: ratio(sum(|p| p.datagram_bytes_down), sum(|p| p.datagrams_down)),
            input_bytes_mean: ratio(sum(|p| p.datagram_bytes_up), sum(|p| p.datagrams_up)),
            corrections_per_player_min: ratio(60.0 * sum(|p| p.corrections), seconds),
            correction_px_max: round(
                f64::from(played.iter().map(|p| p.correction_units_max).max().unwrap_or(0))
                    / f64::from(game_sim::arena::UNITS_PER_PIXEL),
            ),
            join_ms_p50: joins.at(50),
            join_ms_p99: joins.at(99),
            first_snapshot_ms_p50: firsts.at(50),
            first_snapshot_ms_p99: firsts.at(99),
            handshake_ms_p50: times(|p| Some(p.steps.handshake)).at(50),
            welcome_ms_p50: times(|p| Some(p.steps.welcome)).at(50),
            connect_to_snapshot_ms_min: times(|p| p.steps.first_snapshot).at(0),
            failures: self.failures,
            losses,
        }
    }
}

/// What a crowd measured. Times are in milliseconds; bytes are those of UDP, QUIC's own included. Numbers that
/// nothing was measured for are 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// How often a player got into a match.
    pub joined: u64,
    /// How often one did not.
    pub failed: u64,
    /// How often a connection ended before its match.
    pub lost: u64,
    /// Matches that were begun.
    pub matches: u64,
    /// How long all of it took.
    pub seconds: f64,
    /// Seconds in matches, of all players together.
    pub played_player_s: f64,
    /// Round-trip time, looked at each second by each player.
    pub rtt_ms_p50: f64,
    /// The same.
    pub rtt_ms_p99: f64,
    /// Packets of the players that were lost.
    pub loss_percent: f64,
    /// To a player, per second in a match.
    pub bytes_down_per_player_s: f64,
    /// From a player.
    pub bytes_up_per_player_s: f64,
    /// Snapshots that a player got a second.
    pub snapshots_per_player_s: f64,
    /// Their size without QUIC's part.
    pub snapshot_bytes_mean: f64,
    /// The size of inputs without QUIC's part.
    pub input_bytes_mean: f64,
    /// Snapshots that moved a player from where the prediction had them.
    pub corrections_per_player_min: f64,
    /// By how many pixels at most.
    pub correction_px_max: f64,
    /// From the wish for a match until the server let the player in.
    pub join_ms_p50: f64,
    /// The same.
    pub join_ms_p99: f64,
    /// From the wish until the first snapshot; who comes first waits for the others.
    pub first_snapshot_ms_p50: f64,
    /// The same.
    pub first_snapshot_ms_p99: f64,
    /// The QUIC handshake.
    pub handshake_ms_p50: f64,
    /// From the first packet until the server's proof was checked.
    pub welcome_ms_p50: f64,
    /// From the first packet until the first snapshot, of who had to wait for nobody.
    pub connect_to_snapshot_ms_min: f64,
    /// Why players did not get in, and how often.
    pub failures: BTreeMap<String, u64>,
    /// Why connections ended before their match.
    pub losses: BTreeMap<String, u64>,
}

impl Report {
    /// Whether everybody got in and nobody was lost.
    pub fn is_good(&self) -> bool {
        self.joined > 0 && self.failed == 0 && self.lost == 0
    }
}

/// Durations in order.
struct Sorted(Vec<Duration>);

impl Sorted {
    fn new(times: impl Iterator<Item = Duration>) -> Sorted {
        let mut times: Vec<Duration> = times.collect();
        times.sort_unstable();
        Sorted(times)
    }

    /// The smallest that so many percent do not exceed, in milliseconds.
    fn at(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        round(self.0.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0))
    }
}

fn ratio(of: f64, all: f64) -> f64 {
    if all > 0.0 { round(of / all) } else { 0.0 }
}

/// Two digits are more than is measured.
fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
