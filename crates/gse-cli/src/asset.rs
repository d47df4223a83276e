//! `gse asset`: packs a folder, puts a package into the object endpoint, or does all steps of an upload.

mod pack;
#[cfg(test)]
mod tests;

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use gse_api::types::{
    CreateAssetRequest, CreateAssetResponse, DescribeAssetRequest, GetUploadCredentialsRequest,
};
use gse_client::{Client, put_object_trusting};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    call::{Certificates, Connection},
    failure::Failure,
};

/// The system that needs no image (cloud-api.md §2.1).
const OPERATE_SYSTEM: &str = "CentOS7.16";
/// How long a service may check a package before that is called a failure.
const CHECK_DEADLINE: Duration = Duration::from_secs(300);
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// `Asset.Stauts`, cloud-api.md §3.
const FAILED: i64 = 1;
const READY: i64 = 2;

/// Packages of game servers.
#[derive(Debug, Args)]
pub(crate) struct AssetArgs {
    #[command(subcommand)]
    command: AssetCommand,
}

#[derive(Debug, Subcommand)]
enum AssetCommand {
    /// Zips the contents of a folder; the same contents give the same bytes.
    Pack(PackArgs),
    /// Puts a zip into the object endpoint with the authorization that GetUploadCredentials gave.
    Put(PutArgs),
    /// Packs, uploads, creates the asset and waits until it is ready.
    Upload(UploadArgs),
}

#[derive(Debug, Args)]
struct PackArgs {
    /// The folder whose contents land at `/local/game/`.
    #[arg(long)]
    dir: PathBuf,
    /// The zip to write.
    #[arg(long, value_name = "FILE.zip")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct PutArgs {
    /// The zip to send.
    #[arg(long, value_name = "FILE.zip")]
    zip: PathBuf,
    /// `BucketName` of GetUploadCredentials.
    #[arg(long)]
    bucket: String,
    /// The `BucketKey` that was asked for.
    #[arg(long)]
    key: String,
    /// `BucketAuth` of GetUploadCredentials.
    #[arg(long)]
    authorization: String,
    #[command(flatten)]
    objects: Objects,
    #[command(flatten)]
    certificates: Certificates,
}

#[derive(Debug, Args)]
struct Objects {
    /// The object endpoint; `gse local` prints it as `objects` when it is ready.
    #[arg(long, env = "GSE_OBJECTS", value_name = "URL")]
    objects: String,
}

#[derive(Debug, Args)]
struct UploadArgs {
    /// The folder whose contents land at `/local/game/`.
    #[arg(long)]
    dir: PathBuf,
    /// The asset's name.
    #[arg(long)]
    name: String,
    /// The asset's version.
    #[arg(long)]
    asset_version: String,
    /// The object's key; `NAME/VERSION.zip` if absent.
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    objects: Objects,
    #[command(flatten)]
    connection: Connection,
}

/// Runs one of the subcommands.
pub(crate) async fn run(args: AssetArgs) -> Result<(), Failure> {
    match args.command {
        AssetCommand::Pack(args) => pack(&args),
        AssetCommand::Put(args) => put(args).await,
        AssetCommand::Upload(args) => upload(args).await,
    }
}

fn pack(args: &PackArgs) -> Result<(), Failure> {
    if inside(&args.out, &args.dir) {
        let error = format!("`{}` is inside the folder that it would hold", args.out.display());
        return Err(Failure::usage(error).hint("write the zip to another folder"));
    }
    let packed = packed(&args.dir)?;
    // Beside the target first, so that a reader never sees half a zip.
    let mut partial = args.out.clone().into_os_string();
    partial.push(".partial");
    let write = fs::write(&partial, &packed.bytes).and_then(|()| fs::rename(&partial, &args.out));
    write.with_context(|| format!("cannot write `{}`", args.out.display()))?;
    let shown = args.out.display().to_string();
    crate::print_json(&json!({ "zip": shown, "files": packed.files, "bytes": packed.bytes.len() }), true)
}

struct Packed {
    bytes: Vec<u8>,
    files: usize,
}

fn packed(folder: &Path) -> Result<Packed, Failure> {
    let mut bytes = Cursor::new(Vec::new());
    let files = pack::pack(folder, &mut bytes)
        .map_err(|error| Failure::usage(error.context(format!("cannot pack `{}`", folder.display()))))?;
    Ok(Packed { bytes: bytes.into_inner(), files })
}

/// True when writing `file` would change `folder`.
fn inside(file: &Path, folder: &Path) -> bool {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (parent.canonicalize(), folder.canonicalize()) {
        (Ok(parent), Ok(folder)) => parent.starts_with(folder),
        _ => false,
    }
}

async fn put(args: PutArgs) -> Result<(), Failure> {
    let bytes = fs::read(&args.zip)
        .with_context(|| format!("cannot read `{}`", args.zip.display()))
        .map_err(Failure::usage)?;
    let size = bytes.len();
    let (objects, trust) = (&args.objects.objects, args.certificates.trust()?);
    put_object_trusting(objects, &args.bucket, &args.key, &args.authorization, bytes, &trust).await?;
    crate::print_json(&json!({ "bucket": args.bucket, "key": args.key, "bytes": size }), true)
}

async fn upload(args: UploadArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let packed = packed(&args.dir)?;
    eprintln!("packed {} files, {} bytes", packed.files, packed.bytes.len());
    let region = args.connection.region.clone();
    let key = args.key.unwrap_or_else(|| format!("{}/{}.zip", args.name, args.asset_version));

    let request = GetUploadCredentialsRequest { asset_region: region.clone(), bucket_key: key.clone() };
    let granted = client.call(&request).await.map_err(doing("cannot get an authorization for the upload"))?;
    let (objects, trust) = (&args.objects.objects, args.connection.certificates.trust()?);
    let (bucket, authorization) = (&granted.bucket_name, &granted.bucket_auth);
    put_object_trusting(objects, bucket, &key, authorization, packed.bytes, &trust).await?;
    eprintln!("uploaded `{key}` to bucket `{}`", granted.bucket_name);

    let request = CreateAssetRequest {
        asset_name: args.name,
        asset_region: region,
        asset_version: args.asset_version,
        bucket_key: key,
        operate_system: OPERATE_SYSTEM.into(),
        ..CreateAssetRequest::default()
    };
    let asset = client.call(&request).await.map_err(doing("cannot create the asset"))?;
    wait(&client, &asset).await?;
    crate::print_json(&asset, true)
}

fn doing(what: &'static str) -> impl Fn(gse_client::CallError) -> Failure {
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
