//! Aliases.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::alias::{self, DeleteAlias};
use gse_core::id::AliasId;

use crate::http::Call;
use crate::http::convert;

pub(super) async fn create(
    call: &Call<'_>,
    request: wire::CreateAliasRequest,
) -> Result<wire::CreateAliasResponse, ApiError> {
    let alias = call.submit(convert::alias::create(request, call.scope.clone())).await?;
    Ok(wire::CreateAliasResponse { alias: convert::alias::one(&alias) })
}

pub(super) async fn update(
    call: &Call<'_>,
    request: wire::UpdateAliasRequest,
) -> Result<wire::UpdateAliasResponse, ApiError> {
    let alias = call.submit(convert::alias::update(request, call.scope.clone())).await?;
    Ok(wire::UpdateAliasResponse { alias: Some(convert::alias::one(&alias)) })
}

pub(super) async fn delete(
    call: &Call<'_>,
    request: wire::DeleteAliasRequest,
) -> Result<wire::DeleteAliasResponse, ApiError> {
    call.submit(DeleteAlias { scope: call.scope.clone(), alias: AliasId::new(request.alias_id) }).await?;
    Ok(wire::DeleteAliasResponse {})
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeAliasRequest,
) -> Result<wire::DescribeAliasResponse, ApiError> {
    let (scope, id) = (call.scope.clone(), AliasId::new(request.alias_id));
    call.query(move |state| {
        let alias = convert::alias::one(alias::find(state, &scope, &id)?);
        Ok(wire::DescribeAliasResponse { alias: Some(alias) })
    })
    .await
}

pub(super) async fn list(
    call: &Call<'_>,
    request: wire::ListAliasesRequest,
) -> Result<wire::ListAliasesResponse, ApiError> {
    let query = convert::alias::query(request, call.scope.clone());
    call.query(move |state| Ok(convert::alias::page(&alias::list(state, &query)))).await
}

pub(super) async fn resolve(
    call: &Call<'_>,
    request: wire::ResolveAliasRequest,
) -> Result<wire::ResolveAliasResponse, ApiError> {
    let (scope, id) = (call.scope.clone(), AliasId::new(request.alias_id));
    call.query(move |state| {
        let fleet_id = alias::resolve(state, &scope, &id)?.id.to_string();
        Ok(wire::ResolveAliasResponse { fleet_id })
    })
    .await
}
