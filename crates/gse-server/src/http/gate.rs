//! What the listener takes on at a time. What is past a limit is refused, so that those who are served are served in
//! time, and memory has a bound.
//!
//! Calls alone wait for their turn, in the order in which they came, and only for a moment. To refuse a call costs half
//! of what it costs to serve one, so a service that is asked for several times what it can do would be busy refusing;
//! a call that waits costs nothing, and its connection asks for nothing else. There are never more of them than
//! connections.
//!
//! The semaphores guard nothing; they count. `packages` alone orders who touches a file (`packages.rs`).

use std::sync::Arc;
use std::time::Duration;

use gse_api::{ApiError, ErrorCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::metrics::CallCounts;
use super::rate::RateGate;
use crate::limits::Limits;
use crate::packages::Turns;

/// The limits of one listener, as far as they are shared by its connections.
pub struct Gate {
    pub(crate) rate: RateGate,
    pub(crate) packages: Turns,
    /// Of calls that were answered; they hold nobody back.
    pub(crate) counts: CallCounts,
    calls: Arc<Semaphore>,
    calls_wait: Duration,
    uploads: Arc<Semaphore>,
    held_bytes: Arc<Semaphore>,
}

/// Room that is given back when it is dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct Room(OwnedSemaphorePermit);

impl Gate {
    /// Nothing is taken on yet.
    pub fn new(limits: &Limits, rate: RateGate) -> Self {
        let room = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            rate,
            packages: Turns::new(),
            counts: CallCounts::default(),
            calls: room(limits.calls),
            calls_wait: limits.calls_wait,
            uploads: room(limits.uploads),
            held_bytes: room(limits.held_bytes),
        }
    }

    /// Room for a call that is worked on, as soon as it is its turn.
    pub(crate) async fn call(&self) -> Result<Room, ApiError> {
        if let Some(room) = take(&self.calls, 1) {
            return Ok(room);
        }
        let turn = tokio::time::timeout(self.calls_wait, Arc::clone(&self.calls).acquire_owned());
        match turn.await {
            Ok(room) => Ok(Room(room.expect("the semaphore is never closed"))),
            Err(_) => Err(too_many("The service works on as many calls as it can; call again later.")),
        }
    }

    /// Room for an upload.
    pub(crate) fn upload(&self) -> Option<Room> {
        take(&self.uploads, 1)
    }

    /// Room for bytes of a large body or answer.
    pub(crate) fn hold(&self, bytes: usize) -> Result<Room, ApiError> {
        let busy = "The service holds as many large requests and answers as it can; call again later.";
        take(&self.held_bytes, bytes).ok_or_else(|| too_many(busy))
    }
}

impl Room {
    /// Both, as one.
    pub(crate) fn join(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

fn take(room: &Arc<Semaphore>, count: usize) -> Option<Room> {
    let count = u32::try_from(count).ok()?;
    Arc::clone(room).try_acquire_many_owned(count).ok().map(Room)
}

/// The one code for every kind of too much (cloud-api.md 5): old clients call again after exactly this one (1.8).
pub(super) fn too_many(text: &str) -> ApiError {
    ApiError::new(ErrorCode::RequestLimitExceeded, text)
}
