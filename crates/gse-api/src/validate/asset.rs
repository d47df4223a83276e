//! Assets: object keys, regions, images, filters.

use super::{
    Violations,
    shared::{MANY, filters, region, tags},
};
use crate::types::{
    CreateAssetRequest, CreateAssetWithImageRequest, DescribeAssetsRequest, GetUploadCredentialsRequest,
};

/// The one system that needs no image (§2.1).
const NO_IMAGE_NEEDED: &str = "CentOS7.16";

pub(crate) fn create_asset(request: &CreateAssetRequest, violations: &mut Violations) {
    region("AssetRegion", &request.asset_region, violations);
    key(&request.bucket_key, violations);
    if request.operate_system != NO_IMAGE_NEEDED && request.image_id.is_none() {
        let reason = format!("only `OperateSystem` `{NO_IMAGE_NEEDED}` needs no image");
        violations.incomplete("ImageId", &reason);
    }
    tags(request.tags.as_ref(), violations);
}

pub(crate) fn create_asset_with_image(request: &CreateAssetWithImageRequest, violations: &mut Violations) {
    region("AssetRegion", &request.asset_region, violations);
}

pub(crate) fn get_upload_credentials(request: &GetUploadCredentialsRequest, violations: &mut Violations) {
    region("AssetRegion", &request.asset_region, violations);
    key(&request.bucket_key, violations);
}

/// §2.1: ends in `.zip`, is no absolute path and does not climb. The length is in the schema.
fn key(key: &str, violations: &mut Violations) {
    let zip = key.to_ascii_lowercase().ends_with(".zip");
    if !zip || key.starts_with('/') || key.split('/').any(|segment| segment == "..") {
        let expected = "Expected a key that ends in `.zip`, does not start with `/` and has no `..` segment.";
        violations.value("BucketKey", key, expected);
    }
}

pub(crate) fn describe_assets(request: &DescribeAssetsRequest, violations: &mut Violations) {
    region("AssetRegion", &request.asset_region, violations);
    let allowed =
        [("resource:name", 1), ("resource:resourceId", 1), ("tag:key", MANY), ("tag:key-value", MANY)];
    filters(request.filters.as_ref(), &allowed, violations);
}
