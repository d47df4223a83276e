//! The rules of server-sdk.md 2 to 5 as tables, on a virtual clock. `host.rs` plays the shell and the control plane.

mod calls;
mod ending;
mod health;
mod host;
mod identity;
mod install;
mod launch;
mod logs;
mod lossy;
mod milestone;
mod observed;
mod reconfigure;
mod recovery;
mod sessions;
mod slots;
