//! An example of a matchmaker: a small service that players ask for a match.
//!
//! It groups those who wait by skill and latency (`matching.rs`), has OpenGSE place a session with a seat for each of
//! them (`placement.rs`), and tells each player his address (`service.rs`). No player ever has a key of the cloud API.
//!
//! What is deliberately not here, because every game has its own: who a player is (put your login in front), and where
//! his skill comes from (here he says it himself).

pub mod desk;
pub mod matching;
pub mod placement;
pub mod service;
pub mod ticket;
