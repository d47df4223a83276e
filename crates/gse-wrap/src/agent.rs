//! The agent as gse-wrap sees it: what it says arrives as events, what is said to it are four calls.
//!
//! A task owns what the SDK gives, because the SDK's types follow the life of a session and the loop in `wrap.rs`
//! follows the program's.

use anyhow::{Context as _, Result, anyhow};
use gse_sdk::{ActiveSession, GameServerSession, Players, ProcessHandle, Ready, SdkBuilder, StartRequested};
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

/// What comes after a session, or instead of one.
#[derive(Debug)]
enum Then {
    NextSession,
    End(oneshot::Sender<Result<()>>),
    /// Nobody listens any more, or nothing can come any more.
    Gone,
}

impl Agent {
    /// ProcessReady.
    pub(crate) async fn ready(process: SdkBuilder<gse_sdk::ClientPort>) -> Result<Self> {
        let ready = process.ready().await.context("the agent does not take this process")?;
        let (asks, asked) = mpsc::channel(WAITING);
        let (told, tells) = mpsc::channel(WAITING);
        tokio::spawn(serve(ready, Line { asks, tells }));
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

/// Both directions between the loop and the task.
#[derive(Debug)]
struct Line {
    asks: mpsc::Sender<Asked>,
    tells: mpsc::Receiver<Told>,
}

impl Line {
    /// Never waits, for who reads this may be waiting for a reply. A session is asked for one at a time, so what finds
    /// no room is one of many requests to end.
    fn ask(&self, asked: Asked) {
        let _ = self.asks.try_send(asked);
    }

    /// What is told next; requests to end are passed on meanwhile. Nothing when the agent cannot ask any more, or
    /// nobody listens.
    async fn told(&mut self, handle: &mut ProcessHandle) -> Option<Told> {
        loop {
            tokio::select! {
                asked = handle.process_terminate() => match asked {
                    Some(_) => self.ask(Asked::Terminate),
                    None => return None,
                },
                told = self.tells.recv() => return told,
            }
        }
    }
}

/// Until the end, or until nobody listens any more.
async fn serve(mut ready: Ready, mut line: Line) {
    // One for all sessions: each request to end is heard once.
    let mut handle = ready.handle();
    loop {
        match host(&mut ready, &mut handle, &mut line).await {
            Then::NextSession => {}
            Then::End(reply) => {
                let ended = ready.ending().await.context("the agent does not take the end");
                // A reply that nobody waits for is one whose asker has gone.
                let _ = reply.send(ended);
                return;
            }
            Then::Gone => return,
        }
    }
}

/// Waits for a session and serves it to its end.
async fn host(ready: &mut Ready, handle: &mut ProcessHandle, line: &mut Line) -> Then {
    let mut more = true;
    let starting = loop {
        let told = tokio::select! {
            next = ready.next_session(), if more => match next {
                Some(starting) => break starting,
                // The request to end comes by the handle.
                None => {
                    more = false;
                    continue;
                }
            },
            told = line.told(handle) => told,
        };
        match told {
            Some(Told::Activate(reply)) => drop(reply.send(Err(anyhow!("no session waits to be activated")))),
            Some(Told::Terminate(reply)) => drop(reply.send(Ok(()))),
            Some(Told::End(reply)) => return Then::End(reply),
            None => return Then::Gone,
        }
    };
    line.ask(Asked::Host(Box::new(starting.info().clone())));
    match activated(starting, handle, line).await {
        Ok(session) => terminated(session, handle, line).await,
        Err(then) => then,
    }
}

async fn activated<'p>(
    starting: StartRequested<'p>,
    handle: &mut ProcessHandle,
    line: &mut Line,
) -> Result<ActiveSession<'p>, Then> {
    match line.told(handle).await {
        Some(Told::Activate(reply)) => match starting.activate().await {
            Ok(session) => {
                let _ = reply.send(Ok(session.players()));
                Ok(session)
            }
            Err(error) => {
                let _ = reply.send(Err(error.into()));
                Err(Then::NextSession)
            }
        },
        Some(Told::Terminate(reply)) => {
            let _ = reply.send(starting.terminate().await.map_err(Into::into));
            Err(Then::NextSession)
        }
        Some(Told::End(reply)) => Err(Then::End(reply)),
        None => Err(Then::Gone),
    }
}

async fn terminated(session: ActiveSession<'_>, handle: &mut ProcessHandle, line: &mut Line) -> Then {
    loop {
        match line.told(handle).await {
            Some(Told::Activate(reply)) => drop(reply.send(Err(anyhow!("no session waits to be activated")))),
            Some(Told::Terminate(reply)) => {
                let _ = reply.send(session.terminate().await.map_err(Into::into));
                return Then::NextSession;
            }
            Some(Told::End(reply)) => return Then::End(reply),
            None => return Then::Gone,
        }
    }
}
