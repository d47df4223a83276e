//! A scripted agent in memory: it records what a process says and lets a test play the agent.
//!
//! It keeps no state and decides nothing: every call is answered with success unless the test scripted another
//! answer, so a test sees what the process does, not what an agent would make of it. It needs no port and no service,
//! and the bytes between it and the process are those of a real agent.
//!
//! ```
//! use gse_sdk::testing::{Answer, Call, Code, ScriptedAgent};
//! use gse_sdk::{ErrorName, GameServerSession};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), gse_sdk::GseError> {
//!     let agent = ScriptedAgent::start();
//!     let mut ready = agent.builder().client_port(3237).ready().await?;
//!
//!     // The agent hands over a session, the game activates it.
//!     let info = GameServerSession { game_server_session_id: "gs-1".into(), ..Default::default() };
//!     agent.start_game_server_session(&info).await?;
//!     let starting = ready.next_session().await.expect("a session was handed over");
//!     let session = starting.activate().await?;
//!
//!     // A player comes with a ticket that was used before.
//!     let used = Answer::Error {
//!         code: Code::FailedPrecondition,
//!         message: "UNEXPECTED_PLAYER_SESSION: used already".into(),
//!         error_code: None,
//!     };
//!     agent.answer_next(Call::AcceptPlayerSession, used);
//!     let refused = session.accept_player_session("psess-1").await.unwrap_err();
//!     assert_eq!(refused.name, ErrorName::UnexpectedPlayerSession);
//!     session.accept_player_session("psess-2").await?;
//!
//!     // The agent asks for health and for the end, as it does in a fleet.
//!     assert!(agent.health_check().await?);
//!     session.terminate().await?;
//!     agent.process_terminate(1_700_000_300).await?;
//!     assert!(ready.next_session().await.is_none());
//!     ready.ending().await?;
//!
//!     let accepted: Vec<_> = agent.calls_of(Call::AcceptPlayerSession);
//!     assert_eq!(accepted[1].field("playerSessionId"), "psess-2");
//!     assert_eq!(agent.calls().last().map(|recorded| recorded.call), Some(Call::ProcessEnding));
//!     Ok(())
//! }
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
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};

pub use tonic::Code;

use self::service::Service;
use crate::builder::{InMemory, NoClientPort, Sdk, SdkBuilder};
use crate::error::GseError;
use crate::model::{GameServerSession, PlayerSession};
use crate::network::{Listener, Network, serve};

/// The nine calls of a process (1.2).
///
/// ```
/// # fn example(agent: &gse_sdk::testing::ScriptedAgent) {
/// use gse_sdk::testing::Call;
///
/// assert_eq!(agent.calls_of(Call::ProcessReady).len(), 1);
/// # }
/// ```
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
///
/// ```
/// # fn example(agent: &gse_sdk::testing::ScriptedAgent) {
/// let ready = &agent.calls()[0];
/// assert_eq!(ready.field("clientPort"), "3237");
/// assert!(ready.pid.is_some() && ready.request_id.is_some());
/// # }
/// ```
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

/// What the agent says to one attempt of a call.
///
/// ```
/// # fn example(agent: &gse_sdk::testing::ScriptedAgent) {
/// use gse_sdk::PlayerSession;
/// use gse_sdk::testing::{Answer, Call};
///
/// let anna = PlayerSession { player_id: "anna".into(), ..Default::default() };
/// let page = Answer::Page { players: vec![anna], next_token: String::new() };
/// agent.answer_next(Call::DescribePlayerSessions, page);
/// # }
/// ```
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
    /// None: the caller waits until it gives up.
    Never,
}

#[derive(Debug)]
struct Shared {
    calls: watch::Sender<Vec<Recorded>>,
    answers: Mutex<BTreeMap<Call, VecDeque<Answer>>>,
}

/// The running agent. Dropping it stops it. The [module](self) has an example.
///
/// A game without async plays the agent from a runtime of the test:
///
/// ```
/// use gse_sdk::testing::ScriptedAgent;
///
/// let runtime = tokio::runtime::Runtime::new().expect("a runtime");
/// let agent = runtime.block_on(async { ScriptedAgent::start() });
/// let ready = agent.builder().client_port(3237).ready_blocking().expect("the agent says yes");
/// assert!(runtime.block_on(agent.health_check()).expect("the process answers"));
/// ready.ending().expect("the agent says yes");
/// ```
#[derive(Debug)]
pub struct ScriptedAgent {
    place: Place,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
enum Place {
    Memory(InMemory),
    Loopback(String),
}

impl ScriptedAgent {
    /// Starts in memory. Must be called within a tokio runtime.
    pub fn start() -> Self {
        let (network, port, listener) = Network::new_memory();
        Self::serve(Place::Memory(InMemory::new(network, port)), listener)
    }

    /// Starts on a free port of loopback, for game servers in a process of their own: give them
    /// [`address`](Self::address) as `GSE_AGENT_ADDRESS`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start_on_loopback() -> io::Result<Self> {
        Self::start_on(TcpListener::bind(("127.0.0.1", 0)).await?)
    }

    /// Starts on a listener of the test's own, for what only a real socket shows: a port that refuses, an agent that
    /// comes back. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start_on(listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?.to_string();
        Ok(Self::serve(Place::Loopback(address), Listener::Loopback(listener)))
    }

    fn serve(place: Place, listener: Listener) -> Self {
        let shared = Arc::new(Shared { calls: watch::Sender::new(Vec::new()), answers: Mutex::default() });
        let (stop, stopped) = oneshot::channel();
        let router = Server::builder().add_service(GseGrpcSdkServiceServer::new(Service(shared.clone())));
        Self { place, shared, stop, task: tokio::spawn(serve(router, listener, stopped)) }
    }

    /// Its `host:port`; `None` in memory.
    pub fn address(&self) -> Option<&str> {
        match &self.place {
            Place::Memory(_) => None,
            Place::Loopback(address) => Some(address),
        }
    }

    /// A builder for processes of this agent.
    pub fn builder(&self) -> SdkBuilder<NoClientPort> {
        match &self.place {
            Place::Memory(here) => Sdk::builder().in_memory(here.clone()),
            Place::Loopback(address) => Sdk::builder().agent_address(address),
        }
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

    /// Every attempt of one call so far.
    pub fn calls_of(&self, call: Call) -> Vec<Recorded> {
        self.calls().into_iter().filter(|recorded| recorded.call == call).collect()
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
        let mut request = Request::new(message);
        if let Ok(traceparent) = session.traceparent.parse()
            && !session.traceparent.is_empty()
        {
            request.metadata_mut().insert("traceparent", traceparent);
        }
        outcome(self.process()?.on_start_game_server_session(request).await)
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
        let network = match &self.place {
            Place::Memory(here) => here.network.clone(),
            Place::Loopback(_) => Network::Loopback,
        };
        Ok(GameServerGrpcSdkServiceClient::new(network.channel(&endpoint)))
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
