//! Whether a caller may make a call (operations.md 11): between the signature and the action. The decision is
//! `gse_api::access`; what is known of the resources is looked up here.

use gse_api::ApiError;
use gse_api::access::{self, Question, Resource, ResourceKind, SubUserCall};
use gse_core::id::{AssetId, Scope};

use super::Api;
use crate::account::Caller;

/// S58: nothing can be done for an account that has not activated the service.
pub(super) fn check_opened(api: &Api, caller: &Caller) -> Result<(), ApiError> {
    if is_opened(api, caller) { Ok(()) } else { Err(access::not_opened()) }
}

pub(super) fn is_opened(api: &Api, caller: &Caller) -> bool {
    !api.accounts.is_closed(&caller.uin) || api.activations.has(&caller.uin)
}

/// Asks the policies of a sub-user; `body` is the request as JSON.
pub(super) async fn check(
    api: &Api,
    caller: &Caller,
    scope: &Scope,
    action: &str,
    body: &[u8],
) -> Result<(), ApiError> {
    if caller.user.is_none() {
        return Ok(());
    }
    let resource = access::named_by(action, body);
    let region = region_of(api, scope, resource.as_ref()).await;
    judge(caller, &region, action, resource.as_ref())
}

/// The same where the resource is known.
pub(crate) fn judge(
    caller: &Caller,
    region: &str,
    action: &str,
    resource: Option<&Resource>,
) -> Result<(), ApiError> {
    let Some(user) = &caller.user else { return Ok(()) };
    let question = Question { action, uin: caller.uin.as_str(), region, resource };
    let policies = user.policies.iter().map(|policy| &**policy);
    access::authorize(policies, &SubUserCall { user: &user.name, question })
}

/// Resources are found in the region of the call, assets in any: what counts then is where the asset is.
async fn region_of(api: &Api, scope: &Scope, resource: Option<&Resource>) -> String {
    let of_call = || scope.region.to_string();
    let Some(asset) = resource.filter(|resource| resource.kind == ResourceKind::Asset) else {
        return of_call();
    };
    let (id, uin) = (AssetId::new(asset.id.as_str()), scope.uin.clone());
    let found = api.engine.query(move |state, _now| {
        let asset = state.assets.get(&id).filter(|asset| asset.scope.uin == uin);
        asset.map(|asset| asset.scope.region.to_string())
    });
    // A service that stops answers nothing after this either.
    found.await.ok().flatten().unwrap_or_else(of_call)
}
