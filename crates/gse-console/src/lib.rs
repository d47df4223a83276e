//! The console: web pages for those who learn the integration and those who run it (operations.md 8).
//!
//! It sees the cloud API only. A page is made of calls that are signed with the visitor's key and given to the same
//! router as those that come over the network, so whatever the console can do a script can do.
//!
//! `serving.rs` is the door: who visits, may this be posted, which page. `region.rs` keeps a tab
//! in its region. `cloud.rs` calls. `pages/` reads and shows,
//! `form/` makes a form of any action and JSON of what was typed, `explorer/` is the workbench for all actions.

mod chart;
mod chinese;
mod cloud;
mod csv;
mod explorer;
mod form;
mod html;
mod language;
mod live;
mod page;
mod pages;
mod region;
mod serving;
mod session;
#[cfg(test)]
mod tests;
mod text;
mod throttle;
mod upload;
mod visit;

use std::sync::Arc;

use axum::Router;

/// Whether the service stops, as an extension of a request: streams end then instead of keeping it waiting. Where there is
/// none, they end by themselves after half a minute.
#[derive(Clone, Debug)]
pub struct Stopping(pub tokio::sync::watch::Receiver<bool>);

/// Who sent a request, as an extension of it. The calls that the console makes for a visitor carry it on, so that the cloud
/// API knows as much of who asks as if the visitor had called it.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub std::net::IpAddr);

/// What the console is set up with.
#[derive(Clone)]
pub struct Settings {
    /// Whether visitors have to log in with a key; `false` where nobody needs to sign (`--auth off`).
    pub login: bool,
    /// Whether cookies are for HTTPS only.
    pub https: bool,
    /// Names of this service that a proxy in front of it hides, with a port where browsers show one.
    pub public_hosts: Vec<String>,
    /// The regions that can be chosen.
    pub regions: Vec<String>,
    /// The region that a visitor sees first.
    pub default_region: String,
    /// The time that requests are signed with, UNIX seconds.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// The pages below `/console`. `cloud` is the router of the cloud API and the object endpoint (`/objects`).
pub fn router(settings: Settings, cloud: Router) -> Router {
    serving::router(settings, cloud)
}
