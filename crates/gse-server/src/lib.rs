//! The control plane process: a shell around `gse_core::ControlPlane`.
//!
//! `engine` is the only writer, `http` the cloud API, `cos` the object endpoint, `backend` the way to hosts, `server`
//! puts them together. Nothing here decides what should happen; that is `gse-core`.

pub mod account;
pub mod backend;
pub mod beacon;
pub mod clock;
pub mod config;
pub mod cos;
mod demo;
pub mod engine;
pub mod http;
pub mod ids;
pub mod limits;
mod packages;
pub mod quota_file;
pub mod server;
pub mod tls;
