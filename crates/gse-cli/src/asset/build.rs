//! A build on its way into a service: packed, told from others by its content, and uploaded only if no asset of the
//! same content is there.

use std::{io::Cursor, path::Path, time::Duration};

use gse_api::types::{
    Asset, CreateAssetRequest, CreateAssetResponse, DescribeAssetRequest, DescribeAssetsRequest, Filter,
    GetUploadCredentialsRequest, Tag,
};
use gse_client::Client;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::pack;
use crate::failure::Failure;

/// The system that needs no image (cloud-api.md §2.1).
const OPERATE_SYSTEM: &str = "CentOS7.16";
/// How long a service may check a package before that is called a failure.
const CHECK_DEADLINE: Duration = Duration::from_secs(300);
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// `Asset.Stauts`, cloud-api.md §3.
const FAILED: i64 = 1;
const READY: i64 = 2;
/// The tag of an asset that holds the digest of its package.
pub(crate) const DIGEST_TAG: &str = "gse-package";
/// Assets of one content that are looked at; there is one, or one for each name and version.
const SAME_CONTENT: i64 = 100;

/// A folder as a package.
pub(crate) struct Packed {
    /// The zip.
    pub(crate) bytes: Vec<u8>,
    /// Files in it.
    pub(crate) files: usize,
    /// SHA-256 of the zip, in hexadecimal: the same contents have the same one.
    pub(crate) digest: String,
}

/// Packs the contents of a folder.
///
/// # Errors
/// What cannot be packed, as used wrongly.
pub(crate) fn packed(folder: &Path) -> Result<Packed, Failure> {
    let mut bytes = Cursor::new(Vec::new());
    let files = pack::pack(folder, &mut bytes)
        .map_err(|error| Failure::usage(error.context(format!("cannot pack `{}`", folder.display()))))?;
    let bytes = bytes.into_inner();
    let digest = hex::encode(Sha256::digest(&bytes));
    Ok(Packed { bytes, files, digest })
}

/// The assets of this content that can be used, newest first.
///
/// # Errors
/// A refused call.
pub(crate) async fn of_content(client: &Client, region: &str, digest: &str) -> Result<Vec<Asset>, Failure> {
    let filter =
        Filter { key: Some("tag:key-value".into()), values: Some(vec![format!("{DIGEST_TAG}:{digest}")]) };
    let request = DescribeAssetsRequest {
        asset_region: region.to_owned(),
        filters: Some(vec![filter]),
        limit: SAME_CONTENT,
        ..DescribeAssetsRequest::default()
    };
    let answer = client.call(&request).await.map_err(doing("cannot see which assets there are"))?;
    Ok(answer.assets.into_iter().filter(|asset| asset.stauts == READY).collect())
}

/// What an asset is to be called.
pub(crate) struct Named {
    /// AssetName.
    pub(crate) name: String,
    /// AssetVersion.
    pub(crate) version: String,
    /// BucketKey.
    pub(crate) key: String,
}

/// Uploads a package, makes an asset of it and waits until it is ready.
///
/// # Errors
/// A refused call, a refused package.
pub(crate) async fn publish(
    client: &Client,
    objects: &str,
    region: &str,
    named: Named,
    package: Packed,
) -> Result<CreateAssetResponse, Failure> {
    let Named { name, version, key } = named;
    let request = GetUploadCredentialsRequest { asset_region: region.to_owned(), bucket_key: key.clone() };
    let granted = client.call(&request).await.map_err(doing("cannot get an authorization for the upload"))?;
    client.put_object(objects, &granted.bucket_name, &key, &granted.bucket_auth, package.bytes).await?;
    eprintln!("uploaded `{key}` to bucket `{}`", granted.bucket_name);

    let request = CreateAssetRequest {
        asset_name: name,
        asset_region: region.to_owned(),
        asset_version: version,
        bucket_key: key,
        operate_system: OPERATE_SYSTEM.into(),
        tags: Some(vec![Tag { key: DIGEST_TAG.into(), value: package.digest }]),
        ..CreateAssetRequest::default()
    };
    let asset = client.call(&request).await.map_err(doing("cannot create the asset"))?;
    wait(client, &asset).await?;
    Ok(asset)
}

/// Puts what was being done before an error of a call.
pub(crate) fn doing(what: &'static str) -> impl Fn(gse_client::CallError) -> Failure {
    move |error| Failure::from(error).context(what)
}

/// Until the service has checked the package.
async fn wait(client: &Client, asset: &CreateAssetResponse) -> Result<(), Failure> {
    let id = &asset.asset_id;
    let deadline = Instant::now() + CHECK_DEADLINE;
    loop {
        let described = client.call(&DescribeAssetRequest { asset_id: id.clone() }).await;
        let described = described.map_err(doing("cannot see whether the asset is ready"))?;
        match described.asset.stauts {
            READY => return Ok(()),
            FAILED => {
                let error = anyhow::anyhow!("the service refused the package of asset `{id}`");
                return Err(Failure::from(error).hint("the service's log says what is wrong with the zip"));
            }
            _ if Instant::now() >= deadline => {
                let error = anyhow::anyhow!("asset `{id}` is not ready after {} s", CHECK_DEADLINE.as_secs());
                return Err(Failure::from(error).hint("`gse call DescribeAsset` shows its state as `Stauts`"));
            }
            _ => tokio::time::sleep(POLL_INTERVAL).await,
        }
    }
}
