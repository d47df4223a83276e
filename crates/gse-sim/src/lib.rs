//! Runs the decisions of OpenGSE against fake hosts, game servers and players, on a virtual clock, from one seed.
//!
//! The control plane and the supervisors are the real ones. What is fake is what cannot decide: machines, networks,
//! disks, games and people. Checkers, written from the spec, look at every step.

pub mod check;
pub mod claims;
pub mod converge;
pub mod engine;
pub mod fault;
pub mod game_server;
pub mod host;
pub mod network;
pub mod operator;
#[cfg(feature = "planted")]
pub mod planted;
pub mod player;
pub mod random;
pub mod run;
pub mod scenario;
pub mod shrink;
pub mod trace;
pub mod world;

use gse_core::Timestamp;

/// So many milliseconds later.
pub(crate) fn after(start: Timestamp, millis: u64) -> Timestamp {
    start.plus(std::time::Duration::from_millis(millis))
}

#[cfg(test)]
mod tests;
