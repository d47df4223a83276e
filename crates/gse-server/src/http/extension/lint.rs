//! What is wrong with an asset package: `gse_core::package::lint` judges, this reads.

use std::path::Path;
use std::time::Duration;

use gse_agent::inspection;
use gse_agent::package::PackageError;
use gse_api::extension::{LintAssetRequest, LintAssetResponse, LintFinding};
use gse_api::{ApiError, ErrorCode};
use gse_core::asset;
use gse_core::id::{AssetId, Scope};
use gse_core::package::lint::{Build, BuildFile, Content, Finding, Level, lint as judge};
use tokio::sync::Semaphore;

use super::{refusal, unanswered};
use crate::http::Api;

/// Programs of a package that are offered.
const MOST_PROGRAMS: usize = 20;
/// Findings that are told.
const MOST_FINDINGS: usize = 200;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// Unpacking programs takes time of a disk, so packages are looked into one after the other.
static TURN: Semaphore = Semaphore::const_new(1);

pub(super) async fn lint(
    api: &Api,
    scope: Scope,
    request: LintAssetRequest,
    request_id: &str,
) -> Result<LintAssetResponse, ApiError> {
    let id = AssetId::new(request.asset_id);
    let read = api
        .engine
        .query(move |state, _now| asset::find(state, &scope, &id).map(|asset| asset.package.clone()));
    let package = read.await.map_err(unanswered)?.map_err(|error| refusal(&error))?;
    let Some(package) = package else {
        let message = "The asset is an image: there is nothing to look into (R63).";
        return Err(ApiError::new(ErrorCode::UnsupportedOperation, message));
    };
    let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, TURN.acquire()).await else {
        let text = "other packages are being looked into\nhint: try again in a minute";
        return Err(ApiError::new(ErrorCode::ResourceUnavailable, text));
    };
    let path = api.blobs.blob_path(&package);
    let looked = tokio::task::spawn_blocking(move || {
        // Until the look is over, also when nobody waits for it any more.
        let _turn = turn;
        look(&path, request.launch_paths)
    });
    let looked = looked.await;
    match looked {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::error!(request_id, %error, "a package cannot be read");
            let text = "the package cannot be read now; the log of the service says why\nhint: try again";
            Err(ApiError::new(ErrorCode::ResourceUnavailable, text))
        }
        Err(panic) => {
            tracing::error!(request_id, %panic, "looking into a package ended unexpectedly");
            let text = "an unexpected fault; the log of the service has the details";
            Err(ApiError::new(ErrorCode::InternalError, text))
        }
    }
}

/// The outer error is a fault of ours; what is wrong with the package is an answer.
fn look(path: &Path, launch: Vec<String>) -> Result<LintAssetResponse, std::io::Error> {
    match inspection::package(path, launch) {
        Ok(build) => Ok(to_wire(&build)),
        Err(PackageError::Io(error)) => Err(error),
        Err(problem) => Ok(LintAssetResponse { unusable: problem.to_string(), ..Default::default() }),
    }
}

fn to_wire(build: &Build) -> LintAssetResponse {
    let programs = build.files.iter().filter(|file| is_program(file));
    LintAssetResponse {
        unusable: String::new(),
        files: u64::try_from(build.files.len()).unwrap_or(u64::MAX),
        bytes: build.files.iter().map(|file| file.bytes).sum(),
        machine: build.machine.to_string(),
        programs: programs.take(MOST_PROGRAMS).map(|file| format!("/local/game/{}", file.path)).collect(),
        findings: judge(build).into_iter().take(MOST_FINDINGS).map(finding).collect(),
    }
}

/// What could be launched on a host. Libraries are ELF too, and name no interpreter.
fn is_program(file: &BuildFile) -> bool {
    match &file.content {
        Content::Elf(elf) => elf.interpreter.is_some() || (file.is_executable && !file.path.contains(".so")),
        Content::Script { .. } => file.is_executable,
        Content::Windows | Content::Mac | Content::Other => false,
    }
}

fn finding(finding: Finding) -> LintFinding {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    LintFinding {
        level: level.to_owned(),
        rule: finding.rule.to_owned(),
        text: finding.text,
        hint: finding.hint,
    }
}
