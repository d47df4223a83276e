//! Assets: upload, registration, reading.

use gse_agent::package::PackageError;
use gse_api::types as wire;
use gse_api::{ApiError, ErrorCode};
use gse_core::asset::{self, CreateAsset, DeleteAsset, UpdateAsset};
use gse_core::bucket::{self, OpenBucket};
use gse_core::command::Command;
use gse_core::error::Error;
use gse_core::id::{AssetId, BlobId, BucketName, Region, Scope};
use gse_core::state::State;
use gse_store::BlobError;

use crate::cos;
use crate::http::Call;
use crate::http::convert;
use crate::packages;

impl Call<'_> {
    /// Assets belong to the region that the request names, not to the region it is sent to (1.12).
    fn asset_scope(&self, region: &str) -> Result<Scope, ApiError> {
        let regions = &self.api.config.regions;
        if let Some(region) = regions.iter().find(|enabled| enabled.as_str() == region) {
            return Ok(asset::scope_in_region(&self.scope, region));
        }
        let enabled: Vec<&str> = regions.iter().map(Region::as_str).collect();
        let expected = format!("one of {}", enabled.join(", "));
        Err(self.refuse(&Error::Invalid { member: "AssetRegion", value: region.to_owned(), expected }))
    }
}

pub(super) async fn get_upload_credentials(
    call: &Call<'_>,
    request: wire::GetUploadCredentialsRequest,
) -> Result<wire::GetUploadCredentialsResponse, ApiError> {
    let scope = call.asset_scope(&request.asset_region)?;
    let (asked, limit) = (scope.clone(), call.api.config.quotas.assets);
    let is_open = move |state: &State| {
        asset::check_quota(state, &asked, limit)?;
        Ok(bucket::find(state, &asked).is_ok())
    };
    if !call.query(is_open).await? {
        call.submit(OpenBucket { scope: scope.clone() }).await?;
    }
    Ok(wire::GetUploadCredentialsResponse {
        bucket_auth: cos::upload_authorization(call.api, call.signer, &scope, &request.bucket_key),
        bucket_name: BucketName::of(&scope).to_string(),
        asset_region: request.asset_region,
    })
}

pub(super) async fn get_upload_federation_token(
    call: &Call<'_>,
    _request: wire::GetUploadFederationTokenRequest,
) -> Result<wire::GetUploadFederationTokenResponse, ApiError> {
    let scope = call.scope.clone();
    let bucket = call.query(move |state| Ok(bucket::find(state, &scope)?.name.clone())).await?;
    let (credentials, until) = cos::federation::issue(call.api, call.signer, &bucket);
    Ok(convert::asset::federation_token(credentials, until))
}

pub(super) async fn create_with_image(
    call: &Call<'_>,
    request: wire::CreateAssetWithImageRequest,
) -> Result<wire::CreateAssetWithImageResponse, ApiError> {
    let scope = call.asset_scope(&request.asset_region)?;
    let asset = call.submit(convert::asset::create_with_image(request, scope)).await?;
    Ok(convert::asset::created_with_image(&asset))
}

pub(super) async fn create(
    call: &Call<'_>,
    request: wire::CreateAssetRequest,
) -> Result<wire::CreateAssetResponse, ApiError> {
    Ok(convert::asset::created(&create_by(call, request, |create| create).await?))
}

/// The object becomes a package, and `command` says how that is written down.
pub(super) async fn create_by<C: Command>(
    call: &Call<'_>,
    request: wire::CreateAssetRequest,
    command: impl FnOnce(CreateAsset) -> C,
) -> Result<C::Reply, ApiError> {
    let scope = call.asset_scope(&request.asset_region)?;
    let turn = call.api.gate.packages.register().await;
    let package = freeze(call, &scope, &request.bucket_key).await?;
    let file = package.0.clone();
    let written = register(call, request, scope, package, command).await;
    drop(turn);
    if written.is_err() {
        release(call, file);
    }
    written
}

async fn register<C: Command>(
    call: &Call<'_>,
    request: wire::CreateAssetRequest,
    scope: Scope,
    package: (BlobId, u64),
    command: impl FnOnce(CreateAsset) -> C,
) -> Result<C::Reply, ApiError> {
    let inspection = inspect(call, &package.0).await?;
    call.submit(command(convert::asset::create(request, scope, package, inspection))).await
}

fn release(call: &Call<'_>, package: BlobId) {
    packages::release(&call.api.gate.packages, &call.api.engine, &call.api.blobs, package);
}

pub(super) async fn update(
    call: &Call<'_>,
    request: wire::UpdateAssetRequest,
) -> Result<wire::UpdateAssetResponse, ApiError> {
    let (asset, name, version) = (AssetId::new(request.asset_id), request.asset_name, request.asset_version);
    call.submit(UpdateAsset { scope: call.scope.clone(), asset, name, version }).await?;
    Ok(wire::UpdateAssetResponse {})
}

/// the answer comes when the record is gone; the file goes after it.
pub(super) async fn delete(
    call: &Call<'_>,
    request: wire::DeleteAssetRequest,
) -> Result<wire::DeleteAssetResponse, ApiError> {
    let asset = AssetId::new(request.asset_id);
    let package = call.submit(DeleteAsset { scope: call.scope.clone(), asset }).await?;
    if let Some(package) = package {
        release(call, package);
    }
    Ok(wire::DeleteAssetResponse {})
}

/// what was uploaded is copied, so that a later upload does not change the asset.
async fn freeze(call: &Call<'_>, scope: &Scope, key: &str) -> Result<(BlobId, u64), ApiError> {
    let bucket = BucketName::of(scope);
    let (blobs, wanted) = (call.api.blobs.clone(), key.to_owned());
    let frozen = tokio::task::spawn_blocking(move || blobs.freeze(bucket.as_str(), &wanted)).await;
    match frozen {
        Ok(Ok(frozen)) => Ok(frozen),
        //
        Ok(Err(BlobError::NoObject { .. })) => {
            Err(call.refuse(&Error::ObjectNotFound { key: key.to_owned() }))
        }
        Ok(Err(error)) => {
            tracing::error!(request_id = call.request_id, %error, source = ?std::error::Error::source(&error), "freeze");
            let text = "the object store cannot be used now; the log of the service says why";
            Err(ApiError::new(ErrorCode::ResourceUnavailable, text))
        }
        Err(panic) => Err(internal(call, &panic)),
    }
}

/// S01, A-20: the outer error is a fault of ours, the inner one a fault of the package.
async fn inspect(call: &Call<'_>, package: &BlobId) -> Result<Result<(), String>, ApiError> {
    let path = call.api.blobs.blob_path(package);
    let inspected = tokio::task::spawn_blocking(move || gse_agent::package::inspect(&path)).await;
    match inspected {
        Ok(inspected) => verdict(inspected.map(|_summary| ()), call.request_id),
        Err(panic) => Err(internal(call, &panic)),
    }
}

fn verdict(inspected: Result<(), PackageError>, request_id: &str) -> Result<Result<(), String>, ApiError> {
    match inspected {
        // Nothing is known of the package, so nothing is recorded: the same call may succeed later.
        Err(PackageError::Io(error)) => {
            tracing::error!(request_id, %error, "a package cannot be read");
            let text = "the package cannot be read now; the log of the service says why\nhint: try again";
            Err(ApiError::new(ErrorCode::ResourceUnavailable, text))
        }
        judged => Ok(judged.map_err(|problem| problem.to_string())),
    }
}

fn internal(call: &Call<'_>, panic: &tokio::task::JoinError) -> ApiError {
    tracing::error!(request_id = call.request_id, %panic, "a blocking task ended unexpectedly");
    ApiError::new(ErrorCode::InternalError, "an unexpected fault; the log of the service has the details")
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeAssetRequest,
) -> Result<wire::DescribeAssetResponse, ApiError> {
    let (scope, id) = (call.scope.clone(), AssetId::new(request.asset_id));
    call.query(move |state| {
        let asset = asset::find(state, &scope, &id)?;
        Ok(wire::DescribeAssetResponse { asset: convert::asset::one(state, asset) })
    })
    .await
}

pub(super) async fn describe_systems(
    _call: &Call<'_>,
    request: wire::DescribeAssetSystemsRequest,
) -> Result<wire::DescribeAssetSystemsResponse, ApiError> {
    let os_type = request.os_type.filter(|os_type| !os_type.is_empty());
    let systems = asset::systems(os_type.as_deref(), request.os_bit);
    let asset_support_sys = systems.map(convert::asset::system).collect();
    Ok(wire::DescribeAssetSystemsResponse { asset_support_sys })
}

pub(super) async fn describe_all(
    call: &Call<'_>,
    request: wire::DescribeAssetsRequest,
) -> Result<wire::DescribeAssetsResponse, ApiError> {
    let scope = call.asset_scope(&request.asset_region)?;
    let query = convert::asset::query(request, scope);
    call.query(move |state| Ok(convert::asset::page(state, &asset::describe(state, &query)))).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use gse_core::package::PackageProblem;

    #[test]
    fn a_package_that_cannot_be_read_is_not_called_bad() {
        // EMFILE, EIO
        for number in [24, 5] {
            let error = PackageError::Io(std::io::Error::from_raw_os_error(number));
            let answer = verdict(Err(error), "request-1").unwrap_err();
            assert_eq!(answer.code, ErrorCode::ResourceUnavailable);
        }
        let bad = verdict(Err(PackageProblem::Empty.into()), "request-1").unwrap();
        assert!(bad.unwrap_err().contains("no file"));
        assert_eq!(verdict(Ok(()), "request-1").unwrap(), Ok(()));
    }
}
