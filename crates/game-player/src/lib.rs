//! A player of the sample game without a screen.
//!
//! * [`connection`]: to a game server, with the proof that both sides know the seat; `game-client` uses it too.
//! * [`bot`]: players that nobody steers, in three skills; `game-client --bot` uses them too.
//! * [`crowd`]: many bots in one process, through placement, join and match, and what was measured; the program
//!   `game-load`.
//!
//! No bevy: a release build of a crowd takes a minute. Not here: the rules (`game-sim`), the netcode (`game-net`).

pub mod bot;
pub mod connection;
pub mod crowd;
mod tls;
