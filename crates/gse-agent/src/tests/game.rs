//! A game server as the test plays it: calls in the name of a child, and a callback server.

use std::net::SocketAddr;

use gse_proto::grpcsdk as proto;
use gse_proto::grpcsdk::game_server_grpc_sdk_service_server::{
    GameServerGrpcSdkService, GameServerGrpcSdkServiceServer,
};
use gse_proto::grpcsdk::gse_grpc_sdk_service_client::GseGrpcSdkServiceClient;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tonic::metadata::MetadataValue;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};

/// Calls the agent with a pid.
pub(crate) struct Calls {
    pub(crate) client: GseGrpcSdkServiceClient<Channel>,
    pub(crate) pid: String,
}

impl Calls {
    pub(crate) async fn connect(agent: SocketAddr, pid: u32) -> Self {
        let client = GseGrpcSdkServiceClient::connect(format!("http://{agent}")).await.unwrap();
        Self { client, pid: pid.to_string() }
    }

    pub(crate) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("pid", MetadataValue::try_from(self.pid.as_str()).unwrap());
        request.metadata_mut().insert("requestid", MetadataValue::from_static("request-1"));
        request
    }

    pub(crate) async fn ready(&mut self, client_port: i32, grpc_port: u16) -> Result<(), Status> {
        let message = proto::ProcessReadyRequest {
            log_paths_to_upload: vec!["./logs".into()],
            client_port,
            grpc_port: i32::from(grpc_port),
        };
        let request = self.request(message);
        self.client.process_ready(request).await.map(|_| ())
    }

    /// For tests whose point is not the answer.
    pub(crate) fn ready_in_background(mut self, client_port: i32, grpc_port: u16) {
        tokio::spawn(async move { self.ready(client_port, grpc_port).await });
    }

    pub(crate) async fn activate(&mut self, session: &str) -> Result<(), Status> {
        let message = proto::ActivateGameServerSessionRequest {
            game_server_session_id: session.into(),
            max_players: 0,
        };
        let request = self.request(message);
        self.client.activate_game_server_session(request).await.map(|_| ())
    }

    pub(crate) async fn terminate(&mut self, session: &str) -> Result<(), Status> {
        let message = proto::TerminateGameServerSessionRequest { game_server_session_id: session.into() };
        let request = self.request(message);
        self.client.terminate_game_server_session(request).await.map(|_| ())
    }

    pub(crate) async fn ending(&mut self) -> Result<(), Status> {
        let request = self.request(proto::ProcessEndingRequest {});
        self.client.process_ending(request).await.map(|_| ())
    }
}

/// A callback that came in; the test answers it.
pub(crate) enum Incoming {
    Health(oneshot::Sender<bool>),
    Start(proto::GameServerSession, oneshot::Sender<Result<proto::GseResponse, Status>>),
    Terminate(i64, oneshot::Sender<Result<proto::GseResponse, Status>>),
}

struct Callbacks(mpsc::Sender<Incoming>);

impl Callbacks {
    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Incoming) -> Result<T, Status> {
        let (reply, answer) = oneshot::channel();
        self.0.send(make(reply)).await.map_err(|_| Status::unknown("the test is over"))?;
        answer.await.map_err(|_| Status::unknown("the test does not answer"))
    }
}

#[tonic::async_trait]
impl GameServerGrpcSdkService for Callbacks {
    async fn on_health_check(
        &self,
        _request: Request<proto::HealthCheckRequest>,
    ) -> Result<Response<proto::HealthCheckResponse>, Status> {
        let health_status = self.ask(Incoming::Health).await?;
        Ok(Response::new(proto::HealthCheckResponse { health_status }))
    }

    async fn on_start_game_server_session(
        &self,
        request: Request<proto::StartGameServerSessionRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        let session = request.into_inner().game_server_session.unwrap_or_default();
        self.ask(|reply| Incoming::Start(session, reply)).await?.map(Response::new)
    }

    async fn on_process_terminate(
        &self,
        request: Request<proto::ProcessTerminateRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        let time = request.into_inner().termination_time;
        self.ask(|reply| Incoming::Terminate(time, reply)).await?.map(Response::new)
    }
}

/// A callback server; it ends with the test's runtime.
pub(crate) async fn serve(address: &str) -> std::io::Result<(u16, mpsc::Receiver<Incoming>)> {
    let listener = TcpListener::bind(address).await?;
    let port = listener.local_addr()?.port();
    let (sender, callbacks) = mpsc::channel(16);
    let service = GameServerGrpcSdkServiceServer::new(Callbacks(sender));
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener)));
    Ok((port, callbacks))
}
