//! The agent as gse-wrap sees it: what it says arrives as events, what is said to it are four calls.
//!
//! A task owns what the SDK gives, because the SDK's types follow the life of a session and the loop in `wrap.rs`
//! follows the program's.

use anyhow::{Context as _, Result, anyhow};
use gse_sdk::{
    ActiveSession, Event, GameServerBuilder, GameServerSession, Players, Process, StartingSession,
};
use tokio::sync::{mpsc, oneshot};

/// More than ever waits: one session, and what a step of the loop misses of requests to end.
const WAITING: usize = 16;

/// Something that the agent asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Host this session.
    Host(Box<GameServerSession>),
    /// Come to an end.
    Terminate,
}

/// A ready process.
#[derive(Debug)]
pub(crate) struct Agent {
    asked: mpsc::Receiver<Asked>,
    told: mpsc::Sender<Told>,
}

#[derive(Debug)]
enum Told {
    Activate(oneshot::Sender<Result<Players>>),
    Terminate(oneshot::Sender<Result<()>>),
    End(oneshot::Sender<Result<()>>),
}

enum Hosted {
    Nothing,
    Starting(StartingSession),
    Active(ActiveSession),
}

impl Agent {
    /// ProcessReady.
    pub(crate) async fn ready(process: GameServerBuilder<gse_sdk::ClientPort>) -> Result<Self> {
        let process = process.ready().await.context("the agent does not take this process")?;
        let (asks, asked) = mpsc::channel(WAITING);
        let (told, tells) = mpsc::channel(WAITING);
        tokio::spawn(serve(process, asks, tells));
        Ok(Self { asked, told })
    }

    /// What it asks for next; nothing when it cannot ask any more. Cancel safe.
    pub(crate) async fn asked(&mut self) -> Option<Asked> {
        self.asked.recv().await
    }

    /// ActivateGameServerSession, for the session that was handed over last.
    pub(crate) async fn activate(&self) -> Result<Players> {
        self.tell(Told::Activate).await
    }

    /// TerminateGameServerSession. A session that cannot be terminated ends with the process.
    pub(crate) async fn terminate_session(&self) -> Result<()> {
        self.tell(Told::Terminate).await
    }

    /// ProcessEnding. Nothing comes after it.
    pub(crate) async fn end(self) -> Result<()> {
        self.tell(Told::End).await
    }

    async fn tell<T>(&self, what: impl FnOnce(oneshot::Sender<Result<T>>) -> Told) -> Result<T> {
        let (reply, replied) = oneshot::channel();
        let gone = || anyhow!("the agent cannot be called any more");
        self.told.send(what(reply)).await.map_err(|_| gone())?;
        replied.await.map_err(|_| gone())?
    }
}

/// Until the end, or until nobody listens any more.
async fn serve(mut process: Process, asks: mpsc::Sender<Asked>, mut tells: mpsc::Receiver<Told>) {
    let mut hosted = Hosted::Nothing;
    loop {
        tokio::select! {
            event = process.next_event() => {
                let asked = match event {
                    Some(Event::StartGameServerSession(starting)) => {
                        let session = Box::new(starting.info().clone());
                        hosted = Hosted::Starting(starting);
                        Asked::Host(session)
                    }
                    Some(Event::ProcessTerminate(_)) => Asked::Terminate,
                    None => return,
                };
                // Never waits, for who reads this may be waiting for a reply. A session is asked for one at a time, so
                // what finds no room is one of many requests to end.
                let _ = asks.try_send(asked);
            }
            // A reply that nobody waits for is one whose asker has gone.
            told = tells.recv() => match told {
                Some(Told::Activate(reply)) => drop(reply.send(activate(&mut hosted).await)),
                Some(Told::Terminate(reply)) => drop(reply.send(terminate(&mut hosted).await)),
                Some(Told::End(reply)) => {
                    let ended = process.ending().await.context("the agent does not take the end");
                    let _ = reply.send(ended);
                    return;
                }
                None => return,
            },
        }
    }
}

async fn activate(hosted: &mut Hosted) -> Result<Players> {
    match std::mem::replace(hosted, Hosted::Nothing) {
        Hosted::Starting(starting) => {
            let session = starting.activate().await.map_err(|refused| anyhow!("{refused}"))?;
            let players = session.players();
            *hosted = Hosted::Active(session);
            Ok(players)
        }
        other @ (Hosted::Nothing | Hosted::Active(_)) => {
            *hosted = other;
            Err(anyhow!("no session waits to be activated"))
        }
    }
}

async fn terminate(hosted: &mut Hosted) -> Result<()> {
    match std::mem::replace(hosted, Hosted::Nothing) {
        Hosted::Nothing => Ok(()),
        Hosted::Starting(session) => session.terminate().await.map_err(|refused| anyhow!("{refused}")),
        Hosted::Active(session) => session.terminate().await.map_err(|refused| anyhow!("{refused}")),
    }
}
