//! The wire: golden bytes (server-sdk.md 1.5) and method paths (1.3).

use std::fmt::Debug;
use std::io::Cursor;

use prost::Message;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::{Code, Status};

use crate::grpcsdk::game_server_grpc_sdk_service_client::GameServerGrpcSdkServiceClient;
use crate::grpcsdk::gse_grpc_sdk_service_client::GseGrpcSdkServiceClient;
use crate::grpcsdk::gse_response::Status as Outcome;
use crate::grpcsdk::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// The value has these bytes, and the bytes have this value.
fn check<M: Message + Default + PartialEq + Debug>(value: M, hex: &str) {
    let golden = bytes(hex);
    assert_eq!(value.encode_to_vec(), golden, "encoding of {value:?}");
    assert_eq!(M::decode(Cursor::new(&golden)).unwrap(), value);
}

#[test]
fn golden_bytes_of_the_calls() {
    let gs = || "gs-1".to_string();
    check(
        ProcessReadyRequest {
            log_paths_to_upload: vec!["./log/log.txt".into()],
            client_port: 3237,
            grpc_port: 6224,
        },
        "0a 0d 2e 2f 6c 6f 67 2f 6c 6f 67 2e 74 78 74 10 a5 19 18 d0 30",
    );
    check(
        ActivateGameServerSessionRequest { game_server_session_id: gs(), max_players: 5 },
        "0a 04 67 73 2d 31 10 05",
    );
    check(
        AcceptPlayerSessionRequest { game_server_session_id: gs(), player_session_id: "psess-1".into() },
        "0a 04 67 73 2d 31 12 07 70 73 65 73 73 2d 31",
    );
    check(
        UpdatePlayerSessionCreationPolicyRequest {
            game_server_session_id: gs(),
            new_player_session_creation_policy: "DENY_ALL".into(),
        },
        "0a 04 67 73 2d 31 12 08 44 45 4e 59 5f 41 4c 4c",
    );
    check(
        DescribePlayerSessionsRequest {
            game_server_session_id: gs(),
            player_session_status_filter: "ACTIVE".into(),
            limit: 10,
            ..Default::default()
        },
        "0a 04 67 73 2d 31 22 06 41 43 54 49 56 45 30 0a",
    );
    check(ReportCustomDataRequest { current_custom_count: 3, max_custom_count: 10 }, "08 03 10 0a");
    check(
        ReportCustomDataRequest { current_custom_count: -1, max_custom_count: 0 },
        "08 ff ff ff ff ff ff ff ff ff 01",
    );
}

#[test]
fn golden_bytes_of_the_callbacks() {
    let session = GameServerSession {
        game_server_session_id: "gs-1".into(),
        fleet_id: "fleet-1".into(),
        max_players: 5,
        joinable: true,
        game_properties: vec![GameProperty { key: "k".into(), value: "v".into() }],
        port: 3237,
        ip_address: "127.0.0.1".into(),
        ..Default::default()
    };
    check(
        StartGameServerSessionRequest { game_server_session: Some(session) },
        "0a 29 0a 04 67 73 2d 31 12 07 66 6c 65 65 74 2d 31 20 05 28 01 32 06 0a 01 6b 12 01 76 38 a5 19 \
         42 09 31 32 37 2e 30 2e 30 2e 31",
    );
    check(ProcessTerminateRequest { termination_time: 1_700_000_300 }, "08 ac e4 cf aa 06");
    check(HealthCheckResponse { health_status: true }, "08 01");
    check(HealthCheckResponse { health_status: false }, "");
}

#[test]
fn golden_bytes_of_both_response_variants() {
    check(GseResponse::default(), "");
    check(GseResponse { status: Outcome::Ok.into(), ..Default::default() }, "");
    check(
        GseResponse { status: Outcome::Error400.into(), error_message: "bad".into(), ..Default::default() },
        "08 01 1a 03 62 61 64",
    );
}

/// A channel that answers every call with its own method path.
#[derive(Clone)]
struct Echo;

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Status;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = Status::new(Code::Unknown, request.uri().path()).into_http();
        Box::pin(async move { Ok(answer) })
    }
}

/// Polls a future that never waits.
fn now<T>(future: impl Future<Output = Result<tonic::Response<T>, Status>>) -> String {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        Poll::Ready(Err(status)) => status.message().to_string(),
        Poll::Ready(Ok(_)) => panic!("the echo answers errors only"),
        Poll::Pending => panic!("the echo never waits"),
    }
}

#[test]
fn method_paths_are_the_published_ones() {
    let mut agent = GseGrpcSdkServiceClient::new(Echo);
    let mut process = GameServerGrpcSdkServiceClient::new(Echo);
    let paths = [
        now(agent.process_ready(ProcessReadyRequest::default())),
        now(agent.activate_game_server_session(ActivateGameServerSessionRequest::default())),
        now(agent.accept_player_session(AcceptPlayerSessionRequest::default())),
        now(agent.remove_player_session(RemovePlayerSessionRequest::default())),
        now(agent.describe_player_sessions(DescribePlayerSessionsRequest::default())),
        now(agent.update_player_session_creation_policy(UpdatePlayerSessionCreationPolicyRequest::default())),
        now(agent.terminate_game_server_session(TerminateGameServerSessionRequest::default())),
        now(agent.process_ending(ProcessEndingRequest::default())),
        now(agent.report_custom_data(ReportCustomDataRequest::default())),
        now(process.on_health_check(HealthCheckRequest::default())),
        now(process.on_start_game_server_session(StartGameServerSessionRequest::default())),
        now(process.on_process_terminate(ProcessTerminateRequest::default())),
    ];
    assert_eq!(
        paths,
        [
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/ProcessReady",
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/ActivateGameServerSession",
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/AcceptPlayerSession",
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/RemovePlayerSession",
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/DescribePlayerSessions",
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/UpdatePlayerSessionCreationPolicy",
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/TerminateGameServerSession",
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/ProcessEnding",
            "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/ReportCustomData",
            "/tencentcloud.gse.grpcsdk.GameServerGrpcSdkService/OnHealthCheck",
            "/tencentcloud.gse.grpcsdk.GameServerGrpcSdkService/OnStartGameServerSession",
            "/tencentcloud.gse.grpcsdk.GameServerGrpcSdkService/OnProcessTerminate",
        ]
    );
}
