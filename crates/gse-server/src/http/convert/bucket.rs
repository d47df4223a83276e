//! Options of the upload bucket.

use gse_api::types as wire;
use gse_core::bucket::{CorsRule, UpdateBucketCorsOpt};
use gse_core::id::Scope;

pub(crate) fn update_cors(request: wire::UpdateBucketCORSOptRequest, scope: Scope) -> UpdateBucketCorsOpt {
    let rule = CorsRule {
        origins: request.allowed_origins,
        methods: request.allowed_methods,
        headers: request.allowed_headers.unwrap_or_default(),
        expose: request.expose_headers.unwrap_or_default(),
        max_age_s: request.max_age_seconds,
    };
    UpdateBucketCorsOpt { scope, rule }
}
