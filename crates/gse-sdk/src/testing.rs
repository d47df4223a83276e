//! A fake agent for the tests of game servers: it records what a process says and lets a test play the agent.
//!
//! It keeps no state and decides nothing: every call is answered with success unless the test scripted another
//! answer, so a test sees what the process does, not what an agent would make of it.
//!
//! ```no_run
//! use gse_sdk::testing::{Call, FakeAgent};
//! use gse_sdk::{Event, GameServer, GameServerSession};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let agent = FakeAgent::start().await?;
//! let mut process = GameServer::builder().client_port(3237).agent_address(agent.address()).ready().await?;
//! let info = GameServerSession { game_server_session_id: "gs-1".into(), ..Default::default() };
//! agent.start_game_server_session(&info).await?;
//! let Some(Event::StartGameServerSession(starting)) = process.next_event().await else { panic!("no session") };
//! starting.activate().await?;
//! assert_eq!(agent.calls().last().unwrap().call, Call::ActivateGameServerSession);
//! # Ok(())
//! # }
//! ```

mod service;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gse_proto::grpcsdk::game_server_grpc_sdk_service_client::GameServerGrpcSdkServiceClient;
use gse_proto::grpcsdk::gse_grpc_sdk_service_server::GseGrpcSdkServiceServer;
use gse_proto::grpcsdk::{self as wire, GseResponse};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Server};
use tonic::{Response, Status};

pub use tonic::Code;

use self::service::Service;
use crate::error::GseError;
use crate::model::{GameServerSession, PlayerSession};

/// The nine calls of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// The process can host sessions.
    ProcessReady,
    /// A session may take players.
    ActivateGameServerSession,
    /// A player is let in.
    AcceptPlayerSession,
    /// A player left.
    RemovePlayerSession,
    /// Players are listed.
    DescribePlayerSessions,
    /// The door is opened or closed.
    UpdatePlayerSessionCreationPolicy,
    /// A session is over.
    TerminateGameServerSession,
    /// The process goes away.
    ProcessEnding,
    /// Two counters are reported.
    ReportCustomData,
}

/// One attempt of a call, as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Which call.
    pub call: Call,
    /// The fields of the message that are set, by their names on the wire; lists are joined by commas.
    pub fields: BTreeMap<&'static str, String>,
    /// Metadata `pid`.
    pub pid: Option<String>,
    /// Metadata `requestid`.
    pub request_id: Option<String>,
    /// Metadata `gse-process-token`.
    pub process_token: Option<String>,
}

impl Recorded {
    /// A field of the message; empty when it is not set.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// What the fake says to one attempt of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Success: for most calls the empty variant of GseResponse.
    Ok,
    /// A GseResponse of the rich variant.
    Rich {
        /// 0 is OK, 1 is ERROR_400, 2 is ERROR_500; anything else is unknown.
        status: i32,
        /// The error text.
        error_message: String,
    },
    /// A gRPC error.
    Error {
        /// The status code.
        code: Code,
        /// The status message.
        message: String,
        /// Trailing metadata `gse-error-code`.
        error_code: Option<String>,
    },
    /// A page of player sessions; for DescribePlayerSessions only.
    Page {
        /// The player sessions.
        players: Vec<PlayerSession>,
        /// Empty on the last page.
        next_token: String,
    },
}

#[derive(Debug)]
struct Shared {
    calls: watch::Sender<Vec<Recorded>>,
    answers: Mutex<BTreeMap<Call, VecDeque<Answer>>>,
}

/// The running fake. Dropping it stops it.
#[derive(Debug)]
pub struct FakeAgent {
    address: String,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl FakeAgent {
    /// Starts on a free port on loopback.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(TcpListener::bind(("127.0.0.1", 0)).await?)
    }

    /// Starts on a listener that exists already. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start_on(listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?.to_string();
        let shared = Arc::new(Shared { calls: watch::Sender::new(Vec::new()), answers: Mutex::default() });
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = Server::builder()
            .add_service(GseGrpcSdkServiceServer::new(Service(shared.clone())))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
                let _ = stopped.await;
            });
        let task = tokio::spawn(async {
            // A fake that fails shows itself: its calls fail.
            let _ = serving.await;
        });
        Ok(Self { address, shared, stop, task })
    }

    /// Its `host:port`, for [`GameServerBuilder::agent_address`](crate::GameServerBuilder::agent_address).
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Goes away as an agent does that shuts down: running calls are answered, then every connection is closed.
    pub async fn stop(self) {
        // The server may have ended by itself, and it has told why by then.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }

    /// Every attempt of every call so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Recorded> {
        self.shared.calls.borrow().clone()
    }

    /// Waits until `count` attempts of `call` have arrived and returns the last one of them.
    ///
    /// Put a deadline around it: it waits for ever otherwise.
    pub async fn wait_for(&self, call: Call, count: usize) -> Recorded {
        let mut calls = self.shared.calls.subscribe();
        let nth =
            |calls: &Vec<Recorded>| calls.iter().filter(|c| c.call == call).nth(count.max(1) - 1).cloned();
        let arrived = calls.wait_for(|calls| nth(calls).is_some()).await.map(|calls| nth(&calls));
        // The sender lives in `self`, and the condition has just held.
        arrived.ok().flatten().expect("the record only grows")
    }

    /// Scripts the answer to the next attempt of `call`; several are used one after the other.
    pub fn answer_next(&self, call: Call, answer: Answer) {
        self.shared.answers().entry(call).or_default().push_back(answer);
    }

    /// OnHealthCheck: whether the process says that it is healthy.
    ///
    /// # Errors
    /// When the process cannot be reached or answers with an error.
    pub async fn health_check(&self) -> Result<bool, GseError> {
        let answer = self.process()?.on_health_check(wire::HealthCheckRequest {}).await;
        answer
            .map(|answer| answer.into_inner().health_status)
            .map_err(|status| GseError::from_status(&status))
    }

    /// OnStartGameServerSession.
    ///
    /// # Errors
    /// When the process cannot be reached or refuses.
    pub async fn start_game_server_session(&self, session: &GameServerSession) -> Result<(), GseError> {
        let message = wire::StartGameServerSessionRequest { game_server_session: Some(session.to_wire()) };
        outcome(self.process()?.on_start_game_server_session(message).await)
    }

    /// OnProcessTerminate.
    ///
    /// # Errors
    /// When the process cannot be reached or answers with an error.
    pub async fn process_terminate(&self, termination_time: i64) -> Result<(), GseError> {
        outcome(
            self.process()?.on_process_terminate(wire::ProcessTerminateRequest { termination_time }).await,
        )
    }

    /// A client of the process that was announced last.
    fn process(&self) -> Result<GameServerGrpcSdkServiceClient<Channel>, GseError> {
        let calls = self.shared.calls.borrow();
        let ready = calls.iter().rev().find(|recorded| recorded.call == Call::ProcessReady);
        let ready = ready.ok_or_else(|| GseError::bad_request("no process has sent ProcessReady"))?;
        let endpoint = crate::agent::endpoint(&format!("127.0.0.1:{}", ready.field("grpcPort")))?;
        Ok(GameServerGrpcSdkServiceClient::new(endpoint.connect_lazy()))
    }
}

fn outcome(answer: Result<Response<GseResponse>, Status>) -> Result<(), GseError> {
    GseError::check(&answer.map_err(|status| GseError::from_status(&status))?.into_inner())
}

impl Shared {
    fn answers(&self) -> MutexGuard<'_, BTreeMap<Call, VecDeque<Answer>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, call: Call, metadata: &MetadataMap, fields: &[(&'static str, String)]) -> Answer {
        let text =
            |key: &str| metadata.get(key).and_then(|value| value.to_str().ok()).map(ToString::to_string);
        let recorded = Recorded {
            call,
            fields: fields.iter().filter(|(_, value)| !value.is_empty()).cloned().collect(),
            pid: text("pid"),
            request_id: text("requestid"),
            process_token: text("gse-process-token"),
        };
        let answer = self.answers().get_mut(&call).and_then(VecDeque::pop_front).unwrap_or(Answer::Ok);
        self.calls.send_modify(|calls| calls.push(recorded));
        answer
    }
}
