//! A plugin for servers written with bevy (feature `bevy`): the same life cycle as resources and messages.
//!
//! A thread of the SDK owns the process; systems never wait. What may be done now is a resource that exists now:
//! [`GseStarting`] while a session waits for its activation, [`GseSession`] while players may be accepted. A system
//! that takes `Res<GseSession>` under `run_if(resource_exists::<GseSession>)` cannot run too early or too late.
//!
//! ```no_run
//! # #[cfg(feature = "bevy")] {
//! use bevy_app::{App, AppExit, ScheduleRunnerPlugin, Update};
//! use bevy_ecs::prelude::*;
//! use gse_sdk::Sdk;
//! use gse_sdk::bevy::{GseEvent, GsePlugin, GseStarting};
//!
//! fn load(starting: Res<GseStarting>) {
//!     println!("loading {:?}", starting.info().properties().get("map"));
//!     // Again in the next frame is harmless; the resource is gone once the session is active.
//!     let _ = starting.activate();
//! }
//!
//! fn follow(mut events: MessageReader<GseEvent>, mut exit: MessageWriter<AppExit>) {
//!     for event in events.read() {
//!         match event {
//!             GseEvent::Accepted { player_session_id } => println!("{player_session_id} may come in"),
//!             GseEvent::Ended(_) => {
//!                 exit.write(AppExit::Success);
//!             }
//!             other => println!("{other:?}"),
//!         }
//!     }
//! }
//!
//! App::new()
//!     .add_plugins(ScheduleRunnerPlugin::default())
//!     .add_plugins(GsePlugin::new(Sdk::builder().client_port(3237)))
//!     .add_systems(Update, (load.run_if(resource_exists::<GseStarting>), follow))
//!     .run();
//! # }
//! ```

mod driver;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;

use bevy_app::{App, Plugin, PreUpdate};
use bevy_ecs::message::{Message, MessageWriter};
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Commands, Res};
use tokio::sync::mpsc;

use self::driver::Order;
use crate::builder::{ClientPort, SdkBuilder};
use crate::error::{ErrorName, GseError};
use crate::model::{GameServerSession, PlayerSessionCreationPolicy};
use crate::ready::ProcessTerminate;

/// Calls that wait for the agent at most; a session has at most 200 seats.
const ORDERS: usize = 1024;
/// When the app goes away, the agent is told so for at most this long.
const LAST_WORD: Duration = Duration::from_secs(3);

/// Announces the process when the app is built, and keeps it known until the app ends. The [module](self) has a whole
/// server.
///
/// ```no_run
/// # #[cfg(feature = "bevy")]
/// bevy_app::App::new().add_plugins(gse_sdk::bevy::GsePlugin::new(gse_sdk::Sdk::builder().client_port(3237)));
/// ```
pub struct GsePlugin {
    builder: Mutex<Option<SdkBuilder<ClientPort>>>,
}

impl fmt::Debug for GsePlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GsePlugin").finish_non_exhaustive()
    }
}

impl GsePlugin {
    /// A process as the builder describes it; also one of [`Detected::builder`](crate::Detected::builder).
    pub fn new(builder: SdkBuilder<ClientPort>) -> Self {
        Self { builder: Mutex::new(Some(builder)) }
    }
}

impl Plugin for GsePlugin {
    fn build(&self, app: &mut App) {
        // An app builds a plugin once.
        let builder = self.builder.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(builder) = builder else { return };
        let (orders, from_app) = mpsc::channel(ORDERS);
        let (to_app, events) = std_mpsc::channel();
        let (over, is_over) = std_mpsc::channel();
        let thread = thread::Builder::new().name("gse-sdk".into());
        let failed = to_app.clone();
        let spawned = thread.spawn(move || {
            driver::run(builder, from_app, to_app);
            // Nobody waits unless the app is being dropped.
            let _ = over.send(());
        });
        if let Err(error) = spawned {
            let text = format!("the system gives no thread for the agent's callbacks: {error}");
            // The receiver is in this function.
            let _ =
                failed.send(GseEvent::Ended(Err(GseError::new(ErrorName::InternalServiceException, text))));
        }
        app.add_message::<GseEvent>()
            .insert_resource(Gse {
                orders: Some(orders),
                events: Mutex::new(events),
                is_over: Mutex::new(is_over),
            })
            .add_systems(PreUpdate, receive);
    }
}

/// What happened; written in `PreUpdate`.
///
/// ```no_run
/// # #[cfg(feature = "bevy")] {
/// use bevy_ecs::message::MessageReader;
/// use gse_sdk::bevy::GseEvent;
///
/// fn turn_away(mut events: MessageReader<GseEvent>) {
///     for event in events.read() {
///         if let GseEvent::NotAccepted { error, .. } = event {
///             println!("turned away: {}", error.name);
///         }
///     }
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Message)]
pub enum GseEvent {
    /// The agent knows the process.
    Ready,
    /// A session waits to be activated, and [`GseStarting`] exists.
    SessionStarting(GameServerSession),
    /// Players may be accepted, and [`GseSession`] exists.
    SessionActive(GameServerSession),
    /// The session is over, and its resources are gone. The error, if the agent refused the last step.
    SessionEnded(Result<(), GseError>),
    /// A ticket was good: the player may come in.
    Accepted {
        /// The ticket.
        player_session_id: String,
    },
    /// A ticket was not good, or could not be checked: do not let the player in.
    NotAccepted {
        /// The ticket.
        player_session_id: String,
        /// Why; `UNEXPECTED_PLAYER_SESSION` for a bad ticket.
        error: GseError,
    },
    /// Another call failed.
    CallFailed(GseError),
    /// The agent asks the process to finish. Terminate the session when it suits the game; an idle process ends by
    /// itself.
    ProcessTerminate(ProcessTerminate),
    /// The process is over, for the agent; nothing follows. Leave the app. The error, if ProcessReady or ProcessEnding
    /// failed.
    Ended(Result<(), GseError>),
}

/// The process. It exists from the start; dropping it with the app tells the agent that the process ends.
///
/// ```no_run
/// # #[cfg(feature = "bevy")]
/// fn report(gse: bevy_ecs::system::Res<gse_sdk::bevy::Gse>) {
///     let _ = gse.report_custom_data(3, 10);
/// }
/// ```
#[derive(Debug, Resource)]
pub struct Gse {
    /// `None` only while it is dropped.
    orders: Option<mpsc::Sender<Order>>,
    events: Mutex<std_mpsc::Receiver<GseEvent>>,
    is_over: Mutex<std_mpsc::Receiver<()>>,
}

impl Drop for Gse {
    fn drop(&mut self) {
        self.orders = None;
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        // Told, too slow, or gone already: the app ends in any case.
        let _ = is_over.recv_timeout(LAST_WORD);
    }
}

impl Gse {
    /// See [`ProcessHandle::report_custom_data`](crate::ProcessHandle::report_custom_data); a failure comes as
    /// [`GseEvent::CallFailed`].
    ///
    /// # Errors
    /// `SERVICE_CALL_FAILED`: too many calls wait, or the process is over.
    pub fn report_custom_data(&self, current: u32, max: u32) -> Result<(), GseError> {
        give(self.orders.as_ref(), Order::Report { current, max })
    }

    /// Ends the process (ProcessEnding); [`GseEvent::Ended`] follows.
    ///
    /// # Errors
    /// `SERVICE_CALL_FAILED`: too many calls wait, or the process is over.
    pub fn end(&self) -> Result<(), GseError> {
        give(self.orders.as_ref(), Order::End)
    }
}

/// A session that does not take players yet. It exists until [`GseEvent::SessionActive`] or `SessionEnded`.
///
/// ```no_run
/// # #[cfg(feature = "bevy")]
/// fn load(starting: bevy_ecs::system::Res<gse_sdk::bevy::GseStarting>) {
///     let _ = starting.activate();
/// }
/// ```
#[derive(Debug, Resource)]
pub struct GseStarting {
    info: GameServerSession,
    orders: mpsc::Sender<Order>,
    /// Systems ask every frame; the agent is asked once.
    asked: AtomicBool,
}

impl GseStarting {
    /// What the agent said about the session.
    pub fn info(&self) -> &GameServerSession {
        &self.info
    }

    /// See [`StartRequested::activate`](crate::StartRequested::activate). Only the first word counts, so it may be said
    /// every frame.
    ///
    /// # Errors
    /// `SERVICE_CALL_FAILED`: too many calls wait, or the process is over.
    pub fn activate(&self) -> Result<(), GseError> {
        give_once(&self.asked, &self.orders, Order::Activate)
    }

    /// Gives the session up, unless it was activated before.
    ///
    /// # Errors
    /// As above.
    pub fn terminate(&self) -> Result<(), GseError> {
        give_once(&self.asked, &self.orders, Order::Terminate)
    }
}

/// A session that takes players. It exists until [`GseEvent::SessionEnded`].
///
/// ```no_run
/// # #[cfg(feature = "bevy")]
/// fn join(session: bevy_ecs::system::Res<gse_sdk::bevy::GseSession>) {
///     let _ = session.accept_player_session("psess-1"); // GseEvent::Accepted or NotAccepted follows
/// }
/// ```
#[derive(Debug, Resource)]
pub struct GseSession {
    info: GameServerSession,
    orders: mpsc::Sender<Order>,
    terminated: AtomicBool,
}

impl GseSession {
    /// What the agent said about the session.
    pub fn info(&self) -> &GameServerSession {
        &self.info
    }

    /// Checks a ticket and uses it up; [`GseEvent::Accepted`] or [`GseEvent::NotAccepted`] follows.
    ///
    /// # Errors
    /// `SERVICE_CALL_FAILED`: too many calls wait, or the process is over.
    pub fn accept_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        give(Some(&self.orders), Order::Accept(player_session_id.to_owned()))
    }

    /// Frees the seat of a player who left; a failure comes as [`GseEvent::CallFailed`].
    ///
    /// # Errors
    /// As above.
    pub fn remove_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        give(Some(&self.orders), Order::Remove(player_session_id.to_owned()))
    }

    /// Opens or closes the door for new joins; a failure comes as [`GseEvent::CallFailed`].
    ///
    /// # Errors
    /// As above.
    pub fn update_player_session_creation_policy(
        &self,
        policy: PlayerSessionCreationPolicy,
    ) -> Result<(), GseError> {
        give(Some(&self.orders), Order::Policy(policy))
    }

    /// Ends the session; [`GseEvent::SessionEnded`] follows. Twice is harmless.
    ///
    /// # Errors
    /// As above.
    pub fn terminate(&self) -> Result<(), GseError> {
        give_once(&self.terminated, &self.orders, Order::Terminate)
    }
}

fn give(orders: Option<&mpsc::Sender<Order>>, order: Order) -> Result<(), GseError> {
    let given = orders.is_some_and(|orders| orders.try_send(order).is_ok());
    let refused = || format!("the process is over, or `{ORDERS}` calls wait for the agent");
    if given { Ok(()) } else { Err(GseError::service_call_failed(refused())) }
}

/// The first of these orders; later ones mean the same.
fn give_once(given: &AtomicBool, orders: &mpsc::Sender<Order>, order: Order) -> Result<(), GseError> {
    if given.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let result = give(Some(orders), order);
    if result.is_err() {
        given.store(false, Ordering::Relaxed);
    }
    result
}

/// Turns what the thread told into messages, and keeps the resources in step with them.
fn receive(gse: Res<'_, Gse>, mut commands: Commands<'_, '_>, mut messages: MessageWriter<'_, GseEvent>) {
    let Some(orders) = &gse.orders else { return };
    let events = gse.events.lock().unwrap_or_else(PoisonError::into_inner);
    for event in events.try_iter() {
        match &event {
            GseEvent::SessionStarting(info) => {
                commands.insert_resource(GseStarting {
                    info: info.clone(),
                    orders: orders.clone(),
                    asked: AtomicBool::new(false),
                });
            }
            GseEvent::SessionActive(info) => {
                commands.remove_resource::<GseStarting>();
                commands.insert_resource(GseSession {
                    info: info.clone(),
                    orders: orders.clone(),
                    terminated: AtomicBool::new(false),
                });
            }
            GseEvent::SessionEnded(_) | GseEvent::Ended(_) => {
                commands.remove_resource::<GseStarting>();
                commands.remove_resource::<GseSession>();
            }
            GseEvent::Ready
            | GseEvent::Accepted { .. }
            | GseEvent::NotAccepted { .. }
            | GseEvent::CallFailed(_)
            | GseEvent::ProcessTerminate(_) => {}
        }
        messages.write(event);
    }
}

#[cfg(test)]
mod tests;
