//! Netcode of the sample game, without sockets: bytes in, bytes out.
//!
//! * [`protocol`]: what is said, byte by byte: reliable messages on one stream, inputs and snapshots in datagrams.
//! * [`handshake`]: how player and server prove to each other that they know the same secret.
//! * [`server`]: one match at the server: input buffers, the fixed step, snapshots.
//! * [`client`]: the same match at a player: prediction, reconciliation, pace, the others a moment ago.
//! * [`watcher`]: the same match at a spectator.
//! * [`replay`]: a match as a file that can be played again.
//!
//! Not here: QUIC, clocks, threads, rendering. The rules are in `game-sim`; nothing here decides who wins.

pub mod client;
pub mod handshake;
pub mod protocol;
pub mod replay;
pub mod server;
mod snapshots;
mod view;
pub mod watcher;

#[cfg(test)]
mod tests;
