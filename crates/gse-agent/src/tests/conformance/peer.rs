//! A scripted game server: the raw generated stubs in both directions, in the name of any pid.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use gse_core::id::{GameServerSessionId, PlayerSessionId};
use gse_proto::grpcsdk as proto;
use gse_proto::grpcsdk::gse_grpc_sdk_service_client::GseGrpcSdkServiceClient;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use super::super::game::{Incoming, serve};
use super::super::host::DEADLINE;

/// Reply of a callback that answers with a `GseResponse`.
pub(super) type Answering = oneshot::Sender<Result<proto::GseResponse, Status>>;

/// What goes with each call. A clone calls in the same name, at the same time.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) client: GseGrpcSdkServiceClient<Channel>,
    pub(super) pid: Option<AsciiMetadataValue>,
    /// `None`: a new one for each call.
    pub(super) request_id: Option<String>,
}

pub(super) struct Peer {
    pub(super) pid: u32,
    pub(super) caller: Caller,
    pub(super) client_port: i32,
    pub(super) grpc_port: u16,
    pub(super) callbacks: mpsc::Receiver<Incoming>,
}

impl std::ops::Deref for Peer {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Each game server of this test binary has a clientPort of its own; the agent never connects to it.
static NEXT_CLIENT_PORT: AtomicU16 = AtomicU16::new(2000);
static NEXT_REQUEST: AtomicU32 = AtomicU32::new(0);

impl Caller {
    pub(super) async fn connect(agent: SocketAddr, pid: u32) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{agent}")).unwrap();
        let client = GseGrpcSdkServiceClient::new(endpoint.connect().await.unwrap());
        Self { client, pid: Some(pid.to_string().parse().unwrap()), request_id: None }
    }

    pub(super) fn with_pid(&self, pid: &[u8]) -> Self {
        Self { pid: Some(AsciiMetadataValue::try_from(pid).unwrap()), ..self.clone() }
    }

    pub(super) fn without_pid(&self) -> Self {
        Self { pid: None, ..self.clone() }
    }

    pub(super) fn with_request_id(&self, request_id: &str) -> Self {
        Self { request_id: Some(request_id.into()), ..self.clone() }
    }

    pub(super) fn metadata(&self) -> MetadataMap {
        let mut metadata = MetadataMap::new();
        if let Some(pid) = &self.pid {
            metadata.insert("pid", pid.clone());
        }
        let fresh = || format!("request-{}", NEXT_REQUEST.fetch_add(1, Ordering::Relaxed));
        let request_id = self.request_id.clone().unwrap_or_else(fresh);
        if !request_id.is_empty() {
            metadata.insert("requestid", request_id.parse().unwrap());
        }
        metadata
    }

    pub(super) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        *request.metadata_mut() = self.metadata();
        request
    }

    pub(super) async fn ready_on(&self, client_port: i32, grpc_port: i32) -> Result<(), Status> {
        let log_paths_to_upload = vec!["./logs".into()];
        let message = proto::ProcessReadyRequest { log_paths_to_upload, client_port, grpc_port };
        self.client.clone().process_ready(self.request(message)).await.map(|_| ())
    }

    pub(super) async fn activate(
        &self,
        session: &GameServerSessionId,
        max_players: i32,
    ) -> Result<(), Status> {
        let game_server_session_id = session.to_string();
        let message = proto::ActivateGameServerSessionRequest { game_server_session_id, max_players };
        self.client.clone().activate_game_server_session(self.request(message)).await.map(|_| ())
    }

    pub(super) async fn accept(
        &self,
        session: &GameServerSessionId,
        player: &PlayerSessionId,
    ) -> Result<(), Status> {
        let (game_server_session_id, player_session_id) = (session.to_string(), player.as_str().into());
        let message = proto::AcceptPlayerSessionRequest { game_server_session_id, player_session_id };
        self.client.clone().accept_player_session(self.request(message)).await.map(|_| ())
    }

    pub(super) async fn remove(
        &self,
        session: &GameServerSessionId,
        player: &PlayerSessionId,
    ) -> Result<(), Status> {
        let (game_server_session_id, player_session_id) = (session.to_string(), player.as_str().into());
        let message = proto::RemovePlayerSessionRequest { game_server_session_id, player_session_id };
        self.client.clone().remove_player_session(self.request(message)).await.map(|_| ())
    }

    pub(super) async fn describe(
        &self,
        message: proto::DescribePlayerSessionsRequest,
    ) -> Result<proto::DescribePlayerSessionsResponse, Status> {
        let answer = self.client.clone().describe_player_sessions(self.request(message)).await?;
        Ok(answer.into_inner())
    }

    pub(super) async fn update_policy(
        &self,
        session: &GameServerSessionId,
        policy: &str,
    ) -> Result<(), Status> {
        let message = proto::UpdatePlayerSessionCreationPolicyRequest {
            game_server_session_id: session.to_string(),
            new_player_session_creation_policy: policy.into(),
        };
        self.client.clone().update_player_session_creation_policy(self.request(message)).await.map(|_| ())
    }

    pub(super) async fn terminate(&self, session: &GameServerSessionId) -> Result<(), Status> {
        let message =
            proto::TerminateGameServerSessionRequest { game_server_session_id: session.to_string() };
        self.client.clone().terminate_game_server_session(self.request(message)).await.map(|_| ())
    }

    pub(super) async fn ending(&self) -> Result<(), Status> {
        self.client.clone().process_ending(self.request(proto::ProcessEndingRequest {})).await.map(|_| ())
    }

    pub(super) async fn report(&self, current: i32, max: i32) -> Result<(), Status> {
        let message = proto::ReportCustomDataRequest { current_custom_count: current, max_custom_count: max };
        self.client.clone().report_custom_data(self.request(message)).await.map(|_| ())
    }
}

impl Peer {
    /// Listens for callbacks, and says nothing yet.
    pub(super) async fn start(agent: SocketAddr, pid: u32, callbacks_on: &str) -> Self {
        let (grpc_port, callbacks) = serve(callbacks_on).await.unwrap();
        let client_port = i32::from(NEXT_CLIENT_PORT.fetch_add(1, Ordering::Relaxed));
        Self { pid, caller: Caller::connect(agent, pid).await, client_port, grpc_port, callbacks }
    }

    pub(super) async fn ready(&mut self) -> Result<(), Status> {
        self.ready_on(self.client_port, i32::from(self.grpc_port)).await
    }

    pub(super) async fn next(&mut self) -> Incoming {
        timeout(DEADLINE, self.callbacks.recv()).await.expect("a callback in time").expect("it serves")
    }

    pub(super) async fn next_start(&mut self) -> (proto::GameServerSession, Answering) {
        match self.next().await {
            Incoming::Start(session, reply) => (session, reply),
            Incoming::Health(_) => panic!("a health check instead of a session"),
            Incoming::Terminate(..) => panic!("told to end instead of a session"),
        }
    }

    /// Takes the next session as the demos do: activates inside the callback, returns after the answer.
    pub(super) async fn host(&mut self) -> GameServerSessionId {
        let (session, reply) = self.next_start().await;
        let session = GameServerSessionId::new(session.game_server_session_id);
        self.activate(&session, 0).await.unwrap();
        reply.send(ok()).unwrap();
        session
    }

    /// As `host`, for one whose health is checked all the time.
    pub(super) async fn host_between_checks(&mut self) -> GameServerSessionId {
        loop {
            match self.next().await {
                Incoming::Health(reply) => {
                    let _ = reply.send(true);
                }
                Incoming::Terminate(..) => panic!("told to end instead of a session"),
                Incoming::Start(session, reply) => {
                    let session = GameServerSessionId::new(session.game_server_session_id);
                    self.activate(&session, 0).await.unwrap();
                    reply.send(ok()).unwrap();
                    return session;
                }
            }
        }
    }

    /// OnProcessTerminate; health checks before it are answered with this.
    pub(super) async fn next_terminate(&mut self, healthy: bool) -> (i64, Answering) {
        loop {
            match self.next().await {
                Incoming::Terminate(time, reply) => return (time, reply),
                Incoming::Health(reply) => {
                    let _ = reply.send(healthy);
                }
                Incoming::Start(..) => panic!("a session for a process that is to end"),
            }
        }
    }

    pub(super) async fn next_health(&mut self) -> oneshot::Sender<bool> {
        match self.next().await {
            Incoming::Health(reply) => reply,
            Incoming::Start(..) => panic!("a session instead of a health check"),
            Incoming::Terminate(..) => panic!("told to end instead of a health check"),
        }
    }

    /// Answers every callback as a good server does, until the test is over.
    pub(super) fn behave(self) -> Caller {
        let Self { caller, mut callbacks, .. } = self;
        let own = caller.clone();
        tokio::spawn(async move {
            while let Some(callback) = callbacks.recv().await {
                match callback {
                    Incoming::Health(reply) => {
                        let _ = reply.send(true);
                    }
                    Incoming::Terminate(_, reply) => drop(reply.send(ok())),
                    Incoming::Start(session, reply) => {
                        let session = GameServerSessionId::new(session.game_server_session_id);
                        drop(reply.send(own.activate(&session, 0).await.and_then(|()| ok())));
                    }
                }
            }
        });
        caller
    }
}

pub(super) fn ok() -> Result<proto::GseResponse, Status> {
    Ok(proto::GseResponse::default())
}

/// What every refusal has (4.1): the code, the name in message and trailing metadata. Gives the message.
pub(super) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, name: &str) -> String {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(status.metadata().get("gse-error-code").map(|value| value.to_str().unwrap()), Some(name));
    assert!(status.message().starts_with(&format!("{name}: ")), "{}", status.message());
    assert!(status.metadata().get("requestid").is_some(), "{status:?}");
    status.message().to_owned()
}
