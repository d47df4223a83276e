//! Joining over real QUIC with a table for the agent; rooms on a virtual clock; the process against a scripted agent.

mod hostile;
mod joining;
mod life;
mod lobby;
mod matches;
mod player;
mod relay;
mod resuming;
mod seats;
mod stage;
mod watching;
mod web;
