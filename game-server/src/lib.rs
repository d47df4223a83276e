//! The sample game server: QUIC, a fixed tick, gse-sdk.
//!
//! One process hosts one session after the other. [`hosting`] talks to the agent, `transport` and `connection` to
//! the players' machines, `admission` decides who is let in, and one task per session owns everything in it: a
//! match room or a lobby. `web` lets browsers into lobbies.
//!
//! Not here: the rules (`game-sim`) and the netcode (`game-net`).

mod admission;
pub mod config;
mod connection;
mod countdown;
mod guests;
pub mod hosting;
mod lobby;
mod match_room;
pub mod replays;
mod room;
mod seats;
mod strangers;
mod tick_times;
mod transport;
mod web;

#[cfg(test)]
mod tests;
