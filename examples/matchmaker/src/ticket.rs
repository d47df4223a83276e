//! What a player asks for, and what becomes of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What `POST /tickets` takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Who wants to play: 1 to 64 bytes. Others see it.
    pub player_id: String,
    /// How good he is, in whatever unit the game has. A real game takes it from its own records, not from the player.
    #[serde(default)]
    pub skill: u32,
    /// Milliseconds to each region, at most 32; regions that did not answer are left out. Empty: not measured.
    #[serde(default)]
    pub latencies: BTreeMap<String, u32>,
}

/// Longest player id, in bytes. The game's own limit.
pub const PLAYER_ID_MAX: usize = 64;
/// Most regions of one wish.
pub const REGIONS_MAX: usize = 32;

impl Wish {
    /// Looks whether it can be taken.
    ///
    /// # Errors
    /// What is wrong and what was expected.
    pub fn check(&self) -> Result<(), String> {
        let length = self.player_id.len();
        if !(1..=PLAYER_ID_MAX).contains(&length) {
            return Err(format!("`player_id` must have 1 to {PLAYER_ID_MAX} bytes, it has {length}"));
        }
        if !self.player_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("`player_id` may hold printable ASCII without spaces only".to_owned());
        }
        if self.latencies.len() > REGIONS_MAX {
            let count = self.latencies.len();
            return Err(format!("`latencies` may name {REGIONS_MAX} regions, it names {count}"));
        }
        match self.latencies.iter().find(|(region, ms)| region.is_empty() || **ms == 0) {
            None => Ok(()),
            Some((region, _)) => Err(format!(
                "`latencies` gives `{region}` 0 ms or no name; hint: leave a region out that could not be measured"
            )),
        }
    }
}

/// Where a ticket stands. The names are those of the vendor's matchmaking (operations.md X-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Opponents are being looked for.
    Searching {
        /// How many wait, this one among them.
        waiting: usize,
    },
    /// The match is complete, and a game server is being found for it.
    Placing {
        /// Who plays.
        players: Vec<String>,
    },
    /// There is a seat.
    Completed(Seat),
    /// The player did not want any more.
    Cancelled,
    /// Nobody fitting came in time.
    #[serde(rename = "TIMEDOUT")]
    TimedOut {
        /// In words.
        reason: String,
    },
    /// No game server could be had.
    Failed {
        /// In words.
        reason: String,
    },
}

/// Where to connect, and the secret that lets this player in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Address of the game server.
    pub ip_address: IpAddr,
    /// Port of the game server.
    pub port: u16,
    /// Secret of the seat; presented to the game server, and to nobody else.
    pub player_session_id: String,
    /// The session.
    pub game_server_session_id: String,
    /// Where it is.
    pub region: String,
    /// Who plays.
    pub players: Vec<String>,
}

/// Without the secret, so that it does not get into logs.
impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { ip_address, port, game_server_session_id, .. } = self;
        write!(f, "Seat({game_server_session_id} at {ip_address}:{port})")
    }
}

impl Status {
    /// Nothing comes after it.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Searching { .. } | Self::Placing { .. } => false,
            Self::Completed(_) | Self::Cancelled | Self::TimedOut { .. } | Self::Failed { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form() {
        let wish: Wish = serde_json::from_str(r#"{"player_id":"ann"}"#).unwrap();
        assert_eq!((wish.skill, wish.latencies.len()), (0, 0));
        assert_eq!(
            serde_json::to_string(&Status::Searching { waiting: 2 }).unwrap(),
            r#"{"status":"SEARCHING","waiting":2}"#
        );
        let reason = "nobody came".to_owned();
        let shown = serde_json::to_string(&Status::TimedOut { reason }).unwrap();
        assert_eq!(shown, r#"{"status":"TIMEDOUT","reason":"nobody came"}"#);
    }

    #[test]
    fn a_wish_that_cannot_be_is_refused_by_name() {
        let wish = |player_id: &str, latencies: &[(&str, u32)]| Wish {
            player_id: player_id.to_owned(),
            skill: 0,
            latencies: latencies.iter().map(|(region, ms)| ((*region).to_owned(), *ms)).collect(),
        };
        assert_eq!(wish("ann", &[("sh", 1)]).check(), Ok(()));
        for (wish, named) in [
            (wish("", &[]), "`player_id` must have 1 to 64 bytes, it has 0"),
            (wish(&"x".repeat(65), &[]), "it has 65"),
            (wish("a b", &[]), "printable ASCII"),
            (wish("ann", &[("sh", 0)]), "`sh` 0 ms"),
            (wish("ann", &[("", 5)]), "no name"),
        ] {
            let refused = wish.check().unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
        let many: Vec<String> = (0..33).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), 1)).collect();
        assert!(wish("ann", &many).check().unwrap_err().contains("it names 33"));
    }

    #[test]
    fn a_seat_does_not_show_its_secret() {
        let seat = Seat {
            ip_address: IpAddr::from([127, 0, 0, 1]),
            port: 7,
            player_session_id: "psess-secret".to_owned(),
            game_server_session_id: "gssess-1".to_owned(),
            region: String::new(),
            players: Vec::new(),
        };
        assert!(!format!("{:?}", Status::Completed(seat)).contains("secret"));
    }
}
