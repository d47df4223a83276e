//! What the console's wizard is made of (operations.md 8.1). The vendor's names, which only its permission list had (K-12);
//! the members are ours.

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Makes an asset of the demo package that the service has, in the region of the call. Called again in one round, it
/// answers the asset that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateAssetAutoRequest {}

impl ExtensionRequest for CreateAssetAutoRequest {
    const ACTION: ExtensionAction = ExtensionAction::CreateAssetAuto;
    type Response = DemoResource;
}

/// Makes the demo fleet (C-D3) of the asset of CreateAssetAuto. Called again in one round, it answers the fleet that is
/// there, unless that has failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateFleetDemoRequest {}

impl ExtensionRequest for CreateFleetDemoRequest {
    const ACTION: ExtensionAction = ExtensionAction::CreateFleetDemo;
    type Response = DemoResource;
}

/// Asks where the wizard stands in the region of the call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeDemoResourceRequest {}

impl ExtensionRequest for DescribeDemoResourceRequest {
    const ACTION: ExtensionAction = ExtensionAction::DescribeDemoResource;
    type Response = DemoResource;
}

/// Opens a step, chooses a session, or completes the round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateDemoResourceRequest {
    /// The step to open, 1 to 4; it needs what the one before it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The session to choose: one of the demo fleet that is not over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_server_session_id: Option<String>,
    /// Forgets the round; what it made stays. Not together with other members.
    #[serde(default, skip_serializing_if = "is_false")]
    pub complete: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}

impl ExtensionRequest for UpdateDemoResourceRequest {
    const ACTION: ExtensionAction = ExtensionAction::UpdateDemoResource;
    type Response = DemoResource;
}

/// Where the wizard stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DemoResource {
    /// The step that is open, 1 to 4: package, fleet, sessions, client.
    pub step: u32,
    /// The demo package of this round; empty when there is none.
    #[serde(default)]
    pub asset_id: String,
    /// The demo fleet of this round; empty when there is none.
    #[serde(default)]
    pub fleet_id: String,
    /// Its status; empty when there is none.
    #[serde(default)]
    pub fleet_status: String,
    /// The session that is chosen; empty when there is none.
    #[serde(default)]
    pub game_server_session_id: String,
    /// Why CreateAssetAuto would be refused, and what to do; empty when the service has a demo package.
    #[serde(default)]
    pub package_missing: String,
}
