//! The calls of a game server, as the bare stubs make them.

use anyhow::{Context as _, Result};
use gse_proto::grpcsdk as proto;
use gse_proto::grpcsdk::gse_grpc_sdk_service_client::GseGrpcSdkServiceClient;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Where an agent is when nothing else is said.
const DEFAULT_ADDRESS: &str = "127.0.0.1:5758";

/// The agent. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Agent {
    client: GseGrpcSdkServiceClient<Channel>,
}

fn request<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    let pid = std::process::id().to_string();
    let mut add = |key: &'static str, value: &str| {
        if let Ok(value) = MetadataValue::try_from(value) {
            request.metadata_mut().insert(key, value);
        }
    };
    add("pid", &pid);
    add("requestid", "1");
    if let Ok(token) = std::env::var("GSE_PROCESS_TOKEN") {
        add("gse-process-token", &token);
    }
    request
}

impl Agent {
    pub(crate) async fn connect() -> Result<Self> {
        let address = std::env::var("GSE_AGENT_ADDRESS").unwrap_or_else(|_| DEFAULT_ADDRESS.into());
        let client = GseGrpcSdkServiceClient::connect(format!("http://{address}"));
        Ok(Self { client: client.await.with_context(|| format!("no agent at `{address}`"))? })
    }

    pub(crate) async fn ready(
        &self,
        client_port: u16,
        grpc_port: u16,
        log_paths_to_upload: Vec<String>,
    ) -> Result<(), Status> {
        let message = proto::ProcessReadyRequest {
            log_paths_to_upload,
            client_port: client_port.into(),
            grpc_port: grpc_port.into(),
        };
        let answer = self.client.clone().process_ready(request(message)).await.map(drop);
        said("ProcessReady", answer)
    }

    pub(crate) async fn custom_counts(
        &self,
        current_custom_count: i32,
        max_custom_count: i32,
    ) -> Result<(), Status> {
        let message = proto::ReportCustomDataRequest { current_custom_count, max_custom_count };
        said("ReportCustomData", self.client.clone().report_custom_data(request(message)).await.map(drop))
    }

    pub(crate) async fn activate(&self, session: &str) -> Result<(), Status> {
        let message = proto::ActivateGameServerSessionRequest {
            game_server_session_id: session.into(),
            max_players: 0,
        };
        let answer = self.client.clone().activate_game_server_session(request(message)).await.map(drop);
        said("ActivateGameServerSession", answer)
    }

    pub(crate) async fn accept(&self, session: &str, player: &str) -> Result<(), Status> {
        let message = proto::AcceptPlayerSessionRequest {
            game_server_session_id: session.into(),
            player_session_id: player.into(),
        };
        said(
            "AcceptPlayerSession",
            self.client.clone().accept_player_session(request(message)).await.map(drop),
        )
    }

    pub(crate) async fn remove(&self, session: &str, player: &str) -> Result<(), Status> {
        let message = proto::RemovePlayerSessionRequest {
            game_server_session_id: session.into(),
            player_session_id: player.into(),
        };
        said(
            "RemovePlayerSession",
            self.client.clone().remove_player_session(request(message)).await.map(drop),
        )
    }

    pub(crate) async fn update_policy(&self, session: &str, policy: &str) -> Result<(), Status> {
        let message = proto::UpdatePlayerSessionCreationPolicyRequest {
            game_server_session_id: session.into(),
            new_player_session_creation_policy: policy.into(),
        };
        let answer = self.client.clone().update_player_session_creation_policy(request(message)).await;
        said("UpdatePlayerSessionCreationPolicy", answer.map(drop))
    }

    pub(crate) async fn terminate_session(&self, session: &str) -> Result<(), Status> {
        let message = proto::TerminateGameServerSessionRequest { game_server_session_id: session.into() };
        let answer = self.client.clone().terminate_game_server_session(request(message)).await.map(drop);
        said("TerminateGameServerSession", answer)
    }

    pub(crate) async fn ending(&self) -> Result<(), Status> {
        let answer =
            self.client.clone().process_ending(request(proto::ProcessEndingRequest {})).await.map(drop);
        said("ProcessEnding", answer)
    }
}

/// A refusal is worth a line of its output.
fn said(call: &str, answer: Result<(), Status>) -> Result<(), Status> {
    if let Err(status) = &answer {
        eprintln!("{call}: {}", status.message());
    }
    answer
}
