//! The bridge between the app and the thread that owns the connection: one resource with two channels.
//!
//! The app never waits for the network: it takes what has arrived before each frame and hands over what is to be
//! sent. Dropping the resource leaves the session, closes the connection and joins the thread.

use std::{thread::JoinHandle, time::Duration};

use bevy::prelude::*;
use bytes::Bytes;
#[cfg(doc)]
use game_net::protocol::RESUME_WITHIN_SECONDS;
use game_net::protocol::{ClientMessage, Hosting, ServerMessage};
use tokio::sync::mpsc::{self, error::TryRecvError};

use crate::{errand, lookup::Place, options::Destination};

mod thread;

/// Room for what one frame sends; sixty datagrams a second are one a frame.
const OUTGOING_MAX: usize = 256;
/// Room for what arrives while a frame takes long; the thread waits when it is full.
const INCOMING_MAX: usize = 1024;

/// What comes from the connection, in order.
#[derive(Message, Clone, Debug, PartialEq)]
pub(crate) enum Received {
    /// A seat is being looked for; how far that is, in words.
    Searching {
        /// For the player.
        news: String,
    },
    /// No seat is wanted: this is about watching. Comes before the Welcome.
    Watching,
    /// There is a seat, and here it is.
    Placed(Place),
    /// The server proved that it knows the player session or the spectator key, and let the player in.
    Welcome {
        /// What happens in this session.
        hosting: Hosting,
    },
    /// The connection is lost; it is tried to get it back, for [`RESUME_WITHIN_SECONDS`].
    Lost,
    /// It is there again. In a match, a MatchStart follows.
    Resumed,
    /// Something reliable. Never a Welcome and never a refusal.
    Message(ServerMessage),
    /// A datagram, not looked at.
    Datagram(Bytes),
    /// How the line is now, about once a second.
    Line {
        /// The round-trip time.
        rtt: Duration,
        /// How many of the packets sent in the last ten seconds were lost, of a hundred.
        loss_percent: f32,
    },
    /// The player is not in; the last thing that comes.
    Refused {
        /// Why, in words.
        reason: String,
    },
    /// There is no connection any more, or never was; the last thing that comes.
    Closed {
        /// Why, in words.
        reason: String,
    },
}

/// What goes to the connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outgoing {
    /// On the stream.
    Message(ClientMessage),
    /// In a datagram.
    Datagram(Vec<u8>),
}

/// The two channels, and the thread at their other end.
#[derive(Resource)]
pub(crate) struct Link {
    outgoing: Option<mpsc::Sender<Outgoing>>,
    incoming: mpsc::Receiver<Received>,
    thread: Option<JoinHandle<()>>,
    /// Nothing comes any more, and that was told.
    is_over: bool,
}

impl Link {
    /// Starts to connect. What becomes of it arrives as [`Received`].
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(destination: Destination, player_id: String) -> std::io::Result<Link> {
        Link::over(move |to_app, from_app| thread::run(destination, player_id, to_app, from_app))
    }

    /// A link whose other end is this work on a thread of its own. If that panics, the app is told why.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn over(
        work: impl FnOnce(mpsc::Sender<Received>, mpsc::Receiver<Outgoing>) + Send + 'static,
    ) -> std::io::Result<Link> {
        let (outgoing, from_app) = mpsc::channel(OUTGOING_MAX);
        let (to_app, incoming) = mpsc::channel(INCOMING_MAX);
        let last = to_app.clone();
        let tell = move |reason| {
            // The app may be gone by now; then there is nobody to tell.
            drop(last.blocking_send(Received::Closed { reason }));
        };
        let thread = errand::spawn("net", move || work(to_app, from_app), tell)?;
        Ok(Link { outgoing: Some(outgoing), incoming, thread: Some(thread), is_over: false })
    }

    /// No connection, and none to come.
    pub(crate) fn idle() -> Link {
        let (_, incoming) = mpsc::channel(1);
        Link { outgoing: None, incoming, thread: None, is_over: true }
    }

    /// Whether there is a connection, or one to come.
    pub(crate) fn is_there(&self) -> bool {
        !self.is_over
    }

    /// A link without a thread and without a connection: the other ends of its channels are returned.
    #[cfg(test)]
    pub(crate) fn in_memory() -> (Link, mpsc::Sender<Received>, mpsc::Receiver<Outgoing>) {
        let (outgoing, from_app) = mpsc::channel(OUTGOING_MAX);
        let (to_app, incoming) = mpsc::channel(INCOMING_MAX);
        let link = Link { outgoing: Some(outgoing), incoming, thread: None, is_over: false };
        (link, to_app, from_app)
    }

    /// What has arrived, if anything. A thread that ended without a last word is told as [`Received::Closed`], once.
    pub(crate) fn try_receive(&mut self) -> Option<Received> {
        if self.is_over {
            return None;
        }
        let received = match self.incoming.try_recv() {
            Ok(received) => received,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Received::Closed { reason: errand::stopped(None) },
        };
        self.is_over = matches!(received, Received::Refused { .. } | Received::Closed { .. });
        Some(received)
    }

    /// Leaves the session without making anybody wait for the goodbye.
    pub(crate) fn leave(self) -> Option<JoinHandle<()>> {
        self.thread.as_ref()?;
        std::thread::Builder::new().name("leaving".to_owned()).spawn(move || drop(self)).ok()
    }

    /// Hands over something to be sent. It is dropped when the thread is gone or far behind: a datagram may get
    /// lost anyway, and a lost connection is reported as [`Received::Closed`].
    pub(crate) fn send(&self, outgoing: Outgoing) {
        if let Some(sender) = &self.outgoing
            && sender.try_send(outgoing).is_err()
        {
            tracing::debug!("nobody takes what is to be sent");
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The thread leaves the session when nobody can tell it anything any more ...
        self.outgoing = None;
        // ... and must not wait for somebody to take what arrives meanwhile.
        self.incoming.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the net thread panicked");
        }
    }
}

/// Turns what has arrived into messages of the app, before anything else in a frame.
pub(crate) fn plugin(app: &mut App) {
    app.add_message::<Received>().add_systems(PreUpdate, receive);
}

pub(crate) fn receive(mut link: ResMut<Link>, mut received: MessageWriter<Received>) {
    while let Some(next) = link.try_receive() {
        received.write(next);
    }
}

#[cfg(test)]
mod tests;
