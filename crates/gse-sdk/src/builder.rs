//! From nothing to a ready process: settings, environment, the callback server, then ProcessReady.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gse_proto::grpcsdk::ProcessReadyRequest;

use crate::agent::{Agent, AgentSettings, RetryObserver};
use crate::callback::{Answers, CallbackServer, OnStart};
use crate::current::CurrentSession;
use crate::error::{ErrorName, GseError};
use crate::health::Health;
use crate::model::GameServerSession;
use crate::network::Network;
use crate::ready::{Claim, Ready};
use crate::standalone::StandaloneAgent;

/// Where the agent listens unless told otherwise (2.1).
///
/// ```
/// assert_eq!(gse_sdk::DEFAULT_AGENT_ADDRESS, "127.0.0.1:5758");
/// ```
pub const DEFAULT_AGENT_ADDRESS: &str = "127.0.0.1:5758";

pub(crate) const AGENT_ADDRESS: &str = "GSE_AGENT_ADDRESS";
pub(crate) const PROCESS_TOKEN: &str = "GSE_PROCESS_TOKEN";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Three of these can be added to any point in time; whoever says `Duration::MAX` means to wait.
const LONGEST_CONNECT_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);
const MAX_LOG_PATHS: usize = 32;
const MAX_LOG_PATH_BYTES: usize = 1024;

/// The entry point: [`Sdk::detect`] says whether there is an agent, [`Sdk::builder`] describes this game server.
///
/// ```no_run
/// # async fn example() -> Result<(), gse_sdk::GseError> {
/// let ready = gse_sdk::Sdk::builder().client_port(3237).log_path("./logs").ready().await?;
/// # ready.ending().await }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sdk;

impl Sdk {
    /// Starts to describe this game server.
    pub fn builder() -> SdkBuilder {
        SdkBuilder {
            client_port: NoClientPort,
            log_paths: Vec::new(),
            health: Arc::new(|| true),
            on_start: None,
            place: Place::Environment,
            connect_timeout: CONNECT_TIMEOUT,
            on_retry: Arc::new(|_| ()),
        }
    }
}

/// State of a builder that cannot announce the process yet: nobody said where players connect.
///
/// ```
/// use gse_sdk::{NoClientPort, Sdk, SdkBuilder};
///
/// /// What all processes of a game have in common.
/// fn common() -> SdkBuilder<NoClientPort> {
///     Sdk::builder().log_path("./logs")
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NoClientPort;

/// State of a builder that can announce the process.
///
/// ```
/// use gse_sdk::{ClientPort, Sdk, SdkBuilder};
///
/// fn on(port: u16) -> SdkBuilder<ClientPort> {
///     Sdk::builder().client_port(port)
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ClientPort(u16);

/// Where the agent is.
#[derive(Debug, Clone)]
enum Place {
    /// Where the environment says, else [`DEFAULT_AGENT_ADDRESS`].
    Environment,
    Address(String),
    Here(InMemory),
    /// It cannot be said where; why, in words.
    Unknown(String),
    /// Nowhere: the sessions are made here.
    Standalone(GameServerSession),
}

/// An agent of this OS process, on a network in memory.
#[derive(Debug, Clone)]
pub(crate) struct InMemory {
    pub(crate) network: Network,
    /// Where it listens on that network.
    pub(crate) port: u16,
    /// Tells it from others in errors and claims.
    name: String,
}

impl InMemory {
    pub(crate) fn new(network: Network, port: u16) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        Self { network, port, name: format!("memory-{number}") }
    }
}

/// What a game server says about itself before it is ready.
///
/// Only a builder that knows the client port has [`ready`](SdkBuilder::ready):
///
/// ```compile_fail,E0599
/// # async fn wrong() {
/// gse_sdk::Sdk::builder().ready().await;
/// # }
/// ```
///
/// With everything that can be said:
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn example() -> Result<(), gse_sdk::GseError> {
/// let ready = gse_sdk::Sdk::builder()
///     .client_port(3237)
///     .log_path("./logs")
///     .health(|| true)
///     .on_start(|session| if session.max_players <= 16 { Ok(()) } else { Err("16 seats at most".into()) })
///     .agent_address("127.0.0.1:5758")
///     .connect_timeout(Duration::from_secs(30))
///     .on_retry(|error| eprintln!("waiting for the agent: {error}"))
///     .ready()
///     .await?;
/// # ready.ending().await }
/// ```
#[must_use = "nothing happens before `ready`"]
#[derive(Clone)]
pub struct SdkBuilder<Port = NoClientPort> {
    client_port: Port,
    log_paths: Vec<String>,
    health: Arc<dyn Fn() -> bool + Send + Sync>,
    on_start: Option<OnStart>,
    place: Place,
    connect_timeout: Duration,
    on_retry: RetryObserver,
}

impl<Port: fmt::Debug> fmt::Debug for SdkBuilder<Port> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SdkBuilder")
            .field("client_port", &self.client_port)
            .field("log_paths", &self.log_paths)
            .field("place", &self.place)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

impl<Port> SdkBuilder<Port> {
    /// The port where players connect, TCP or UDP: bind it first, then give the real number here (section 5).
    pub fn client_port(self, port: u16) -> SdkBuilder<ClientPort> {
        SdkBuilder {
            client_port: ClientPort(port),
            log_paths: self.log_paths,
            health: self.health,
            on_start: self.on_start,
            place: self.place,
            connect_timeout: self.connect_timeout,
            on_retry: self.on_retry,
        }
    }

    /// A file or folder to keep when a session ends; relative to the working directory. At most 32, each of at most
    /// 1024 bytes.
    pub fn log_path(mut self, path: impl Into<String>) -> Self {
        self.log_paths.push(path.into());
        self
    }

    /// Asked every minute, on a thread of its own: is the game well? Without it the process is always healthy.
    /// A panic, or no answer in 50 s, counts as no; the third no in a row ends the process (3.1). In a program that is
    /// built with `panic = "abort"` a panic ends the process at once, here as in `on_start`.
    pub fn health(mut self, health: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.health = Arc::new(health);
        self
    }

    /// Asked before a session is taken, on a thread of its own, for at most 10 s: can this process host it? An
    /// `Err` with the reason fails the session at once, with that reason; so does a panic. Without it every session is
    /// taken. Look at the values only: loading comes later, between
    /// [`next_session`](crate::Ready::next_session) and [`activate`](crate::StartRequested::activate).
    pub fn on_start(
        mut self,
        on_start: impl Fn(&GameServerSession) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.on_start = Some(Arc::new(on_start));
        self
    }

    /// The agent's `host:port`. Default: the environment variable `GSE_AGENT_ADDRESS`, else
    /// [`DEFAULT_AGENT_ADDRESS`].
    pub fn agent_address(mut self, address: impl Into<String>) -> Self {
        self.place = Place::Address(address.into());
        self
    }

    /// There is no agent to announce this process to; `ready` says why.
    pub(crate) fn unknown_place(mut self, why: String) -> Self {
        self.place = Place::Unknown(why);
        self
    }

    pub(crate) fn in_memory(mut self, agent: InMemory) -> Self {
        self.place = Place::Here(agent);
        self
    }

    pub(crate) fn standalone(mut self, session: GameServerSession) -> Self {
        self.place = Place::Standalone(session);
        self
    }

    /// How long to wait for an agent that is not there yet. Default: 10 s. Calls that are harmless to repeat outlast a
    /// restart of the agent of three times this. At most a year, which `Duration::MAX` comes to as well.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.min(LONGEST_CONNECT_TIMEOUT);
        self
    }

    /// Called with the error of every attempt that is followed by another one: the place for a log line such as
    /// "waiting for the agent". Must return quickly.
    pub fn on_retry(mut self, observer: impl Fn(&GseError) + Send + Sync + 'static) -> Self {
        self.on_retry = Arc::new(observer);
        self
    }
}

impl SdkBuilder<ClientPort> {
    /// Announces this process to the agent (ProcessReady). The callbacks are served before the agent hears of them.
    ///
    /// # Errors
    /// * `BAD_REQUEST_EXCEPTION`: a setting is wrong; the detail names it. Nothing was sent.
    /// * `ALREADY_INITIALIZED`: this OS process already has a [`Ready`] at that agent.
    /// * `SERVICE_CALL_FAILED`: no agent there within [`connect_timeout`](Self::connect_timeout).
    /// * `PROCESS_READY_FAILED`, `BAD_REQUEST_EXCEPTION`: the agent refused.
    pub async fn ready(self) -> Result<Ready, GseError> {
        self.ready_in(|name| env::var_os(name)).await
    }

    pub(crate) async fn ready_in(
        self,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Ready, GseError> {
        let client_port = self.checked_client_port()?;
        check_log_paths(&self.log_paths)?;
        let found = find(self.place, &environment)?;
        let agent = Arc::new(Agent::new(AgentSettings {
            network: found.network.clone(),
            address: found.address,
            standalone: found.standalone,
            process_token: variable(&environment, PROCESS_TOKEN)?,
            connect_timeout: self.connect_timeout,
            on_retry: self.on_retry,
        })?);
        let claim = Claim::new(&found.name)?;
        let current = Arc::new(CurrentSession::default());
        let answers =
            Answers { health: Health::new(self.health), on_start: self.on_start, current: current.clone() };
        let (server, inbox) = CallbackServer::start(&found.network, answers).await.map_err(|error| {
            GseError::new(
                ErrorName::ProcessReadyFailed,
                format!("cannot listen for callbacks on `127.0.0.1`: {error}"),
            )
        })?;
        let message = ProcessReadyRequest {
            log_paths_to_upload: self.log_paths,
            client_port: client_port.into(),
            grpc_port: server.grpc_port().into(),
        };
        // From here on a failure drops the process, which stops its server and gives its claim back.
        let ready = Ready::new(agent.clone(), current, server, inbox, claim);
        agent.process_ready(message).await?;
        Ok(ready)
    }

    fn checked_client_port(&self) -> Result<u16, GseError> {
        match self.client_port.0 {
            0 => Err(GseError::bad_request(
                "client port `0` is not where players can connect, expected 1 to 65535; \
                 hint: bind the port first and give the number that the system chose",
            )),
            port => Ok(port),
        }
    }
}

/// Where the agent was found.
struct Found {
    network: Network,
    address: String,
    name: String,
    standalone: Option<StandaloneAgent>,
}

fn find(place: Place, environment: impl Fn(&str) -> Option<OsString>) -> Result<Found, GseError> {
    let on_loopback = |address: String| Found {
        network: Network::Loopback,
        name: address.clone(),
        address,
        standalone: None,
    };
    let in_memory = |here: InMemory, standalone| Found {
        network: here.network,
        address: format!("127.0.0.1:{}", here.port),
        name: here.name,
        standalone,
    };
    match place {
        Place::Environment => {
            let address = variable(environment, AGENT_ADDRESS)?;
            Ok(on_loopback(address.unwrap_or_else(|| DEFAULT_AGENT_ADDRESS.into())))
        }
        Place::Address(address) => Ok(on_loopback(address)),
        Place::Unknown(why) => Err(GseError::bad_request(why)),
        Place::Here(here) => Ok(in_memory(here, None)),
        Place::Standalone(session) => {
            let (agent, here) = StandaloneAgent::start(session);
            Ok(in_memory(here, Some(agent)))
        }
    }
}

/// A variable of the environment that is set and not empty.
pub(crate) fn variable(
    environment: impl Fn(&str) -> Option<OsString>,
    name: &str,
) -> Result<Option<String>, GseError> {
    match environment(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
        Some(Err(_)) => Err(GseError::bad_request(format!("`{name}` is not valid Unicode"))),
    }
}

fn check_log_paths(paths: &[String]) -> Result<(), GseError> {
    if paths.len() > MAX_LOG_PATHS {
        let text =
            format!("`{}` log paths, expected at most {MAX_LOG_PATHS}; hint: name a folder", paths.len());
        return Err(GseError::bad_request(text));
    }
    let wrong = |path: &&String| path.is_empty() || path.len() > MAX_LOG_PATH_BYTES || path.contains('\0');
    match paths.iter().find(wrong) {
        Some(path) => Err(GseError::bad_request(format!(
            "log path `{path}` is not a path, expected 1 to {MAX_LOG_PATH_BYTES} bytes without NUL"
        ))),
        None => Ok(()),
    }
}
