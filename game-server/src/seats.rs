//! The session's reserved seats, as a channel to the task that may ask the agent.
//!
//! The tests of joining put a table behind the same channel. PlayerSessionIds are the secret that players prove to
//! know: here they get a type that does not print itself.

use std::fmt;

use gse_sdk::{ErrorName, PlayerSessionFilter, PlayerSessionStatus, Players};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tracing::{debug, warn};

/// Requests that wait at most; more joins at a time wait for a place.
const REQUESTS: usize = 64;
/// Removals that wait at most. A session has at most 200 seats, and a seat that waits for its removal cannot be taken
/// again, so this is never full.
const REMOVALS: usize = 256;
/// Questions that the agent is asked at the same time. Anybody can cause one who says a name, so an honest player does
/// not wait behind a crowd of them.
const LOOKUPS: usize = 16;
/// Moments that wait to be told at most; a session has two.
const MILESTONES: usize = 4;

/// The secret of one reservation. Neither `Debug` nor anything else prints it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PlayerSessionId(String);

/// Asks about seats.
#[derive(Debug, Clone)]
pub(crate) struct Seats {
    requests: mpsc::Sender<SeatRequest>,
    removals: mpsc::Sender<PlayerSessionId>,
    milestones: mpsc::Sender<&'static str>,
}

/// What serves the seats.
#[derive(Debug)]
pub(crate) struct SeatRequests {
    pub(crate) requests: mpsc::Receiver<SeatRequest>,
    /// Players who left. Apart from the requests, so that a crowd of joins cannot keep seats from being freed.
    pub(crate) removals: mpsc::Receiver<PlayerSessionId>,
    /// Moments of the session's timeline.
    pub(crate) milestones: mpsc::Receiver<&'static str>,
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum SeatRequest {
    /// The reservations of this player that were not used yet.
    Reserved { player_id: String, answer: oneshot::Sender<Option<Vec<PlayerSessionId>>> },
    /// Uses a reservation up; false when that is not possible (any more).
    Accept { player_session_id: PlayerSessionId, answer: oneshot::Sender<bool> },
}

/// Seats and what serves them.
pub(crate) fn channel() -> (Seats, SeatRequests) {
    let (requests, served_requests) = mpsc::channel(REQUESTS);
    let (removals, served_removals) = mpsc::channel(REMOVALS);
    let (milestones, served_milestones) = mpsc::channel(MILESTONES);
    let served =
        SeatRequests { requests: served_requests, removals: served_removals, milestones: served_milestones };
    (Seats { requests, removals, milestones }, served)
}

impl Seats {
    /// The player's unused reservations; `None` when nobody can tell.
    pub(crate) async fn reserved(&self, player_id: &str) -> Option<Vec<PlayerSessionId>> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(SeatRequest::Reserved { player_id: player_id.to_owned(), answer }).await.ok()?;
        answered.await.ok()?
    }

    /// Uses a reservation up. False: the player must not be let in.
    pub(crate) async fn accept(&self, player_session_id: PlayerSessionId) -> bool {
        let (answer, answered) = oneshot::channel();
        let request = SeatRequest::Accept { player_session_id, answer };
        self.requests.send(request).await.is_ok() && answered.await.unwrap_or(false)
    }

    /// Names a moment of the session for its timeline. Waits for nothing, and nothing depends on it.
    pub(crate) fn tell_milestone(&self, name: &'static str) {
        // Full, or nobody serves the seats any more.
        let _ = self.milestones.try_send(name);
    }

    /// Frees a seat. Does not wait for it: the room must not stand still while the agent is slow.
    pub(crate) fn remove(&self, player_session_id: PlayerSessionId) {
        if self.removals.try_send(player_session_id).is_err() {
            // The session is over, and with it every seat.
            warn!("a seat is not freed: nobody serves the seats any more");
        }
    }
}

/// Serves the seats of a session from the agent, until nobody asks any more. Seats are given and freed one after the
/// other; who has one is looked up beside it.
pub(crate) async fn serve(players: Players, mut seats: SeatRequests) {
    let mut lookups = JoinSet::new();
    loop {
        tokio::select! {
            // Seats are freed before they are given.
            biased;
            Some(player_session_id) = seats.removals.recv() => remove(&players, &player_session_id).await,
            Some(_) = lookups.join_next() => {}
            request = seats.requests.recv(), if lookups.len() < LOOKUPS => match request {
                Some(SeatRequest::Reserved { player_id, answer }) => {
                    let players = players.clone();
                    lookups.spawn(async move {
                        // Who asked may have gone; then the answer is of no use to anybody.
                        let _ = answer.send(reserved(&players, player_id).await);
                    });
                }
                Some(SeatRequest::Accept { player_session_id, answer }) => {
                    accept(&players, player_session_id, answer).await;
                }
                // The room is gone; what it freed last is freed, unless the session is over before: then all seats are.
                None => break,
            },
            Some(name) = seats.milestones.recv() => tell(players.clone(), name),
        }
    }
    while let Some(player_session_id) = seats.removals.recv().await {
        remove(&players, &player_session_id).await;
    }
}

/// In a task of its own: seats do not wait for what nothing depends on.
fn tell(players: Players, name: &'static str) {
    tokio::spawn(async move {
        if let Err(error) = players.tell_milestone(name).await {
            debug!(error = %error.name, name, "a moment was not told");
        }
    });
}

/// Of the agent's errors only the name is logged: the detail may quote the PlayerSessionId.
async fn accept(players: &Players, player_session_id: PlayerSessionId, answer: oneshot::Sender<bool>) {
    let accepted = players.accept_player_session(&player_session_id.0).await;
    if let Err(error) = &accepted {
        warn!(error = %error.name, "AcceptPlayerSession failed");
    }
    let nobody_waits = answer.send(accepted.is_ok()).is_err();
    // Nobody else knows that this seat is taken now.
    if accepted.is_ok() && nobody_waits {
        remove(players, &player_session_id).await;
    }
}

async fn remove(players: &Players, player_session_id: &PlayerSessionId) {
    if let Err(error) = players.remove_player_session(&player_session_id.0).await {
        warn!(error = %error.name, "RemovePlayerSession failed");
    }
}

async fn reserved(players: &Players, player_id: String) -> Option<Vec<PlayerSessionId>> {
    let status = Some(PlayerSessionStatus::Reserved);
    let filter = PlayerSessionFilter { player_id: Some(player_id), status, ..PlayerSessionFilter::default() };
    match players.describe_player_sessions(filter).await {
        Ok(sessions) => {
            Some(sessions.into_iter().map(|session| PlayerSessionId(session.player_session_id)).collect())
        }
        Err(error) => {
            let refused_by_agent = error.name != ErrorName::ServiceCallFailed;
            warn!(error = %error.name, refused_by_agent, "DescribePlayerSessions failed");
            None
        }
    }
}

impl PlayerSessionId {
    #[cfg(test)]
    pub(crate) fn new(id: &str) -> PlayerSessionId {
        PlayerSessionId(id.to_owned())
    }

    /// The id itself, for making and checking proofs.
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlayerSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlayerSessionId(..)")
    }
}
