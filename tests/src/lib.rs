//! What the stories in `it/` are told with: a private stack of real programs, packages to deploy on it, a second
//! implementation of request signing, and the normal form of a run of the flow.
//!
//! Everything in here fails by panicking with a message for the reader of a test, and ends what it started.

pub mod client;
pub mod course;
pub mod crowd;
pub mod package;
pub mod programs;
pub mod raw;
pub mod stack;
pub mod visitor;
