//! The sample game client: bevy as a view, headless or in a window.
//!
//! Rules are in `game-sim`, netcode in `game-net`. Here are the connection (`net`), the calls into the netcode
//! (`prediction`), what the player wants (`input`, `bot`), what the player sees (`screens`, `render`) and what the
//! caller is told (`report`, `outlet`).

// Parameters of bevy's systems are written without their lifetimes, here as everywhere.
#![allow(elided_lifetimes_in_paths)]

mod app;
mod bot;
mod input;
mod lookup;
mod matchmaker;
mod net;
pub mod options;
pub mod outlet;
mod prediction;
mod render;
pub mod report;
mod screens;
mod session;
mod theme;

pub use app::build;
