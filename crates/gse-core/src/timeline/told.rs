//! A timeline as it is told: one hop after the other, each with how long it took.

use std::time::Duration;

use super::{FIRST_PLAYER, FIRST_TICK};
use crate::game_server_session::{GameServerSession, GameServerSessionStatus};
use crate::placement::{Placement, trace};
use crate::time::Timestamp;
use crate::trace_context::TraceContext;
use crate::words::words;

words! {
    /// Who knows of a moment.
    pub enum Teller {
        /// The control plane.
        Service = "service",
        /// The host of the instance.
        Host = "host",
        /// The game server, in its own words.
        GameServer = "game-server",
    }
}

words! {
    /// What a session waits for, or how it ended.
    pub enum Stands {
        /// For ActivateGameServerSession.
        NotActivated = "NOT_ACTIVATED",
        /// For its first player session.
        NoPlayer = "NO_PLAYER",
        /// For AcceptPlayerSession.
        NotAccepted = "NOT_ACCEPTED",
        /// For the first tick, of which nobody has told.
        NoFirstTick = "NO_FIRST_TICK",
        /// For nothing.
        Played = "PLAYED",
        /// It is ending.
        Ending = "ENDING",
        /// It has ended.
        Over = "OVER",
        /// It failed.
        Failed = "FAILED",
    }
}

/// One moment of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Its name: `activated`.
    pub name: String,
    /// Who knows of it.
    pub teller: Teller,
    /// When.
    pub at: Timestamp,
    /// How long after the one before it.
    pub took: Duration,
    /// What it is, in words.
    pub words: String,
}

/// The timeline of a session, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// The moments, in order.
    pub hops: Vec<Hop>,
    /// The search of the placement that made it, in sentences; empty when none did, or it is forgotten.
    pub search: Vec<String>,
    /// What is waited for now, or how it ended.
    pub stands: Stands,
    /// The same in a sentence.
    pub stands_words: String,
}

/// Tells the timeline of a session; `placement` is the one that made it.
pub fn tell(session: &GameServerSession, placement: Option<&Placement>) -> Told {
    let timeline = &session.timeline;
    let mut moments: Vec<(Timestamp, Teller, String, String)> = Vec::new();
    let mut add = |at: Option<Timestamp>, teller: Teller, name: &str, words: &str| {
        moments.extend(at.map(|at| (at, teller, name.to_owned(), words.to_owned())));
    };
    let process = format!("process {} was chosen for it", session.process);
    add(timeline.requested, Teller::Service, "requested", "the placement was asked for");
    add(Some(session.created), Teller::Service, "process-chosen", &process);
    add(timeline.ordered, Teller::Host, "order-received", "the host had the order to start it");
    add(timeline.sent, Teller::Host, "start-sent", "OnStartGameServerSession was sent to the process");
    add(timeline.activated, Teller::Service, "activated", "the game server activated it");
    add(timeline.reserved, Teller::Service, "player-reserved", "the first player session was reserved");
    add(timeline.accepted, Teller::Service, "player-accepted", "the first AcceptPlayerSession was granted");
    for milestone in &timeline.milestones {
        let words = match milestone.name.as_str() {
            FIRST_PLAYER => "the first player is in the game".to_owned(),
            FIRST_TICK => "the first tick of a client reached the game server".to_owned(),
            name => format!("the game server told of `{name}`"),
        };
        add(Some(milestone.at), Teller::GameServer, &milestone.name, &words);
    }
    let ended = match session.status_reason.as_str() {
        "" => "it ended".to_owned(),
        reason => format!("it ended: {reason}"),
    };
    add(session.terminated, Teller::Service, "ended", &ended);
    // The sort is stable: what happened in one millisecond stays in the order of above.
    moments.sort_by_key(|(at, ..)| *at);
    let first = moments.first().map_or(session.created, |(at, ..)| *at);
    let mut before = first;
    let hops = moments.into_iter().map(|(at, teller, name, words)| {
        let took = at.since(before);
        before = at;
        Hop { name, teller, at, took, words }
    });
    let stands = stands(session);
    Told {
        trace: timeline.trace,
        hops: hops.collect(),
        search: placement.map_or_else(Vec::new, trace::sentences),
        stands,
        stands_words: stands_words(session, stands),
    }
}

fn stands(session: &GameServerSession) -> Stands {
    let timeline = &session.timeline;
    let told = |name: &str| timeline.milestones.iter().any(|milestone| milestone.name == name);
    match session.status {
        GameServerSessionStatus::Activating => Stands::NotActivated,
        GameServerSessionStatus::Active if timeline.reserved.is_none() => Stands::NoPlayer,
        GameServerSessionStatus::Active if timeline.accepted.is_none() => Stands::NotAccepted,
        GameServerSessionStatus::Active if !told(FIRST_TICK) => Stands::NoFirstTick,
        GameServerSessionStatus::Active => Stands::Played,
        GameServerSessionStatus::Terminating => Stands::Ending,
        GameServerSessionStatus::Terminated => Stands::Over,
        GameServerSessionStatus::Error => Stands::Failed,
    }
}

fn stands_words(session: &GameServerSession, stands: Stands) -> String {
    match stands {
        Stands::NotActivated => {
            let until = session.activation_deadline.map_or(String::new(), |at| at.to_iso());
            format!("It waits for ActivateGameServerSession, which must come before {until}.")
        }
        Stands::NoPlayer => "It waits for its first player session.".to_owned(),
        Stands::NotAccepted => {
            "A seat was reserved, and AcceptPlayerSession has not been called for it: a player who never connects \
             or a game server that does not ask."
                .to_owned()
        }
        Stands::NoFirstTick => {
            "Its first player was accepted. Its game server has not told of a client's first tick; one that does not \
             tell of milestones never does."
                .to_owned()
        }
        Stands::Played => "It is ACTIVE and is played.".to_owned(),
        Stands::Ending => "It is ending.".to_owned(),
        Stands::Over => "It is over.".to_owned(),
        Stands::Failed => format!("It failed: {}.", session.status_reason),
    }
}
