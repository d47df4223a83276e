//! The canary of an alias: between the wire and the core.

use gse_api::ApiError;
use gse_api::extension::{AliasCanary, DescribeAliasCanaryRequest, SetAliasCanaryRequest};
use gse_core::alias::canary::SetAliasCanary;
use gse_core::alias::{self, Alias};
use gse_core::id::{AliasId, FleetId, Scope};

use super::{refusal, unanswered};
use crate::http::Api;

pub(super) async fn set(
    api: &Api,
    scope: Scope,
    request_id: &str,
    request: SetAliasCanaryRequest,
) -> Result<AliasCanary, ApiError> {
    let SetAliasCanaryRequest { alias_id, fleet_id, percent } = request;
    let ends = percent == 0 && fleet_id.is_none();
    let canary = (!ends).then(|| (FleetId::new(fleet_id.unwrap_or_default()), percent));
    let command = SetAliasCanary { scope, alias: AliasId::new(alias_id), canary };
    let alias = api.engine.submit(request_id, command).await.map_err(unanswered)?;
    Ok(to_wire(&alias))
}

pub(super) async fn describe(
    api: &Api,
    scope: Scope,
    request: DescribeAliasCanaryRequest,
) -> Result<AliasCanary, ApiError> {
    let id = AliasId::new(request.alias_id);
    let read = api.engine.query(move |state, _now| alias::find(state, &scope, &id).map(to_wire));
    read.await.map_err(unanswered)?.map_err(|error| refusal(&error))
}

fn to_wire(alias: &Alias) -> AliasCanary {
    let alias_id = alias.id.to_string();
    match &alias.canary {
        None => AliasCanary { alias_id, ..AliasCanary::default() },
        Some(canary) => AliasCanary {
            alias_id,
            fleet_id: canary.fleet.to_string(),
            percent: canary.percent,
            since: canary.since.to_iso(),
            created: canary.created,
            given: canary.given,
        },
    }
}
