//! The sample game client: bevy as a view, headless or in a window.
//!
//! Rules are in `game-sim`, netcode in `game-net`, the handshake and the bots in `game-player`. Here are the channels to the
//! connection (`net`), the calls into the netcode
//! (`prediction`), what the player wants (`input`, `bindings`, `settings`), what follows what (`navigation`, done by
//! `journey`), what the player sees (`screens`, `menu`, `render`) and what the caller is told (`report`, `outlet`).

// Parameters of bevy's systems are written without their lifetimes, here as everywhere.
#![allow(elided_lifetimes_in_paths)]

mod app;
mod bindings;
mod chat;
mod errand;
mod fonts;
mod input;
mod journey;
mod lookup;
mod matchmaker;
mod menu;
mod navigation;
mod net;
pub mod options;
pub mod outlet;
mod palette;
mod prediction;
mod regions;
mod render;
pub mod report;
mod screens;
mod session;
mod settings;
mod settings_file;
mod theme;
mod watching;

pub use app::build;
