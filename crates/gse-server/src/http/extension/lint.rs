//! What is wrong with an asset package: `gse_core::package::lint` judges, this reads.

use gse_api::extension::{LintAssetRequest, LintAssetResponse, LintFinding};
use gse_api::{ApiError, ErrorCode};
use gse_core::asset;
use gse_core::id::{AssetId, Scope};
use gse_core::package::lint::{Build, BuildFile, Content, Finding, Level, lint as judge};

use super::{refusal, unanswered};
use crate::engine::SubmitError;
use crate::http::Api;
use crate::http::inspection::{Inspected, Unread};

/// Programs of a package that are offered.
const MOST_PROGRAMS: usize = 20;
/// Findings that are told.
const MOST_FINDINGS: usize = 200;

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
    let inspected = api.inspections.of(package).await.map_err(unread)?;
    // What the machine has is looked up, on its disk.
    let judged = tokio::task::spawn_blocking(move || match &*inspected {
        Inspected::Contents(contents) => to_wire(&contents.build(request.launch_paths)),
        Inspected::Unusable(why) => LintAssetResponse { unusable: why.clone(), ..Default::default() },
    });
    judged.await.map_err(|panic| {
        tracing::error!(request_id, %panic, "judging a package ended unexpectedly");
        unread(Unread::Unexpected)
    })
}

fn unread(unread: Unread) -> ApiError {
    let (code, text) = match unread {
        Unread::Late => {
            (ErrorCode::ResourceUnavailable, "packages are being looked into\nhint: try again in a minute")
        }
        Unread::Unreadable => (
            ErrorCode::ResourceUnavailable,
            "the package cannot be read now; the log of the service says why\nhint: try again",
        ),
        Unread::Unexpected => {
            (ErrorCode::InternalError, "an unexpected fault; the log of the service has the details")
        }
        Unread::Stopped => return unanswered(SubmitError::Stopped),
    };
    ApiError::new(code, text)
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
