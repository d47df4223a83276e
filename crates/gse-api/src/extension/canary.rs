//! The canary of an alias: a share of its new sessions goes to a second fleet (R78).

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Begins, changes or ends the canary of an alias; begun again, it counts from nothing. UpdateAlias with a
/// RoutingStrategy ends it too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SetAliasCanaryRequest {
    /// The alias.
    pub alias_id: String,
    /// An ACTIVE fleet, another than the one that the alias leads to; not needed to end the canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet_id: Option<String>,
    /// Of a hundred sessions so many, 1 to 99; 0 ends the canary.
    #[serde(default)]
    pub percent: u32,
}

impl ExtensionRequest for SetAliasCanaryRequest {
    const ACTION: ExtensionAction = ExtensionAction::SetAliasCanary;
    type Response = AliasCanary;
}

/// Asks for the canary of an alias.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeAliasCanaryRequest {
    /// The alias.
    pub alias_id: String,
}

impl ExtensionRequest for DescribeAliasCanaryRequest {
    const ACTION: ExtensionAction = ExtensionAction::DescribeAliasCanary;
    type Response = AliasCanary;
}

/// The canary of an alias.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasCanary {
    /// The alias.
    pub alias_id: String,
    /// The fleet that gets the share; empty where there is no canary.
    #[serde(default)]
    pub fleet_id: String,
    /// Of a hundred sessions so many; 0 where there is no canary.
    #[serde(default)]
    pub percent: u32,
    /// Since when, ISO 8601; empty where there is no canary.
    #[serde(default)]
    pub since: String,
    /// Sessions that were created through the alias since then.
    #[serde(default)]
    pub created: u64,
    /// Those of them that the canary's fleet got.
    #[serde(default)]
    pub given: u64,
}
