//! The acceptance scenarios of operations.md 13, each under its number, over a running service and real processes of
//! the spec's test server (`tests/misbehave`, whose good manners are its default). What needs minutes runs on shrunken
//! clocks. Where a ruling of docs/spec/README.md changes a code, the ruling is named.

mod creation;
mod demo;
mod ending;
mod kit;
mod processes;
mod searching;
mod sessions;
mod walkthroughs;
