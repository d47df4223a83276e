//! What will go wrong with a package when it is launched: `gse asset lint`, for one that is uploaded already.

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Asks what is wrong with an asset package, as far as the machine of the service can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LintAssetRequest {
    /// The asset, in any region of the account.
    pub asset_id: String,
    /// What a fleet would launch, as CreateFleet says it; without any, launch paths are not judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub launch_paths: Vec<String>,
}

impl ExtensionRequest for LintAssetRequest {
    const ACTION: ExtensionAction = ExtensionAction::LintAsset;
    type Response = LintAssetResponse;
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LintAssetResponse {
    /// Why it is no package that could be looked into; empty when it is one.
    pub unusable: String,
    /// Its files.
    pub files: u64,
    /// Their bytes when unpacked.
    pub bytes: u64,
    /// The processor that it was judged for.
    pub machine: String,
    /// Files that look like what could be launched, as launch paths; at most 20.
    pub programs: Vec<String>,
    /// Errors first.
    pub findings: Vec<LintFinding>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LintFinding {
    /// `error`: a fleet of it fails; `warning`: it may be meant so.
    pub level: String,
    /// The rule's name: `architecture`.
    pub rule: String,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub hint: String,
}
