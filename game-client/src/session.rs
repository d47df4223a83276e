//! The session as this player knows it, and when it is over for this player.
//!
//! It follows what the server says; no rule of the game is here.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bevy::prelude::*;
use game_net::protocol::{ClientMessage, Hosting, Presence, RESUME_WITHIN_SECONDS, ServerMessage};
use game_sim::TICKS_PER_SECOND;

use crate::{
    lookup::Place,
    navigation::{self, Screen},
    net::{self, Link, Outgoing, Received},
    prediction,
    report::{ChatLine, Outcome},
};

/// Lines of chat that are kept; older ones are forgotten.
const CHAT_KEPT_MAX: usize = 1000;
/// Steps of a search that are kept.
pub(crate) const STEPS_KEPT_MAX: usize = 100;
/// The same is said at most so often, in ticks.
const TICKS_PER_SAYING: u64 = 20;

/// What this player set out to do.
#[derive(Resource, Clone, Debug)]
pub(crate) struct Goal {
    /// In a lobby: what is said.
    pub(crate) say: Option<String>,
    /// In a lobby: how many others must be seen and heard before leaving.
    pub(crate) expect_peers: Option<usize>,
    /// When to give up.
    pub(crate) deadline: Option<Duration>,
}

/// Why it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How it ended for this player.
    pub(crate) outcome: Outcome,
    /// Why, in words.
    pub(crate) reason: String,
}

/// What is known of the session.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Session {
    /// Id of this player.
    pub(crate) player_id: String,
    /// How the search for a seat went so far, in words.
    pub(crate) steps: Vec<String>,
    /// Where the session is, as far as it is known.
    pub(crate) place: Place,
    /// What happens in the session; known once joined.
    pub(crate) hosting: Option<Hosting>,
    /// Whether this is no player but a spectator.
    pub(crate) is_watching: bool,
    /// Whether the match has started.
    pub(crate) has_begun: bool,
    /// Own slot in the match; known once it starts. Spectators have none.
    pub(crate) slot: Option<u8>,
    /// Others who are here now.
    pub(crate) present: BTreeSet<String>,
    /// Those of them whose connection is lost, and who may come back.
    pub(crate) away: BTreeSet<String>,
    /// The tick, counted as [`Session::ticks`], at which the server ends at the latest, if it said so.
    pub(crate) ends_at_tick: Option<u64>,
    /// The tick at which this player's own connection was lost, while it is tried to get it back.
    pub(crate) lost_at_tick: Option<u64>,
    /// Others who were ever here.
    pub(crate) seen: BTreeSet<String>,
    /// What was said.
    pub(crate) chat: Vec<ChatLine>,
    /// Id of the winner, once there is one.
    pub(crate) winner: Option<String>,
    /// Points at the end, as the server said.
    pub(crate) final_scores: Option<BTreeMap<String, u32>>,
    /// In a lobby: there is something to say to somebody who has not heard it.
    pub(crate) has_to_say: bool,
    /// What was said and has not come back yet. Whoever leaves before it did may not have been heard by anybody.
    pub(crate) sayings_under_way: u32,
    /// Ticks since joining.
    pub(crate) ticks: u64,
    /// The round-trip time now.
    pub(crate) rtt: Option<Duration>,
    /// How many of the packets sent lately were lost, of a hundred.
    pub(crate) loss_percent: Option<f32>,
    /// Set once, when it is over.
    pub(crate) verdict: Option<Verdict>,
}

impl Session {
    /// Before anything is known.
    pub(crate) fn new(player_id: String) -> Session {
        Session { player_id, ..Session::default() }
    }

    /// It is over. The first verdict counts: a connection that closes after the match has ended changes nothing.
    pub(crate) fn end(&mut self, outcome: Outcome, reason: String) {
        self.verdict.get_or_insert(Verdict { outcome, reason });
    }

    /// Seconds until the server ends at the latest, if it said so.
    pub(crate) fn seconds_left(&self) -> Option<u64> {
        let left = self.ends_at_tick?.saturating_sub(self.ticks);
        Some(left.div_ceil(u64::from(TICKS_PER_SECOND)))
    }

    /// Seconds for which it is still tried to get the lost connection back.
    pub(crate) fn seconds_to_come_back(&self) -> Option<u64> {
        let away = self.ticks - self.lost_at_tick?;
        Some(RESUME_WITHIN_SECONDS.saturating_sub(away / u64::from(TICKS_PER_SECOND)))
    }

    /// Others who were seen and of whom something was heard.
    fn met(&self) -> usize {
        self.seen.iter().filter(|peer| self.chat.iter().any(|line| line.from == **peer)).count()
    }

    /// How many players are here.
    pub(crate) fn players_here(&self) -> usize {
        self.present.len() + usize::from(!self.is_watching)
    }

    /// Id of this player, unless this is a spectator, whose name may be that of any player.
    pub(crate) fn own_id(&self) -> Option<&str> {
        (!self.is_watching).then_some(&self.player_id)
    }

    fn come(&mut self, player_id: &str) {
        if self.own_id() != Some(player_id) {
            self.present.insert(player_id.to_owned());
            self.seen.insert(player_id.to_owned());
        }
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_state::<Screen>()
        .add_systems(PreUpdate, observe.after(net::receive).after(prediction::observe))
        .add_systems(FixedUpdate, (say, count_tick).chain())
        .add_systems(Update, advance);
}

/// Takes in what the server says.
pub(crate) fn observe(
    mut received: MessageReader<Received>,
    mut session: ResMut<Session>,
    mut screen: ResMut<NextState<Screen>>,
    goal: Res<Goal>,
) {
    for received in received.read() {
        match received {
            Received::Welcome { hosting } => {
                session.hosting = Some(*hosting);
                if *hosting == Hosting::Lobby {
                    screen.set(Screen::Lobby);
                    session.has_to_say = goal.say.is_some();
                }
            }
            Received::Message(message) => hear(message, &mut session, &mut screen, &goal),
            Received::Searching { news } => keep_last(&mut session.steps, STEPS_KEPT_MAX, news.clone()),
            Received::Watching => session.is_watching = true,
            Received::Lost => session.lost_at_tick = Some(session.ticks),
            Received::Resumed => {
                session.lost_at_tick = None;
                // Who left, came or came back meanwhile was not told: the server says again who is here, and who is away.
                session.present.clear();
                session.away.clear();
            }
            Received::Placed(place) => session.place = place.clone(),
            Received::Datagram(_) => {}
            Received::Line { rtt, loss_percent } => {
                session.rtt = Some(*rtt);
                session.loss_percent = Some(*loss_percent);
            }
            Received::Refused { reason } => session.end(Outcome::Refused, reason.clone()),
            Received::Closed { reason } => session.end(Outcome::Failed, reason.clone()),
        }
    }
}

fn hear(message: &ServerMessage, session: &mut Session, screen: &mut ResMut<NextState<Screen>>, goal: &Goal) {
    match message {
        ServerMessage::MatchStart { slot, config, .. } => {
            session.slot = Some(slot.0);
            begin(config, session, screen);
        }
        ServerMessage::WatchStart { config, .. } => begin(config, session, screen),
        ServerMessage::MatchEnd { winner, scores, reason } => {
            session.winner = Some(winner.clone());
            session.final_scores =
                Some(scores.iter().map(|score| (score.player_id.clone(), u32::from(score.score))).collect());
            let outcome = match session.own_id() {
                None => Outcome::Watched,
                Some(own) if own == winner => Outcome::Won,
                Some(_) => Outcome::Lost,
            };
            session.end(outcome, end_in_words(*reason).to_owned());
        }
        ServerMessage::Presence(Presence::Here { player_ids }) => {
            player_ids.iter().for_each(|player_id| session.come(player_id));
        }
        ServerMessage::Presence(Presence::Joined { player_id }) => {
            session.come(player_id);
            // Whoever comes in later has not heard it. Those who wait for each other say it again.
            session.has_to_say |= goal.say.is_some() && goal.expect_peers.is_some();
        }
        ServerMessage::Presence(Presence::Left { player_id }) => {
            session.present.remove(player_id);
            session.away.remove(player_id);
        }
        ServerMessage::Chat { from, text } => {
            if session.own_id() == Some(from) {
                session.sayings_under_way = session.sayings_under_way.saturating_sub(1);
            }
            let line = ChatLine { from: from.clone(), text: text.clone() };
            keep_last(&mut session.chat, CHAT_KEPT_MAX, line);
        }
        ServerMessage::Closing { reason } => {
            session.end(Outcome::Failed, format!("the server ended the session: {reason}"));
        }
        ServerMessage::Presence(Presence::Away { player_id }) => {
            session.away.insert(player_id.clone());
        }
        ServerMessage::Presence(Presence::Back { player_id }) => {
            session.away.remove(player_id);
        }
        ServerMessage::Countdown { left_ms } => {
            session.ends_at_tick =
                Some(session.ticks + u64::from(*left_ms) * u64::from(TICKS_PER_SECOND) / 1000);
        }
        // The net thread has dealt with these, and passes none on.
        ServerMessage::Welcome { .. } | ServerMessage::Refused { .. } => {}
    }
}

fn begin(config: &game_sim::MatchConfig, session: &mut Session, screen: &mut ResMut<NextState<Screen>>) {
    session.has_begun = true;
    config.players.iter().for_each(|player_id| session.come(player_id));
    NextState::set_if_neq(screen, Screen::Playing);
}

/// Adds to a list and forgets the oldest of what is too much.
pub(crate) fn keep_last<T>(list: &mut Vec<T>, max: usize, new: T) {
    if list.len() >= max {
        list.remove(0);
    }
    list.push(new);
}

fn end_in_words(reason: game_sim::EndReason) -> &'static str {
    match reason {
        game_sim::EndReason::ScoreReached => "the winner has the points that win",
        game_sim::EndReason::TimeUp => "time is up",
        game_sim::EndReason::LastPresent => "everybody else left",
        game_sim::EndReason::BrokenOff => "the server ended, and the points so far count",
    }
}

/// Says what is to be said, once for all who came in lately.
fn say(mut session: ResMut<Session>, goal: Res<Goal>, link: Res<Link>) {
    let is_lobby = session.hosting == Some(Hosting::Lobby);
    if is_lobby
        && session.has_to_say
        && session.ticks.is_multiple_of(TICKS_PER_SAYING)
        && let Some(text) = goal.say.clone()
    {
        link.send(Outgoing::Message(ClientMessage::ChatSend { text }));
        session.has_to_say = false;
        session.sayings_under_way += 1;
    }
}

fn count_tick(mut session: ResMut<Session>) {
    if session.hosting.is_some() && session.verdict.is_none() {
        session.bypass_change_detection().ticks += 1;
    }
}

/// Sees whether what this player set out to do is done, or has taken too long.
pub(crate) fn advance(
    mut session: ResMut<Session>,
    mut screen: ResMut<NextState<Screen>>,
    goal: Res<Goal>,
    time: Res<Time<Real>>,
) {
    if let Some(verdict) = &session.verdict {
        NextState::set_if_neq(&mut screen, navigation::after(verdict.outcome));
        return;
    }
    let is_lobby = session.hosting == Some(Hosting::Lobby);
    if is_lobby
        && let Some(expected) = goal.expect_peers
        && session.met() >= expected
        && !session.has_to_say
        && session.sayings_under_way == 0
    {
        session.end(Outcome::Left, format!("saw and heard {expected} others"));
    } else if let Some(deadline) = goal.deadline
        && time.elapsed() >= deadline
    {
        let seconds = deadline.as_secs();
        match (session.hosting, goal.expect_peers) {
            (Some(Hosting::Lobby), None) => session.end(Outcome::Left, format!("stayed for {seconds} s")),
            (Some(Hosting::Lobby), Some(expected)) => {
                let met = session.met();
                session.end(
                    Outcome::Failed,
                    format!("saw and heard {met} of {expected} others within {seconds} s"),
                );
            }
            (Some(Hosting::Match { players_wanted }), _) if !session.has_begun => {
                let here = session.players_here();
                session.end(
                    Outcome::Failed,
                    format!(
                        "the match did not start within {seconds} s: {here} of {players_wanted} players came"
                    ),
                );
            }
            (Some(Hosting::Match { .. }), _) => {
                session.end(Outcome::Failed, format!("the match did not end within {seconds} s"));
            }
            (None, _) => session.end(Outcome::Failed, format!("not joined within {seconds} s")),
        }
    }
}
