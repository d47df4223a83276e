//! Runs next to game processes: the gRPC port, callbacks, child processes, slots, logs.
//!
//! The shell of `gse_core::supervisor`: every decision is taken there. One owner task (`owner.rs`) feeds it with what
//! happened and carries out what it wants. Reports go up and orders come down as messages; who answers them, the control
//! plane in the same process or a connection to it, is the embedder's business.

mod address;
mod agent;
mod attached;
mod callback;
mod child;
mod connection;
pub mod inspection;
mod leftover;
mod logs;
mod notes;
pub mod open_files;
mod output;
mod output_dir;
mod owner;
pub mod package;
mod procfs;
mod random;
mod sdk_error;
mod sdk_service;
mod serving;
mod slot;
mod strays;
mod uplink;

pub use address::last_address;
pub use agent::{Agent, AgentConfig, AgentError, AgentHandle, PackagePaths, build};
pub use uplink::UplinkMessage;

#[cfg(test)]
mod tests;
