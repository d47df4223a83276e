//! Server SDK: what a Rust game server links to run on GSE.
//!
//! The life cycle is in the types, so that a wrong order does not compile: [`Sdk::builder`] becomes [`Ready`], which
//! gives a [`StartRequested`], which becomes an [`ActiveSession`], which accepts players and ends; then comes the next
//! one. The agent's callbacks are answered by the SDK.
//!
//! ```
//! use gse_sdk::{ActiveSession, Sdk};
//!
//! # async fn play(session: &ActiveSession<'_>) {}
//! # async fn life() -> Result<(), gse_sdk::GseError> {
//! let port = 3237; // where your own socket is bound already
//! let detected = Sdk::detect().await;
//! eprintln!("{detected}"); // hosted or standalone, why, and how to change it
//! let mut ready = detected.builder().client_port(port).log_path("./logs").ready().await?;
//! while let Some(starting) = ready.next_session().await {
//!     // Load the map that starting.info() names, then let players in.
//!     let session = starting.activate().await?;
//!     play(&session).await;
//!     session.terminate().await?;
//! }
//! // The agent has asked this process to finish.
//! ready.ending().await
//! # }
//! ```
//!
//! * No async: [`blocking`]. bevy: the feature `bevy`, module `gse_sdk::bevy`.
//! * A game's own tests: [`testing`], an agent in memory that a test scripts.
//! * No agent: [`Sdk::detect`], and the same code runs standalone.
//!
//! # Environment
//! * `GSE_AGENT_ADDRESS`: the agent's `host:port`, default `127.0.0.1:5758`. When it is set, an agent that is not
//!   there yet is waited for.
//! * `GSE_PROCESS_TOKEN`: set by an agent that launched this process; the SDK returns it with every call.
//! * `GSE_STANDALONE`: `1` to run without an agent, `0` never to; read by [`Sdk::detect`] alone.
//!
//! Proxy variables are never read.
//!
//! # Errors, deadlines, repetition
//! Every failure is a [`GseError`] with a published name. Each attempt of a call waits 30 s at most for its answer.
//! A call that is harmless to repeat (4.3) is repeated with the same request id after a lost connection, for three
//! [connect timeouts](SdkBuilder::connect_timeout), so that it outlasts a restart of the agent; the others fail after
//! 2 s without a connection, and at once when they may have been executed. An agent that does not know the process any
//! more is told of it again by ProcessReady with the same parameters: when a call is answered PROCESS_NOT_READY, and
//! when an idle process was not called for 200 s.
//!
//! # Panics
//! A panic in a function that the game gave to the SDK is an answer to the agent and not the end of the process: one in
//! [`health`](SdkBuilder::health) is a no, one in [`on_start`](SdkBuilder::on_start) an error status.
//!
//! The contract is docs/spec/server-sdk.md; numbers in parentheses are its sections.

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
pub use session::{ActiveSession, FIRST_PLAYER, FIRST_TICK, Players, StartRequested};

/// The version of this SDK.
///
/// ```
/// assert!(gse_sdk::VERSION.starts_with("0."));
/// ```
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests;
