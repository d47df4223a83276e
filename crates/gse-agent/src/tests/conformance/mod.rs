//! The conformance cases of server-sdk.md 9, each a test of its name: the real agent over its socket, the real control
//! plane behind it, and a scripted game server on the raw stubs. Clocks are compressed; a test waits for what happens,
//! and what must not happen too early is compared with the clock afterwards.

mod log;
mod peer;
mod players;
mod service;
mod sessions;

mod activation;
mod crash;
mod ending;
mod health;
mod identity;
mod startup;
mod wire;
