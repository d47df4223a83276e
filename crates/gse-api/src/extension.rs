//! What this service answers beside the cloud API: `POST /opengse/<Action>`, with the headers, the signature, the
//! envelope and the errors of the cloud API. The vendor never had these actions; no old client meets them.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::types::{StartGameServerSessionPlacementRequest, StartGameServerSessionPlacementResponse};
use crate::{Action, ApiError, ErrorCode, access};

mod placement;
mod region;

pub use placement::{ExplainPlacementRequest, ExplainPlacementResponse, PassedOver, SearchStep};
pub use region::{
    DescribeRegionsRequest, DescribeRegionsResponse, RegionInfo, SetFaultRequest, SetFaultResponse,
};

mod canary;
mod codes;
mod demo;
mod explain;
mod lint;
mod monitoring;
mod output;
mod timeline;

pub use canary::{AliasCanary, DescribeAliasCanaryRequest, SetAliasCanaryRequest};
pub use codes::{
    CapacityMode, CapacityVerdict, DecidedBy, FINDING_RULES, LINT_RULES, PassedOverCode, ProcessState,
    SearchOutcome, StandsCode,
};
pub use demo::{
    CreateAssetAutoRequest, CreateFleetDemoRequest, DemoResource, DescribeDemoResourceRequest,
    UpdateDemoResourceRequest,
};
pub use explain::{
    CapacityDecision, CapacityEvaluation, ExplainFleetCapacityRequest, ExplainFleetCapacityResponse,
    PolicyOpinion,
};
pub use lint::{LintAssetRequest, LintAssetResponse, LintFinding};
pub use monitoring::{DescribeMonitoringRequest, DescribeMonitoringResponse, MetricValues};
pub use output::{
    DescribeProcessOutputRequest, DescribeProcessOutputResponse, OUTPUT_BYTES_DEFAULT, OUTPUT_BYTES_MOST,
    ProcessInfo, ProcessOutput,
};
pub use timeline::{DescribeSessionTimelineRequest, DescribeSessionTimelineResponse, SessionHop};

/// Where the actions lie on the API listener.
pub const PATH: &str = "/opengse/";

/// The actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtensionAction {
    /// Why something is stuck.
    Diagnose,
    /// Why a fleet has as many instances as it has.
    ExplainFleetCapacity,
    /// What fleets, queues and instances did.
    DescribeMonitoring,
    /// What is wrong with an asset package.
    LintAsset,
    /// A placement for a matchmaker.
    StartMatchPlacement,
    /// Why a placement stands where it stands.
    ExplainPlacement,
    /// The way of a session from its request to the first tick (R120).
    DescribeSessionTimeline,
    /// What a process writes (R122).
    DescribeProcessOutput,
    /// Which regions are served, and where their beacons are.
    DescribeRegions,
    /// Makes a region or a fleet fail.
    SetFault,
    /// The canary of an alias (R78).
    DescribeAliasCanary,
    /// Begins, changes or ends the canary of an alias (R78).
    SetAliasCanary,
    /// Makes an asset of the built-in demo package (K-12, R110).
    CreateAssetAuto,
    /// Makes the demo fleet of it (K-12, R110).
    CreateFleetDemo,
    /// Where the wizard stands (K-12, R111).
    DescribeDemoResource,
    /// The wizard goes on, or begins anew (K-12, R111).
    UpdateDemoResource,
    /// Whether the account has activated the service.
    CheckOpenStatus,
    /// Activates it.
    SetOpenStatus,
}

impl ExtensionAction {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Diagnose,
        Self::ExplainPlacement,
        Self::DescribeSessionTimeline,
        Self::DescribeProcessOutput,
        Self::DescribeRegions,
        Self::SetFault,
        Self::ExplainFleetCapacity,
        Self::DescribeMonitoring,
        Self::LintAsset,
        Self::StartMatchPlacement,
        Self::DescribeAliasCanary,
        Self::SetAliasCanary,
        Self::CreateAssetAuto,
        Self::CreateFleetDemo,
        Self::DescribeDemoResource,
        Self::UpdateDemoResource,
        Self::CheckOpenStatus,
        Self::SetOpenStatus,
    ];

    /// The name in the path and in `X-TC-Action`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Diagnose => "Diagnose",
            Self::ExplainFleetCapacity => "ExplainFleetCapacity",
            Self::DescribeMonitoring => "DescribeMonitoring",
            Self::LintAsset => "LintAsset",
            Self::StartMatchPlacement => "StartMatchPlacement",
            Self::ExplainPlacement => "ExplainPlacement",
            Self::DescribeSessionTimeline => "DescribeSessionTimeline",
            Self::DescribeProcessOutput => "DescribeProcessOutput",
            Self::DescribeRegions => "DescribeRegions",
            Self::SetFault => "SetFault",
            Self::DescribeAliasCanary => "DescribeAliasCanary",
            Self::SetAliasCanary => "SetAliasCanary",
            Self::CreateAssetAuto => "CreateAssetAuto",
            Self::CreateFleetDemo => "CreateFleetDemo",
            Self::DescribeDemoResource => "DescribeDemoResource",
            Self::UpdateDemoResource => "UpdateDemoResource",
            Self::CheckOpenStatus => access::CHECK_OPEN_STATUS,
            Self::SetOpenStatus => access::SET_OPEN_STATUS,
        }
    }

    /// The action of the cloud API whose rights this one needs too (R97): what denies that one denies this, and what
    /// allows it allows this. `None` where the vendor's permission list knows it alone (K-9).
    pub fn counterpart(self) -> Option<Action> {
        match self {
            Self::Diagnose => Some(Action::DescribeFleetEvents),
            Self::ExplainFleetCapacity => Some(Action::DescribeScalingPolicies),
            Self::DescribeMonitoring => Some(Action::DescribeFleetUtilization),
            Self::LintAsset => Some(Action::DescribeAsset),
            Self::StartMatchPlacement => Some(Action::StartGameServerSessionPlacement),
            Self::DescribeAliasCanary => Some(Action::DescribeAlias),
            Self::SetAliasCanary => Some(Action::UpdateAlias),
            Self::ExplainPlacement => Some(Action::DescribeGameServerSessionPlacement),
            Self::DescribeSessionTimeline => Some(Action::DescribeGameServerSessions),
            Self::DescribeProcessOutput => Some(Action::GetGameServerInstanceLogUrl),
            Self::CreateAssetAuto => Some(Action::CreateAsset),
            Self::CreateFleetDemo => Some(Action::CreateFleet),
            Self::DescribeDemoResource => Some(Action::DescribeFleetAttributes),
            // What it writes down is the wizard's own.
            Self::UpdateDemoResource => None,
            // Regions and their faults are of the installation, not of the cloud that there was.
            Self::CheckOpenStatus | Self::SetOpenStatus | Self::DescribeRegions | Self::SetFault => None,
        }
    }

    /// Reads the name; letter case counts.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}

/// A request of an extension action.
pub trait ExtensionRequest: Serialize + DeserializeOwned {
    /// The action.
    const ACTION: ExtensionAction;
    /// Its answer.
    type Response: Serialize + DeserializeOwned;
}

/// Asks whether the account of the caller has activated the service (K-9, R61).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckOpenStatusRequest {}

impl ExtensionRequest for CheckOpenStatusRequest {
    const ACTION: ExtensionAction = ExtensionAction::CheckOpenStatus;
    type Response = OpenStatusResponse;
}

/// Activates the service for the account of the caller; nothing changes where that was done before (K-9, R61).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetOpenStatusRequest {}

impl ExtensionRequest for SetOpenStatusRequest {
    const ACTION: ExtensionAction = ExtensionAction::SetOpenStatus;
    type Response = OpenStatusResponse;
}

/// Whether the service is activated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OpenStatusResponse {
    /// It is.
    pub is_open: bool,
}

/// Asks why something is stuck. Without members: about everything in the region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DiagnoseRequest {
    /// Only this fleet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet_id: Option<String>,
    /// Only this game server session and its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_server_session_id: Option<String>,
    /// Only this process and its sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<String>,
}

impl ExtensionRequest for DiagnoseRequest {
    const ACTION: ExtensionAction = ExtensionAction::Diagnose;
    type Response = DiagnoseResponse;
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DiagnoseResponse {
    /// The worst first.
    pub findings: Vec<Finding>,
    /// What was looked at.
    pub looked_at: LookedAt,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Finding {
    /// `error` or `warning`.
    pub severity: String,
    /// The rule's name: `activate-missing`.
    pub rule: String,
    /// Where the contract says so: `server-sdk.md 3.2`.
    pub section: String,
    /// The fleet that it is about.
    pub fleet_id: String,
    /// The session that it is about; empty when there is none.
    #[serde(default)]
    pub game_server_session_id: String,
    /// The process that it is about; empty when there is none.
    #[serde(default)]
    pub process_id: String,
    /// What was seen, with numbers.
    pub what: String,
    /// What that means.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// The last lines that a process wrote.
    #[serde(default)]
    pub output: Vec<String>,
    /// When it was seen last, ISO 8601.
    pub time: String,
    /// As many more of the kind were left out.
    #[serde(default)]
    pub more: u64,
}

/// How much was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "each is the number of the things of that name")]
pub struct LookedAt {
    pub fleets: u64,
    pub instances: u64,
    pub processes: u64,
    /// Processes that have not called ProcessReady yet.
    pub starting_processes: u64,
    pub game_server_sessions: u64,
    pub player_sessions: u64,
    pub events: u64,
    /// Rules that were applied.
    pub rules: u64,
}

/// StartGameServerSessionPlacement for a matchmaker (operations.md X-2): the vendor's own matchmaking called it by this
/// name, and it alone could hand over MatchmakerData.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartMatchPlacementRequest {
    /// The placement.
    #[serde(flatten)]
    pub placement: StartGameServerSessionPlacementRequest,
    /// What the game server and the readers of the session are told, at most 400,000 ASCII characters (X-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matchmaker_data: Option<String>,
}

impl ExtensionRequest for StartMatchPlacementRequest {
    const ACTION: ExtensionAction = ExtensionAction::StartMatchPlacement;
    type Response = StartGameServerSessionPlacementResponse;
}

/// Longest MatchmakerData, in characters (operations.md 12.2).
pub const MATCHMAKER_DATA_MAX: usize = 400_000;
const MATCHMAKER_DATA: &str = "MatchmakerData";

impl StartMatchPlacementRequest {
    /// Reads the body: MatchmakerData here, and the rest as the cloud API reads a placement.
    ///
    /// # Errors
    /// As `StartGameServerSessionPlacement`; `InvalidParameter` or `InvalidParameterValue` for MatchmakerData.
    pub fn decode(body: &[u8]) -> Result<Self, ApiError> {
        let Ok(mut members) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body)
        else {
            // The reader of placements says what is wrong with it.
            let placement = crate::decode(body)?;
            return Ok(Self { placement, matchmaker_data: None });
        };
        let matchmaker_data = match members.remove(MATCHMAKER_DATA) {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::String(text)) => Some(text),
            Some(_) => {
                let message = format!("The parameter `{MATCHMAKER_DATA}` must be a string.");
                return Err(ApiError::new(ErrorCode::InvalidParameter, message));
            }
        };
        if let Some(text) =
            matchmaker_data.as_ref().filter(|text| !text.is_ascii() || text.len() > MATCHMAKER_DATA_MAX)
        {
            let expected = format!("Expected at most {MATCHMAKER_DATA_MAX} ASCII characters.");
            return Err(ApiError::invalid_value(MATCHMAKER_DATA, text, &expected));
        }
        let rest = serde_json::Value::Object(members).to_string();
        Ok(Self { placement: crate::decode(rest.as_bytes())?, matchmaker_data })
    }
}

/// Reads the body of a request; nothing at all stands for no members.
///
/// # Errors
/// `InvalidParameter` with what is wrong with it.
pub fn decode<R: ExtensionRequest>(body: &[u8]) -> Result<R, ApiError> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let wrong = |error: serde_json::Error| {
        let message = format!("The body is not a request of `{}`: {error}.", R::ACTION.name());
        ApiError::new(ErrorCode::InvalidParameter, message)
    };
    // A list would do for a struct.
    let members: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).map_err(wrong)?;
    serde_json::from_value(members.into()).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_be_empty_and_has_no_other_members() {
        assert_eq!(decode::<DiagnoseRequest>(b"").unwrap(), DiagnoseRequest::default());
        let asked: DiagnoseRequest = decode(br#"{"FleetId":"fleet-1"}"#).unwrap();
        assert_eq!(asked.fleet_id.as_deref(), Some("fleet-1"));
        let error = decode::<DiagnoseRequest>(br#"{"Fleet":"fleet-1"}"#).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidParameter);
        assert!(error.message.contains("`Fleet`") && error.message.contains("FleetId"), "{}", error.message);
    }

    #[test]
    fn a_match_is_a_placement_with_one_member_more() {
        let body = |data: &str, more: &str| {
            format!(
                r#"{{"PlacementId":"1","GameServerSessionQueueName":"q","MaximumPlayerSessionCount":2,"MatchmakerData":{data}{more}}}"#
            )
        };
        let read = |body: String| StartMatchPlacementRequest::decode(body.as_bytes());
        let request = read(body(r#""{}""#, "")).unwrap();
        assert_eq!(request.matchmaker_data.as_deref(), Some("{}"));
        assert_eq!(request.placement.placement_id, "1");
        // What a client writes is what is read.
        assert_eq!(read(serde_json::to_string(&request).unwrap()).unwrap(), request);
        assert_eq!(read(body("null", "")).unwrap().matchmaker_data, None);
        let longest = format!("\"{}\"", "x".repeat(MATCHMAKER_DATA_MAX));
        assert!(read(body(&longest, "")).is_ok());
        for (body, code, named) in [
            (body("7", ""), ErrorCode::InvalidParameter, "MatchmakerData"),
            (body("\"é\"", ""), ErrorCode::InvalidParameterValue, "(1 characters, not shown)"),
            (body(&format!("\"x{}", &longest[1..]), ""), ErrorCode::InvalidParameterValue, "at most 400000"),
            (body("null", r#","Placement":1"#), ErrorCode::UnknownParameter, "Placement"),
            ("[1]".to_owned(), ErrorCode::InvalidParameter, ""),
            (r#"{"MatchmakerData":""}"#.to_owned(), ErrorCode::MissingParameter, ""),
        ] {
            let error = read(body).unwrap_err();
            assert!(error.code == code && error.message.contains(named), "{error:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for action in ExtensionAction::ALL {
            assert_eq!(ExtensionAction::parse(action.name()), Some(*action));
        }
        assert_eq!(ExtensionAction::parse("diagnose"), None);
    }
}
