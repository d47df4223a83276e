//! The server side: the three callbacks that the agent makes.
//!
//! Each answers at once and leaves the work to whoever reads the events; no lock is held and nothing waits for
//! the game, so a game may call the agent from wherever it likes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use gse_proto::grpcsdk::game_server_grpc_sdk_service_server::{
    GameServerGrpcSdkService, GameServerGrpcSdkServiceServer,
};
use gse_proto::grpcsdk::{
    GseResponse, HealthCheckRequest, HealthCheckResponse, ProcessTerminateRequest,
    StartGameServerSessionRequest,
};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::current::CurrentSession;
use crate::health::Health;
use crate::model::GameServerSession;

/// Sessions that may wait for a game that does not read its events. One is the rule: a process hosts one at a time.
const WAITING_SESSIONS: usize = 16;
/// How long an ended process waits for connections of the agent to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Where events go.
#[derive(Debug)]
struct Callbacks {
    health: Health,
    sessions: mpsc::Sender<Arc<GameServerSession>>,
    // A watch, not the queue above: a full queue must never swallow it.
    terminations: watch::Sender<Option<i64>>,
    current: Arc<CurrentSession>,
}

/// The other ends: what the game reads.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) sessions: mpsc::Receiver<Arc<GameServerSession>>,
    /// The `terminationTime` as received; `None` until told.
    pub(crate) terminations: watch::Receiver<Option<i64>>,
}

/// The running callback server. Dropping it stops the server without waiting.
#[derive(Debug)]
pub(crate) struct CallbackServer {
    grpc_port: u16,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl CallbackServer {
    /// Binds a free port on loopback and serves it.
    pub(crate) async fn start(health: Health, current: Arc<CurrentSession>) -> io::Result<(Self, Inbox)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let grpc_port = listener.local_addr()?.port();
        let (sessions_in, sessions) = mpsc::channel(WAITING_SESSIONS);
        let (terminations_in, terminations) = watch::channel(None);
        let callbacks = Callbacks { health, sessions: sessions_in, terminations: terminations_in, current };
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = Server::builder()
            .add_service(GameServerGrpcSdkServiceServer::new(callbacks))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
                // Told to stop, or its owner is gone: the same.
                let _ = stopped.await;
            });
        let task = tokio::spawn(async {
            // An error ends the server; the closed inbox tells the game.
            let _ = serving.await;
        });
        Ok((Self { grpc_port, stop, task }, Inbox { sessions, terminations }))
    }

    pub(crate) fn grpc_port(&self) -> u16 {
        self.grpc_port
    }

    /// Stops accepting, lets running callbacks finish, and cuts off a peer that does not hang up.
    pub(crate) async fn stop(self) {
        // The server may have ended by itself.
        let _ = self.stop.send(());
        let abort = self.task.abort_handle();
        if timeout(CLOSE_TIMEOUT, self.task).await.is_err() {
            abort.abort();
        }
    }
}

#[tonic::async_trait]
impl GameServerGrpcSdkService for Callbacks {
    async fn on_health_check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { health_status: self.health.check().await }))
    }

    async fn on_start_game_server_session(
        &self,
        request: Request<StartGameServerSessionRequest>,
    ) -> Result<Response<GseResponse>, Status> {
        let session = request.into_inner().game_server_session;
        let session = session.ok_or_else(|| refuse("`gameServerSession` is missing"))?;
        let session = Arc::new(GameServerSession::from_wire(session).map_err(|text| refuse(&text))?);
        // Set before the event can be read: afterwards it could overwrite the end of this very session.
        let seat = self.sessions.try_reserve().map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => {
                failed(&format!("{WAITING_SESSIONS} sessions wait, the game server does not read its events"))
            }
            mpsc::error::TrySendError::Closed(()) => failed("the game server has stopped reading its events"),
        })?;
        self.current.set(session.clone());
        seat.send(session);
        Ok(Response::new(GseResponse::default()))
    }

    async fn on_process_terminate(
        &self,
        request: Request<ProcessTerminateRequest>,
    ) -> Result<Response<GseResponse>, Status> {
        self.terminations.send_replace(Some(request.into_inner().termination_time));
        Ok(Response::new(GseResponse::default()))
    }
}

fn refuse(text: &str) -> Status {
    Status::invalid_argument(format!("BAD_REQUEST_EXCEPTION: {text}"))
}

fn failed(text: &str) -> Status {
    Status::failed_precondition(format!("GAME_SERVER_SESSION_READY_FAILED: {text}"))
}
