//! The session's reserved seats, as a channel to the task that may ask the agent.
//!
//! The tests of joining put a table behind the same channel. PlayerSessionIds are the secret that players prove to
//! know: here they get a type that does not print itself.

use std::fmt;

use gse_sdk::{ErrorName, PlayerSessionFilter, PlayerSessionStatus, Players};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

/// Requests that wait at most; more joins at a time wait for a place.
const REQUESTS: usize = 64;

/// The secret of one reservation. Neither `Debug` nor anything else prints it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PlayerSessionId(String);

/// Asks about seats.
#[derive(Debug, Clone)]
pub(crate) struct Seats {
    requests: mpsc::Sender<SeatRequest>,
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum SeatRequest {
    /// The reservations of this player that were not used yet.
    Reserved { player_id: String, answer: oneshot::Sender<Option<Vec<PlayerSessionId>>> },
    /// Uses a reservation up; false when that is not possible (any more).
    Accept { player_session_id: PlayerSessionId, answer: oneshot::Sender<bool> },
    /// The player left.
    Remove { player_session_id: PlayerSessionId },
}

/// Seats and what serves them.
pub(crate) fn channel() -> (Seats, mpsc::Receiver<SeatRequest>) {
    let (requests, served) = mpsc::channel(REQUESTS);
    (Seats { requests }, served)
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

    /// Frees a seat. Does not wait for it: the room must not stand still while the agent is slow. When so many
    /// requests wait that this one is dropped, the seat is freed with the end of the session.
    pub(crate) fn remove(&self, player_session_id: PlayerSessionId) {
        if self.requests.try_send(SeatRequest::Remove { player_session_id }).is_err() {
            warn!("a seat is not freed before the end of the session: too many requests to the agent wait");
        }
    }
}

/// Serves the seats of a session from the agent, until nobody asks any more.
pub(crate) async fn serve(players: Players, mut requests: mpsc::Receiver<SeatRequest>) {
    while let Some(request) = requests.recv().await {
        // Who asked may have gone; then the answer is of no use to anybody. Of the agent's errors only the name is
        // logged: the detail may quote the PlayerSessionId.
        match request {
            SeatRequest::Reserved { player_id, answer } => {
                let _ = answer.send(reserved(&players, player_id).await);
            }
            SeatRequest::Accept { player_session_id, answer } => {
                let accepted = players.accept_player_session(&player_session_id.0).await;
                if let Err(error) = &accepted {
                    warn!(error = %error.name, "AcceptPlayerSession failed");
                }
                let _ = answer.send(accepted.is_ok());
            }
            SeatRequest::Remove { player_session_id } => {
                if let Err(error) = players.remove_player_session(&player_session_id.0).await {
                    warn!(error = %error.name, "RemovePlayerSession failed");
                }
            }
        }
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
