//! Stays known to the agent: a process that nobody has called for long announces itself again.
//!
//! An idle process makes no calls, so it would never notice that the agent beside it was started anew and does not
//! know it any more. The agent asks for the health of every process that it knows once a minute; silence over three
//! of these, and ProcessReady is repeated with the same parameters, which the contract allows at any time (4.3, 4.4)
//! but after OnProcessTerminate.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::agent::Agent;
use crate::callback::Inbox;
use crate::current::CurrentSession;

/// Three health checks (3.1) and some.
const SILENCE: Duration = Duration::from_secs(200);

/// The task that listens for silence. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Presence(AbortHandle);

impl Presence {
    pub(crate) fn watch(agent: &Arc<Agent>, current: &Arc<CurrentSession>, inbox: &Inbox) -> Self {
        let (agent, current) = (Arc::downgrade(agent), Arc::downgrade(current));
        let (heard, terminations) = (inbox.heard.clone(), inbox.terminations.clone());
        Self(tokio::spawn(listen(agent, current, heard, terminations)).abort_handle())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn listen(
    agent: Weak<Agent>,
    current: Weak<CurrentSession>,
    mut heard: watch::Receiver<Instant>,
    terminations: watch::Receiver<Option<i64>>,
) {
    let mut quiet_since = *heard.borrow_and_update();
    loop {
        tokio::select! {
            changed = heard.changed() => match changed {
                Ok(()) => quiet_since = *heard.borrow_and_update(),
                // The callback server has ended, and nobody could call this process any more.
                Err(_) => return,
            },
            () = sleep_until(quiet_since + SILENCE) => {
                quiet_since = Instant::now();
                let (Some(agent), Some(current)) = (agent.upgrade(), current.upgrade()) else { return };
                let told_to_end = terminations.borrow().is_some();
                if !told_to_end && current.id().is_none() {
                    // Refused or not answered: tried again after the next silence.
                    let _ = agent.announce_again().await;
                }
            }
        }
    }
}
