//! The gRPC face of the fake agent: nine calls, each recorded and answered as scripted.

use std::sync::Arc;

use gse_proto::grpcsdk::gse_grpc_sdk_service_server::GseGrpcSdkService;
use gse_proto::grpcsdk::{self as wire, GseResponse};
use tonic::{Code, Request, Response, Status};

use super::{Answer, Call, Shared};
use crate::error::ERROR_CODE_KEY;
use crate::model::PlayerSession;

/// The gRPC face of the fake.
pub(super) struct Service(pub(super) Arc<Shared>);

type Answered = Result<Response<GseResponse>, Status>;

#[tonic::async_trait]
impl GseGrpcSdkService for Service {
    async fn process_ready(&self, request: Request<wire::ProcessReadyRequest>) -> Answered {
        let message = request.get_ref();
        let fields = [
            ("logPathsToUpload", message.log_paths_to_upload.join(",")),
            ("clientPort", message.client_port.to_string()),
            ("grpcPort", message.grpc_port.to_string()),
        ];
        self.0.record(Call::ProcessReady, request.metadata(), &fields).response().await
    }

    async fn activate_game_server_session(
        &self,
        request: Request<wire::ActivateGameServerSessionRequest>,
    ) -> Answered {
        let message = request.get_ref();
        let fields = [
            ("gameServerSessionId", message.game_server_session_id.clone()),
            ("maxPlayers", message.max_players.to_string()),
        ];
        self.0.record(Call::ActivateGameServerSession, request.metadata(), &fields).response().await
    }

    async fn accept_player_session(&self, request: Request<wire::AcceptPlayerSessionRequest>) -> Answered {
        let message = request.get_ref();
        let fields = [
            ("gameServerSessionId", message.game_server_session_id.clone()),
            ("playerSessionId", message.player_session_id.clone()),
        ];
        self.0.record(Call::AcceptPlayerSession, request.metadata(), &fields).response().await
    }

    async fn remove_player_session(&self, request: Request<wire::RemovePlayerSessionRequest>) -> Answered {
        let message = request.get_ref();
        let fields = [
            ("gameServerSessionId", message.game_server_session_id.clone()),
            ("playerSessionId", message.player_session_id.clone()),
        ];
        self.0.record(Call::RemovePlayerSession, request.metadata(), &fields).response().await
    }

    async fn describe_player_sessions(
        &self,
        request: Request<wire::DescribePlayerSessionsRequest>,
    ) -> Result<Response<wire::DescribePlayerSessionsResponse>, Status> {
        let message = request.get_ref();
        let fields = [
            ("gameServerSessionId", message.game_server_session_id.clone()),
            ("playerId", message.player_id.clone()),
            ("playerSessionId", message.player_session_id.clone()),
            ("playerSessionStatusFilter", message.player_session_status_filter.clone()),
            ("nextToken", message.next_token.clone()),
            ("limit", message.limit.to_string()),
        ];
        self.0.record(Call::DescribePlayerSessions, request.metadata(), &fields).page().await
    }

    async fn update_player_session_creation_policy(
        &self,
        request: Request<wire::UpdatePlayerSessionCreationPolicyRequest>,
    ) -> Answered {
        let message = request.get_ref();
        let fields = [
            ("gameServerSessionId", message.game_server_session_id.clone()),
            ("newPlayerSessionCreationPolicy", message.new_player_session_creation_policy.clone()),
        ];
        self.0.record(Call::UpdatePlayerSessionCreationPolicy, request.metadata(), &fields).response().await
    }

    async fn terminate_game_server_session(
        &self,
        request: Request<wire::TerminateGameServerSessionRequest>,
    ) -> Answered {
        let fields = [("gameServerSessionId", request.get_ref().game_server_session_id.clone())];
        self.0.record(Call::TerminateGameServerSession, request.metadata(), &fields).response().await
    }

    async fn process_ending(&self, request: Request<wire::ProcessEndingRequest>) -> Answered {
        self.0.record(Call::ProcessEnding, request.metadata(), &[]).response().await
    }

    async fn report_custom_data(&self, request: Request<wire::ReportCustomDataRequest>) -> Answered {
        let message = request.get_ref();
        let fields = [
            ("currentCustomCount", message.current_custom_count.to_string()),
            ("maxCustomCount", message.max_custom_count.to_string()),
        ];
        self.0.record(Call::ReportCustomData, request.metadata(), &fields).response().await
    }
}

impl Answer {
    async fn response(self) -> Result<Response<GseResponse>, Status> {
        match self {
            Self::Ok => Ok(Response::new(GseResponse::default())),
            Self::Rich { status, error_message } => {
                Ok(Response::new(GseResponse { status, error_message, ..Default::default() }))
            }
            Self::Error { code, message, error_code } => Err(error(code, message, error_code)),
            Self::Page { .. } => Err(Status::unknown("the test scripted a page for a call that has none")),
            Self::Never => std::future::pending().await,
        }
    }

    async fn page(self) -> Result<Response<wire::DescribePlayerSessionsResponse>, Status> {
        match self {
            Self::Ok => Ok(Response::new(wire::DescribePlayerSessionsResponse::default())),
            Self::Page { players, next_token } => {
                let player_sessions = players.iter().map(PlayerSession::to_wire).collect();
                Ok(Response::new(wire::DescribePlayerSessionsResponse { next_token, player_sessions }))
            }
            Self::Error { code, message, error_code } => Err(error(code, message, error_code)),
            Self::Rich { .. } => {
                Err(Status::unknown("the test scripted a GseResponse for a call that has none"))
            }
            Self::Never => std::future::pending().await,
        }
    }
}

fn error(code: Code, message: String, error_code: Option<String>) -> Status {
    let mut status = Status::new(code, message);
    if let Some(value) = error_code.and_then(|value| value.parse().ok()) {
        status.metadata_mut().insert(ERROR_CODE_KEY, value);
    }
    status
}
