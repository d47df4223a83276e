//! Assets and the upload bucket.

use gse_api::signature::federation::Credentials;
use gse_api::types as wire;
use gse_core::asset::{
    self, Asset, AssetQuery, AssetStatus, AssetSystem, CreateAsset, CreateAssetWithImage, Image,
};
use gse_core::id::{BlobId, Scope};
use gse_core::page::OffsetPage;
use gse_core::state::State;
use gse_core::time::Timestamp;

use super::{filters, size, small, tags_in, tags_out};

pub(crate) fn create(
    request: wire::CreateAssetRequest,
    scope: Scope,
    (package, size_bytes): (BlobId, u64),
    inspection: Result<(), String>,
) -> CreateAsset {
    CreateAsset {
        scope,
        name: request.asset_name,
        version: request.asset_version,
        operate_system: request.operate_system,
        image_id: request.image_id.unwrap_or_default(),
        bucket_key: request.bucket_key,
        package,
        size_bytes,
        inspection,
        tags: tags_in(request.tags),
    }
}

pub(crate) fn created(asset: &Asset) -> wire::CreateAssetResponse {
    wire::CreateAssetResponse { asset_arn: resource_name(asset), asset_id: asset.id.to_string() }
}

pub(crate) fn create_with_image(
    request: wire::CreateAssetWithImageRequest,
    scope: Scope,
) -> CreateAssetWithImage {
    CreateAssetWithImage {
        scope,
        name: request.asset_name,
        version: request.asset_version,
        image_id: request.image_id,
        operate_system: request.image_os,
        image: Image { size: request.image_size, os_type: request.os_type, bits: small(request.os_bit) },
    }
}

pub(crate) fn created_with_image(asset: &Asset) -> wire::CreateAssetWithImageResponse {
    wire::CreateAssetWithImageResponse { asset_arn: resource_name(asset), asset_id: asset.id.to_string() }
}

pub(crate) fn federation_token(
    credentials: Credentials,
    until: Timestamp,
) -> wire::GetUploadFederationTokenResponse {
    wire::GetUploadFederationTokenResponse {
        asset_credentials: wire::AssetCredentials {
            tmp_secret_id: credentials.secret_id,
            tmp_secret_key: credentials.secret_key,
            token: credentials.token,
        },
        expired_time: until.seconds().unsigned_abs(),
    }
}

pub(crate) fn query(request: wire::DescribeAssetsRequest, scope: Scope) -> AssetQuery {
    AssetQuery {
        scope,
        text: request.filter.filter(|text| !text.is_empty()),
        filters: filters(request.filters),
        page: size(request.offset.unsigned_abs()),
        limit: size(request.limit.unsigned_abs()),
    }
}

pub(crate) fn page(state: &State, page: &OffsetPage<&Asset>) -> wire::DescribeAssetsResponse {
    wire::DescribeAssetsResponse {
        assets: page.items.iter().map(|asset| one(state, asset)).collect(),
        total_count: i64::try_from(page.total).unwrap_or(i64::MAX),
    }
}

pub(crate) fn one(state: &State, asset: &Asset) -> wire::Asset {
    let image = asset.image.as_ref();
    wire::Asset {
        asset_arn: resource_name(asset),
        asset_id: asset.id.to_string(),
        asset_name: asset.name.clone(),
        asset_version: asset.version.clone(),
        bind_fleet_num: i64::try_from(asset::bound_fleets(state, &asset.id)).unwrap_or(i64::MAX),
        // R5
        create_time: asset.created.to_spaced(),
        image_id: asset.image_id.clone(),
        operate_system: asset.operate_system.clone(),
        os_type: image.map_or("CentOS", |image| &image.os_type).to_owned(),
        resource_type: if image.is_some() { "IMAGE" } else { "ASSET" }.to_owned(),
        // C12; an image is never shared with this service (R63).
        sharing_status: if image.is_some() { "SHARED_IMAGE" } else { "UNKNOWN_SHARED" }.to_owned(),
        size: asset.size_text(),
        stauts: match asset.status {
            AssetStatus::Failed(_) => 1,
            AssetStatus::Ready => 2,
        },
        tags: tags_out(&asset.tags),
    }
}

pub(crate) fn system(system: &AssetSystem) -> wire::AssetSupportSys {
    wire::AssetSupportSys {
        image_id: system.image_id.into(),
        os_bit: system.bits.into(),
        os_type: system.os_type.into(),
        os_version: system.version.into(),
    }
}

fn resource_name(asset: &Asset) -> String {
    asset.scope.resource_name("asset", asset.id.as_str())
}
