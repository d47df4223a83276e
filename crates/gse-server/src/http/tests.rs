//! The edge: requests go through the whole router, on a memory store and a scripted host.

mod accounts;
mod actions;
mod archive;
mod assets;
mod auth;
mod buckets;
mod capi;
mod ccn;
mod codes;
mod console;
mod control;
mod demo;
mod edges;
mod errors;
mod extension;
mod fleets;
mod instances;
mod launching;
mod logs;
mod metrics;
mod monitoring;
mod objects;
mod order;
mod overload;
mod queues;
mod quotas;
mod refusals;
mod regions;
mod scaling;
mod scenarios;
mod shapes;
mod stack;
mod statistics;
mod timeline;
mod timers;

use gse_api::Action;

use super::routes::ROUTED;

/// Which also means that no action can be forgotten: the routes are a match without a wildcard.
#[test]
fn every_action_is_routed() {
    assert_eq!(ROUTED.len(), Action::ALL.len());
    for action in Action::ALL {
        assert!(ROUTED.contains(&action), "{action:?}");
    }
}
