//! Server SDK: what a Rust game server links to run on GSE.
//!
//! The life cycle is in the types, so that a wrong order does not compile: a [`GameServer::builder`] becomes a
//! [`Process`], its events bring a [`StartingSession`], which becomes an [`ActiveSession`], which ends.
//! The agent's callbacks are events that you read; the SDK answers the agent for you.
//!
//! ```no_run
//! use gse_sdk::{Event, GameServer};
//!
//! # async fn play(players: gse_sdk::Players) {}
//! # async fn example() -> Result<(), gse_sdk::GseError> {
//! let port = 3237; // where your own socket is bound already
//! let mut process = GameServer::builder().client_port(port).log_path("./logs").ready().await?;
//! while let Some(event) = process.next_event().await {
//!     match event {
//!         Event::StartGameServerSession(starting) => {
//!             // Load the map that starting.info() names, then let players in.
//!             let session = starting.activate().await?;
//!             play(session.players()).await;
//!             session.terminate().await?;
//!         }
//!         Event::ProcessTerminate(_) => break,
//!     }
//! }
//! process.ending().await
//! # }
//! ```
//!
//! A server that plays one match after the other can await the match in the loop, as above. One that must notice
//! [`Event::ProcessTerminate`] during a match runs the match as a task of its own. Nothing is lost either way:
//! events wait.
//!
//! # Environment
//! * `GSE_AGENT_ADDRESS`: the agent's `host:port`, default `127.0.0.1:5758`.
//! * `GSE_PROCESS_TOKEN`: set by an agent that launched this process; the SDK returns it with every call.
//!
//! Proxy variables are never read.
//!
//! # Errors
//! Every failure is a [`GseError`] with a published name; steps that consume their value give it back in
//! [`Refused`]. Calls that are harmless to repeat are repeated after a lost connection, for 2 s, or until
//! [`connect_timeout`](GameServerBuilder::connect_timeout) while the agent was never reached.
//!
//! The contract is docs/spec/server-sdk.md. Tests of a game server can use the fake agent in [`testing`].

// `types/right_order.rs` is written as a game would write it.
#[cfg(test)]
extern crate self as gse_sdk;

mod agent;
#[cfg(any(feature = "bevy", test))]
pub mod bevy;
pub mod blocking;
mod builder;
mod callback;
mod current;
mod detect;
mod error;
mod health;
mod model;
mod network;
mod presence;
mod ready;
mod session;
mod standalone;
pub mod testing;
mod user_code;

pub use builder::{ClientPort, DEFAULT_AGENT_ADDRESS, NoClientPort, Sdk, SdkBuilder};
pub use detect::{Detected, Hosted, Standalone};
pub use error::{ErrorName, GseError};
pub use model::{
    GameProperty, GameServerSession, PlayerSession, PlayerSessionCreationPolicy, PlayerSessionFilter,
    PlayerSessionStatus,
};
pub use ready::{ProcessHandle, ProcessTerminate, Ready};
pub use session::{ActiveSession, Players, StartRequested};

/// The version of this SDK.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests;
