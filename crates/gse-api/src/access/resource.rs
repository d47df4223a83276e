//! Which resource a request is about, for the actions that have rights on single resources (K-6).

use serde_json::Value;

/// The kinds of resource that policies know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the kind of that name")]
pub enum ResourceKind {
    Asset,
    Alias,
    Fleet,
    Queue,
}

impl ResourceKind {
    /// As policies write them.
    pub(super) const NAMES: [&'static str; 4] = ["asset", "alias", "fleet", "gameServerSessionQueue"];

    /// Reads the kind; the API's samples say `queue` (C16).
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "asset" => Some(Self::Asset),
            "alias" => Some(Self::Alias),
            "fleet" => Some(Self::Fleet),
            "gameServerSessionQueue" | "queue" => Some(Self::Queue),
            _ => None,
        }
    }

    /// As policies write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Alias => "alias",
            Self::Fleet => "fleet",
            Self::Queue => "gameServerSessionQueue",
        }
    }
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its id, or the name of a queue.
    pub id: String,
}

impl Resource {
    /// As policies write it.
    pub(super) fn name(&self, uin: &str, region: &str) -> String {
        format!("qcs::gse:{region}:uin/{uin}:{}/{}", self.kind.name(), self.id)
    }
}

/// K-6: the kind of resource that an action has rights on, and the member that names it. All other actions match `*` only.
pub(super) fn kind_of(action: &str) -> Option<(ResourceKind, &'static str)> {
    Some(match action {
        "DeleteAsset" | "DescribeAsset" | "UpdateAsset" => (ResourceKind::Asset, "AssetId"),
        "DeleteAlias" | "DescribeAlias" | "ResolveAlias" | "UpdateAlias" => (ResourceKind::Alias, "AliasId"),
        "DeleteGameServerSessionQueue" | "UpdateGameServerSessionQueue" => (ResourceKind::Queue, "Name"),
        "StartGameServerSessionPlacement" => (ResourceKind::Queue, "GameServerSessionQueueName"),
        "AttachCcnInstances"
        | "DeleteFleet"
        | "DeleteScalingPolicy"
        | "DescribeFleetEvents"
        | "DescribeFleetPortSettings"
        | "DescribeInstances"
        | "DescribeInstancesExtend"
        | "DescribeRuntimeConfiguration"
        | "DescribeScalingPolicies"
        | "DetachCcnInstances"
        | "GetInstanceAccess"
        | "PutScalingPolicy"
        | "SetServerWeight"
        | "StartFleetActions"
        | "StopFleetActions"
        | "UpdateFleetAttributes"
        | "UpdateFleetCapacity"
        | "UpdateFleetName"
        | "UpdateFleetPortSettings"
        | "UpdateRuntimeConfiguration" => (ResourceKind::Fleet, "FleetId"),
        _ => return None,
    })
}

/// The resource that a request is about. `None` when its action knows none, and when the request names none or is
/// malformed: such a request matches `*` only, and the decoder refuses it.
pub fn named_by(action: &str, body: &[u8]) -> Option<Resource> {
    let (kind, member) = kind_of(action)?;
    // The same reading as that of `decode`: of members that are given twice, the last counts.
    let members: Value = serde_json::from_slice(body).ok()?;
    let id = members.get(member)?.as_str().filter(|id| !id.is_empty())?;
    Some(Resource { kind, id: id.to_owned() })
}
