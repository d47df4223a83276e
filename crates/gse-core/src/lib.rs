//! Every decision of OpenGSE: no IO, no clock, no randomness, no async, no logging.
//!
//! Two state machines and the messages between them. `ControlPlane` holds what must survive a restart: rows.
//! `Supervisor` holds what dies with its processes: pids, health counters, back-off, kill deadlines. `host` is the seam
//! between them. Time, ids and durations come in through `Cx`; changes and orders go out through `Step`.

pub mod alias;
pub mod allocation;
pub mod archive;
pub mod asset;
pub mod bucket;
pub mod capacity;
pub mod clocks;
pub mod command;
pub mod conformance;
pub mod control_plane;
pub mod cx;
pub mod demo;
pub mod deployment;
pub mod diagnosis;
pub mod error;
pub mod event;
pub mod fleet;
pub mod game_server_session;
pub mod host;
pub mod id;
mod index;
pub mod instance;
pub mod instance_type;
pub mod log;
pub mod monitoring;
pub mod observation;
pub mod package;
pub mod page;
pub mod placement;
#[cfg(feature = "planted")]
pub mod planted;
#[cfg(not(feature = "planted"))]
mod planted;
pub mod player_session;
pub mod process;
pub mod queue;
pub mod quota;
pub mod region;
pub mod state;
pub mod statistics;
pub mod supervisor;
pub mod table;
pub mod tag;
pub mod time;
pub mod timer;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod state_model;

pub use clocks::Clocks;
pub use command::Command;
pub use control_plane::ControlPlane;
pub use cx::{Cx, Step};
pub use error::Error;
pub use quota::Quotas;
pub use state::{Change, Row, RowKind, State};
pub use time::Timestamp;
