//! The console beside the cloud API. It is given the router that serves the network, so its calls are admitted, bounded and
//! answered as those of any client; it is given nothing else of this service.

use std::sync::Arc;

use axum::Router;
use axum::routing::any_service;
use gse_api::admission::AuthMode;
use gse_console::Settings;

use super::Api;

/// How the console is set up for a service.
pub(super) fn settings(api: &Api) -> Settings {
    let clock = api.clock.clone();
    Settings {
        // Where a signature is taken but not needed, a key still says who somebody is.
        login: api.config.auth != AuthMode::Off,
        https: api.config.tls.is_some(),
        public_hosts: api.config.public_hosts.clone(),
        regions: api.config.regions.iter().map(ToString::to_string).collect(),
        default_region: api.config.default_region.to_string(),
        now: Arc::new(move || clock.now().seconds()),
    }
}

/// Both behind one listener.
pub(super) fn beside(settings: Settings, cloud: Router) -> Router {
    let console = gse_console::router(settings, cloud.clone());
    Router::new()
        .route("/console", any_service(console.clone()))
        .route("/console/{*page}", any_service(console))
        .fallback_service(cloud)
}
