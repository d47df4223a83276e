//! The thread behind the plugin: it owns the process, takes orders from systems, and tells what happened.

use std::sync::mpsc::Sender;

use tokio::sync::mpsc::Receiver;

use super::GseEvent;
use crate::builder::{ClientPort, SdkBuilder};
use crate::error::{ErrorName, GseError};
use crate::model::PlayerSessionCreationPolicy;
use crate::ready::{ProcessHandle, Ready};
use crate::session::{ActiveSession, StartRequested};

/// What a system wants.
#[derive(Debug)]
pub(super) enum Order {
    Activate,
    Terminate,
    Accept(String),
    Remove(String),
    Policy(PlayerSessionCreationPolicy),
    Report { current: u32, max: u32 },
    End,
}

/// What comes after a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    NextSession,
    End,
}

/// Lives until the process has ended: by an order, by the agent's wish, or with the app.
pub(super) fn run(builder: SdkBuilder<ClientPort>, orders: Receiver<Order>, events: Sender<GseEvent>) {
    let ended = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(live(builder, orders, &events)),
        Err(error) => {
            let text = format!("the system gives no runtime for the agent's callbacks: {error}");
            Err(GseError::new(ErrorName::InternalServiceException, text))
        }
    };
    tell(&events, GseEvent::Ended(ended));
}

/// The app may be gone; then nobody wants to know.
fn tell(events: &Sender<GseEvent>, event: GseEvent) {
    let _ = events.send(event);
}

async fn live(
    builder: SdkBuilder<ClientPort>,
    mut orders: Receiver<Order>,
    events: &Sender<GseEvent>,
) -> Result<(), GseError> {
    let mut ready = builder.ready().await?;
    tell(events, GseEvent::Ready);
    while host(&mut ready, &mut orders, events).await == Then::NextSession {}
    ready.ending().await
}

/// Waits for a session and hosts it.
async fn host(ready: &mut Ready, orders: &mut Receiver<Order>, events: &Sender<GseEvent>) -> Then {
    let mut handle = ready.handle();
    let starting = loop {
        let order = tokio::select! {
            starting = ready.next_session() => match starting {
                Some(starting) => break starting,
                None => {
                    // It was asked for, so this does not wait.
                    if let Some(asked) = handle.process_terminate().await {
                        tell(events, GseEvent::ProcessTerminate(asked));
                    }
                    return Then::End;
                }
            },
            order = orders.recv() => order,
        };
        match order {
            None | Some(Order::End) => return Then::End,
            Some(order) => between_sessions(&handle, order, events),
        }
    };
    tell(events, GseEvent::SessionStarting(starting.info().clone()));
    match prepare(starting, &handle, orders, events).await {
        Ok(session) => play(session, &handle, orders, events).await,
        Err(then) => then,
    }
}

/// Waits for the word to activate.
async fn prepare<'p>(
    starting: StartRequested<'p>,
    handle: &ProcessHandle,
    orders: &mut Receiver<Order>,
    events: &Sender<GseEvent>,
) -> Result<ActiveSession<'p>, Then> {
    loop {
        match orders.recv().await {
            None | Some(Order::End) => return Err(Then::End),
            Some(Order::Activate) => {
                return match starting.activate().await {
                    Ok(session) => {
                        tell(events, GseEvent::SessionActive(session.info().clone()));
                        Ok(session)
                    }
                    Err(error) => {
                        tell(events, GseEvent::SessionEnded(Err(error)));
                        Err(Then::NextSession)
                    }
                };
            }
            Some(Order::Terminate) => {
                tell(events, GseEvent::SessionEnded(starting.terminate().await));
                return Err(Then::NextSession);
            }
            Some(Order::Policy(policy)) => {
                if let Err(error) = starting.update_player_session_creation_policy(policy).await {
                    tell(events, GseEvent::CallFailed(error));
                }
            }
            Some(order) => between_sessions(handle, order, events),
        }
    }
}

/// Serves the active session until it is over.
async fn play(
    mut session: ActiveSession<'_>,
    handle: &ProcessHandle,
    orders: &mut Receiver<Order>,
    events: &Sender<GseEvent>,
) -> Then {
    let then = loop {
        let order = tokio::select! {
            order = orders.recv() => order,
            Some(asked) = session.process_terminate() => {
                tell(events, GseEvent::ProcessTerminate(asked));
                continue;
            }
        };
        let (players, events) = (session.players(), events.clone());
        match order {
            None | Some(Order::End) => break Then::End,
            Some(Order::Terminate) => break Then::NextSession,
            // Twice is harmless.
            Some(Order::Activate) => {}
            // Each in a task of its own: a slow answer for one player holds up nobody else.
            Some(Order::Accept(player_session_id)) => {
                tokio::spawn(async move {
                    let event = match players.accept_player_session(&player_session_id).await {
                        Ok(()) => GseEvent::Accepted { player_session_id },
                        Err(error) => GseEvent::NotAccepted { player_session_id, error },
                    };
                    tell(&events, event);
                });
            }
            Some(Order::Remove(player_session_id)) => {
                tokio::spawn(async move {
                    if let Err(error) = players.remove_player_session(&player_session_id).await {
                        tell(&events, GseEvent::CallFailed(error));
                    }
                });
            }
            // In order: the last word on the door counts.
            Some(Order::Policy(policy)) => {
                if let Err(error) = session.update_player_session_creation_policy(policy).await {
                    tell(&events, GseEvent::CallFailed(error));
                }
            }
            Some(order @ Order::Report { .. }) => between_sessions(handle, order, &events),
        }
    };
    tell(events, GseEvent::SessionEnded(session.terminate().await));
    then
}

/// Orders that need no session, and those that come too late for one.
fn between_sessions(handle: &ProcessHandle, order: Order, events: &Sender<GseEvent>) {
    let (handle, events) = (handle.clone(), events.clone());
    match order {
        Order::Report { current, max } => {
            tokio::spawn(async move {
                if let Err(error) = handle.report_custom_data(current, max).await {
                    tell(&events, GseEvent::CallFailed(error));
                }
            });
        }
        Order::Accept(player_session_id) => {
            let text = "no session is active";
            let error = GseError::new(ErrorName::GameServerSessionNotReady, text);
            tell(&events, GseEvent::NotAccepted { player_session_id, error });
        }
        // The session that they meant is over.
        Order::Activate | Order::Terminate | Order::Remove(_) | Order::Policy(_) | Order::End => {}
    }
}
