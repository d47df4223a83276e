//! The server side: the three callbacks that the agent makes.
//!
//! Each answers at once and leaves the work to whoever asks for the next session; no lock is held and nothing waits
//! for the game but its own two functions, so a game may call the agent from wherever it likes.

use std::fmt;
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
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::current::CurrentSession;
use crate::health::Health;
use crate::model::GameServerSession;
use crate::network::{Network, serve};
use crate::user_code;

/// Sessions that may wait for a game that does not ask for them. One is the rule: a process hosts one at a time.
const WAITING_SESSIONS: usize = 16;
/// How long an ended process waits for connections of the agent to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the game may take to say whether it takes a session; the work itself comes after the answer.
const ON_START_LIMIT: Duration = Duration::from_secs(10);

/// The game's word on a session that it is about to get.
pub(crate) type OnStart = Arc<dyn Fn(&GameServerSession) -> Result<(), String> + Send + Sync>;

/// What answers the agent.
pub(crate) struct Answers {
    pub(crate) health: Health,
    pub(crate) on_start: Option<OnStart>,
    pub(crate) current: Arc<CurrentSession>,
}

/// Where events go.
struct Callbacks {
    answers: Answers,
    sessions: mpsc::Sender<Arc<GameServerSession>>,
    // A watch, not the queue above: a full queue must never swallow it.
    terminations: watch::Sender<Option<i64>>,
    heard: watch::Sender<Instant>,
}

/// The other ends: what the process reads.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) sessions: mpsc::Receiver<Arc<GameServerSession>>,
    /// The `terminationTime` as received; `None` until told.
    pub(crate) terminations: watch::Receiver<Option<i64>>,
    /// When the agent called last.
    pub(crate) heard: watch::Receiver<Instant>,
}

/// The running callback server. Dropping it stops the server without waiting.
#[derive(Debug)]
pub(crate) struct CallbackServer {
    grpc_port: u16,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").field("health", &self.answers.health).finish_non_exhaustive()
    }
}

impl CallbackServer {
    /// Binds a free port and serves it.
    pub(crate) async fn start(network: &Network, answers: Answers) -> io::Result<(Self, Inbox)> {
        let (grpc_port, listener) = network.listen().await?;
        let (sessions_in, sessions) = mpsc::channel(WAITING_SESSIONS);
        let (terminations_in, terminations) = watch::channel(None);
        let (heard_in, heard) = watch::channel(Instant::now());
        let callbacks =
            Callbacks { answers, sessions: sessions_in, terminations: terminations_in, heard: heard_in };
        let (stop, stopped) = oneshot::channel();
        let router = Server::builder().add_service(GameServerGrpcSdkServiceServer::new(callbacks));
        let task = tokio::spawn(serve(router, listener, stopped));
        Ok((Self { grpc_port, stop, task }, Inbox { sessions, terminations, heard }))
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

impl Callbacks {
    fn heard(&self) {
        self.heard.send_replace(Instant::now());
    }

    /// Asks the game whether it takes a session. A panic is an error status, and the process lives on (8.2).
    async fn ask(&self, session: &Arc<GameServerSession>) -> Result<(), Status> {
        let Some(on_start) = self.answers.on_start.clone() else { return Ok(()) };
        let asked = session.clone();
        match user_code::run("gse-on-start", ON_START_LIMIT, move || on_start(&asked)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(failed(&reason)),
            Err(no_answer) => {
                let words = in_a_header(&no_answer.to_string());
                Err(Status::internal(format!("INTERNAL_SERVICE_EXCEPTION: {words}")))
            }
        }
    }
}

#[tonic::async_trait]
impl GameServerGrpcSdkService for Callbacks {
    async fn on_health_check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.heard();
        Ok(Response::new(HealthCheckResponse { health_status: self.answers.health.check().await }))
    }

    async fn on_start_game_server_session(
        &self,
        request: Request<StartGameServerSessionRequest>,
    ) -> Result<Response<GseResponse>, Status> {
        self.heard();
        let (metadata, _, message) = request.into_parts();
        let session = message.game_server_session;
        let session = session.ok_or_else(|| refuse("`gameServerSession` is missing"))?;
        let session = GameServerSession::from_wire(session).map_err(|text| refuse(&text))?;
        let traceparent = metadata.get("traceparent").and_then(|value| value.to_str().ok());
        let session = Arc::new(session.in_trace(traceparent));
        self.ask(&session).await?;
        // Set before the session can be taken: afterwards it could overwrite the end of this very session.
        let seat = self.sessions.try_reserve().map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => failed(&format!(
                "{WAITING_SESSIONS} sessions wait, the game server does not ask for the next one"
            )),
            mpsc::error::TrySendError::Closed(()) => failed("the game server takes no more sessions"),
        })?;
        self.answers.current.set(session.clone());
        seat.send(session);
        Ok(Response::new(GseResponse::default()))
    }

    async fn on_process_terminate(
        &self,
        request: Request<ProcessTerminateRequest>,
    ) -> Result<Response<GseResponse>, Status> {
        self.heard();
        self.terminations.send_replace(Some(request.into_inner().termination_time));
        Ok(Response::new(GseResponse::default()))
    }
}

fn refuse(text: &str) -> Status {
    Status::invalid_argument(format!("BAD_REQUEST_EXCEPTION: {}", in_a_header(text)))
}

fn failed(text: &str) -> Status {
    Status::failed_precondition(format!("GAME_SERVER_SESSION_READY_FAILED: {}", in_a_header(text)))
}

/// Words of the game, fit for a status: one line, at most 400 bytes (4.1 allows 512 with the name).
fn in_a_header(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.truncate(line.floor_char_boundary(400));
    line
}
