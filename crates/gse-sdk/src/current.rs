//! The session that this process hosts right now.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::GameServerSession;

/// Shared by the callback server, the process and its sessions. Locked for an assignment only.
#[derive(Debug, Default)]
pub(crate) struct CurrentSession(Mutex<Option<Arc<GameServerSession>>>);

impl CurrentSession {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<GameServerSession>>> {
        // No code can panic while it holds the lock, and the value is whole at every moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, session: Arc<GameServerSession>) {
        *self.lock() = Some(session);
    }

    /// Forgets `ended`, unless the agent has already handed over the next session: it may do so as soon as it has
    /// answered the end of the last one, and that answer can be read later than the callback.
    pub(crate) fn clear(&self, ended: &Arc<GameServerSession>) {
        let mut current = self.lock();
        if current.as_ref().is_some_and(|session| Arc::ptr_eq(session, ended)) {
            *current = None;
        }
    }

    pub(crate) fn id(&self) -> Option<String> {
        self.lock().as_ref().map(|session| session.game_server_session_id.clone())
    }
}
