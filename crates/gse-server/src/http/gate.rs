//! What the listener takes on at a time. Nobody waits here: what is past a limit is refused at once, so that those who
//! are served are served in time, and memory has a bound.
//!
//! The semaphores guard nothing and are never waited for; they count.

use std::sync::Arc;

use gse_api::{ApiError, ErrorCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::rate::RateGate;
use crate::limits::Limits;

/// The limits of one listener, as far as they are shared by its connections.
pub struct Gate {
    pub(crate) rate: RateGate,
    calls: Arc<Semaphore>,
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
            calls: room(limits.calls),
            uploads: room(limits.uploads),
            held_bytes: room(limits.held_bytes),
        }
    }

    /// Room for a call that is worked on.
    pub(crate) fn call(&self) -> Result<Room, ApiError> {
        let busy = "The service works on as many calls as it can; call again later.";
        take(&self.calls, 1).ok_or_else(|| too_many(busy))
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
