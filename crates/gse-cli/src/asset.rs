//! `gse asset`: packs a folder, puts a package into the object endpoint, or does all steps of an upload.

pub(crate) mod build;
pub(crate) mod lint;
mod pack;
#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use gse_api::types::{Asset, CreateAssetResponse};
use gse_client::put_object_trusting;
use serde_json::json;

use build::{Named, packed};

use crate::{
    call::{Certificates, Connection},
    failure::Failure,
};

/// Packages of game servers.
#[derive(Debug, Args)]
pub(crate) struct AssetArgs {
    #[command(subcommand)]
    command: AssetCommand,
}

#[derive(Debug, Subcommand)]
enum AssetCommand {
    /// Says what will go wrong with a build, before it is uploaded.
    Lint(lint::LintArgs),
    /// Zips the contents of a folder; the same contents give the same bytes.
    Pack(PackArgs),
    /// Puts a zip into the object endpoint with the authorization that GetUploadCredentials gave.
    Put(PutArgs),
    /// Packs, uploads, creates the asset and waits until it is ready; an unchanged build is not uploaded again.
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
    certificates: Certificates,
    /// The object endpoint; `gse local` prints it as `objects` when it is ready.
    #[arg(long, env = "GSE_OBJECTS", value_name = "URL")]
    objects: String,
}

/// Where packages are sent.
#[derive(Debug, Args)]
pub(crate) struct Objects {
    /// The object endpoint, which `gse local` prints as `objects`; `/objects` of the API's endpoint if absent.
    #[arg(long, env = "GSE_OBJECTS", value_name = "URL")]
    objects: Option<String>,
}

impl Objects {
    /// The address of the object endpoint.
    pub(crate) fn url(&self, connection: &Connection) -> String {
        let beside = || format!("{}/objects", connection.endpoint.trim_end_matches('/'));
        self.objects.clone().unwrap_or_else(beside)
    }
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
    /// Uploads a build of which `gse asset lint` says that it fails.
    #[arg(long)]
    no_lint: bool,
    #[command(flatten)]
    objects: Objects,
    #[command(flatten)]
    connection: Connection,
}

/// Runs one of the subcommands; the exit code.
pub(crate) async fn run(args: AssetArgs) -> Result<u8, Failure> {
    match args.command {
        AssetCommand::Lint(args) => return lint::run(args),
        AssetCommand::Pack(args) => pack(&args)?,
        AssetCommand::Put(args) => put(args).await?,
        AssetCommand::Upload(args) => upload(args).await?,
    }
    Ok(0)
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
    let trust = args.certificates.trust()?;
    put_object_trusting(&args.objects, &args.bucket, &args.key, &args.authorization, bytes, &trust).await?;
    crate::print_json(&json!({ "bucket": args.bucket, "key": args.key, "bytes": size }), true)
}

async fn upload(args: UploadArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let packed = packed(&args.dir)?;
    if !args.no_lint {
        lint::check(&args.dir, vec![])?;
    }
    eprintln!("packed {} files, {} bytes", packed.files, packed.bytes.len());
    let region = args.connection.region.clone();
    let same = build::of_content(&client, &region, &packed.digest).await?;
    let is_called_so =
        |asset: &&Asset| asset.asset_name == args.name && asset.asset_version == args.asset_version;
    if let Some(asset) = same.iter().find(is_called_so) {
        eprintln!("asset `{}` has this content, name and version: nothing to upload", asset.asset_id);
        let (asset_arn, asset_id) = (asset.asset_arn.clone(), asset.asset_id.clone());
        return crate::print_json(&CreateAssetResponse { asset_arn, asset_id }, true);
    }
    let key = args.key.unwrap_or_else(|| format!("{}/{}.zip", args.name, args.asset_version));
    let named = Named { name: args.name, version: args.asset_version, key };
    let objects = args.objects.url(&args.connection);
    let asset = build::publish(&client, &objects, &region, named, packed).await?;
    crate::print_json(&asset, true)
}
