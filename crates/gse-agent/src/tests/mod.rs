//! The agent against real child processes and a game server over loopback gRPC. Every wait is for an event, with a
//! deadline.

mod conformance;
mod game;
mod host;

mod hostile;
mod launching;
mod lives;
mod processes;
mod sessions;
mod slots;
mod strays;
