//! Cloud requests: the body of every action, the headers that sign a call, the authorisation of an upload.
//!
//! The first byte chooses the part. Nothing panics, nothing is an internal error or echoes without bound, what is
//! accepted survives being written again, and what our own side signs is admitted.

#![no_main]

use gse_api::admission::{AuthMode, Gate, Received, admit};
use gse_api::signature::{cos, federation, tc3};
use gse_api::types::*;
use gse_api::{Action, ApiError, ErrorCode, Request, check, decode};
use libfuzzer_sys::fuzz_target;

/// The clock of the service.
const NOW: i64 = 1_609_502_400;
const KEY: tc3::Key<'_> = tc3::Key { secret_id: "AKIDfuzz", secret_key: "secret" };
/// Longest text of an error: texts quote a shortened value at most.
const MESSAGE_MAX: usize = 1024;

fuzz_target!(|data: &[u8]| {
    match data {
        [b'H', mode, head @ ..] => signed_head(*mode, head),
        [b'U', rest @ ..] => upload(rest),
        [_, action, body @ ..] => {
            let (action, request) = REQUESTS[usize::from(*action) % REQUESTS.len()];
            request(action, body);
        }
        _ => {}
    }
});

macro_rules! requests {
    ($($request:ident)*) => {
        /// Every action, in the order of `Action::ALL`, which the array's length and the names hold.
        const REQUESTS: [(Action, fn(Action, &[u8])); Action::ALL.len()] =
            [$((<$request as Request>::ACTION, body::<$request>),)*];
    };
}

requests! {
    AttachCcnInstancesRequest CopyFleetRequest CreateAliasRequest CreateAssetRequest
    CreateAssetWithImageRequest CreateFleetRequest CreateGameServerSessionQueueRequest
    CreateGameServerSessionRequest DeleteAliasRequest DeleteAssetRequest DeleteFleetRequest
    DeleteGameServerSessionQueueRequest DeleteScalingPolicyRequest DeleteTimerScalingPolicyRequest
    DescribeAliasRequest DescribeAssetRequest DescribeAssetSystemsRequest DescribeAssetsRequest
    DescribeCcnInstancesRequest DescribeFleetAttributesRequest DescribeFleetCapacityRequest
    DescribeFleetEventsRequest DescribeFleetPortSettingsRequest DescribeFleetRelatedResourcesRequest
    DescribeFleetStatisticDetailsRequest DescribeFleetStatisticFlowsRequest
    DescribeFleetStatisticSummaryRequest DescribeFleetUtilizationRequest
    DescribeGameServerSessionDetailsRequest DescribeGameServerSessionPlacementRequest
    DescribeGameServerSessionQueuesRequest DescribeGameServerSessionsRequest DescribeInstanceLimitRequest
    DescribeInstanceTypesRequest DescribeInstancesExtendRequest DescribeInstancesRequest
    DescribePlayerSessionsRequest DescribeRuntimeConfigurationRequest DescribeScalingPoliciesRequest
    DescribeTimerScalingPoliciesRequest DescribeUserQuotaRequest DescribeUserQuotasRequest
    DetachCcnInstancesRequest EndGameServerSessionAndProcessRequest GetGameServerInstanceLogUrlRequest
    GetGameServerSessionLogUrlRequest GetInstanceAccessRequest GetUploadCredentialsRequest
    GetUploadFederationTokenRequest JoinGameServerSessionBatchRequest JoinGameServerSessionRequest
    ListAliasesRequest ListFleetsRequest PutScalingPolicyRequest PutTimerScalingPolicyRequest
    ResolveAliasRequest SearchGameServerSessionsRequest SetServerReservedRequest SetServerWeightRequest
    StartFleetActionsRequest StartGameServerSessionPlacementRequest StopFleetActionsRequest
    StopGameServerSessionPlacementRequest UpdateAliasRequest UpdateAssetRequest
    UpdateBucketAccelerateOptRequest UpdateBucketCORSOptRequest UpdateFleetAttributesRequest
    UpdateFleetCapacityRequest UpdateFleetNameRequest UpdateFleetPortSettingsRequest
    UpdateGameServerSessionQueueRequest UpdateGameServerSessionRequest UpdateRuntimeConfigurationRequest
}

fn body<R: Request + std::fmt::Debug>(action: Action, body: &[u8]) {
    let (checked, request) = (check(action, body), decode::<R>(body));
    for error in [checked.as_ref().err(), request.as_ref().err()].into_iter().flatten() {
        reasonable(error);
    }
    let Ok(request) = request else { return };
    assert!(checked.is_ok(), "the schema refuses what the type takes: {checked:?}");
    let written = serde_json::to_vec(&request).expect("requests can be written");
    let again = decode::<R>(&written).expect("what was accepted is accepted again");
    assert_eq!(serde_json::to_vec(&again).expect("requests can be written"), written);
}

fn reasonable(error: &ApiError) {
    assert_ne!(error.code, ErrorCode::InternalError, "{error}");
    assert!(error.message.len() <= MESSAGE_MAX, "{} bytes of error text", error.message.len());
}

/// `<METHOD> <path> <query>`, a header a line, an empty line, the body. `Authorization: SIGN` is replaced by a good
/// signature, which a fuzzer does not find.
fn signed_head(mode: u8, data: &[u8]) {
    let split = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = split.map_or((data, &[][..]), |at| (&data[..at], &data[at + 2..]));
    let Ok(head) = std::str::from_utf8(head) else { return };
    let mut lines = head.split('\n');
    let mut request = lines.next().unwrap_or_default().splitn(3, ' ');
    let [method, path, query] = [(); 3].map(|()| request.next().unwrap_or_default());
    let mut headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let header = |name: &str| {
        let found = headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| *value)
    };
    let (host, content_type) = (header("host"), header("content-type"));
    let call = tc3::Call { method: "POST", host, query: "", content_type, body };
    let signature = tc3::sign(&call, KEY, "gse", NOW);
    let sent = [("Host", host), ("Content-Type", content_type)];
    let own = Received { method: "POST", path: "/", query: "", headers: &sent, body };
    let authorization = tc3::Authorization::parse(&signature).expect("our own signature");
    assert_eq!(authorization.verify(&own, KEY.secret_key, NOW, NOW, &[]), Ok(()));

    for (name, value) in &mut headers {
        if name.eq_ignore_ascii_case("authorization") && *value == "SIGN" {
            *value = &signature;
        }
    }
    let gate = Gate {
        mode: [AuthMode::Required, AuthMode::Optional, AuthMode::Off][usize::from(mode) % 3],
        secret_key: &|id| (id == KEY.secret_id).then(|| KEY.secret_key.to_owned()),
        regions: &["ap-shanghai".to_owned()],
        default_region: (mode & 4 != 0).then_some("ap-shanghai"),
        public_hosts: &["gse.example.com".to_owned()],
    };
    match admit(&Received { method, path, query, headers: &headers, body }, &gate, NOW) {
        Ok(admitted) => {
            assert_eq!(admitted.region, "ap-shanghai");
            assert!(gate.mode != AuthMode::Required || admitted.secret_id.is_some(), "nobody signed this");
            let body = admitted.shape.json(admitted.action.request_schema(), query, body);
            if let Err(error) = body.and_then(|body| check(admitted.action, &body)) {
                reasonable(&error);
            }
        }
        Err(error) => reasonable(&error),
    }
}

/// The authorisation, the path, the host, the query and the security token of an upload, a line each.
fn upload(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(5, '\n');
    let [authorization, path, host, query, token] = [(); 5].map(|()| lines.next().unwrap_or_default());
    let headers = [("x-cos-security-token", token)];
    let upload = cos::Upload { method: "PUT", path, hosts: &[host], headers: &headers, query };
    if let Ok(authorization) = cos::Authorization::parse(authorization) {
        let _ = authorization.verify(&upload, KEY.secret_key, NOW);
    }
    let grant = cos::Grant { method: "put", object_key: path, host, from: NOW - 1, to: NOW };
    let own = cos::sign(&grant, KEY);
    let encoded: String = path.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let path = &format!("/{encoded}");
    let upload = cos::Upload { method: "PUT", path, hosts: &[host], headers: &headers, query };
    let authorization = cos::Authorization::parse(&own).expect("our own authorisation");
    assert_eq!(authorization.verify(&upload, KEY.secret_key, NOW), Ok(()));
    if let Some(token) = federation::Token::parse(token) {
        assert!(token.verify(KEY.secret_key, NOW).is_none(), "a token that nobody made was taken");
    }
}
