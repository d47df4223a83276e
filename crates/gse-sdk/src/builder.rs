//! From nothing to a ready process: settings, environment, the callback server, then ProcessReady.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gse_proto::grpcsdk::ProcessReadyRequest;

use crate::agent::{Agent, AgentSettings, RetryObserver};
use crate::callback::CallbackServer;
use crate::current::CurrentSession;
use crate::error::{ErrorName, GseError};
use crate::health::Health;
use crate::process::{Claim, Process};

/// Where the agent listens unless told otherwise.
pub const DEFAULT_AGENT_ADDRESS: &str = "127.0.0.1:5758";

const AGENT_ADDRESS: &str = "GSE_AGENT_ADDRESS";
const PROCESS_TOKEN: &str = "GSE_PROCESS_TOKEN";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_LOG_PATHS: usize = 32;
const MAX_LOG_PATH_BYTES: usize = 1024;

/// The entry point: [`GameServer::builder`].
#[derive(Debug, Clone, Copy)]
pub struct GameServer;

impl GameServer {
    /// Starts to describe this game server.
    pub fn builder() -> GameServerBuilder {
        GameServerBuilder {
            client_port: NoClientPort,
            log_paths: Vec::new(),
            health: Arc::new(|| true),
            agent_address: None,
            connect_timeout: CONNECT_TIMEOUT,
            on_retry: Arc::new(|_| ()),
        }
    }
}

/// State of a builder that cannot announce the process yet: nobody said where players connect.
#[derive(Debug, Clone, Copy)]
pub struct NoClientPort;

/// State of a builder that can announce the process.
#[derive(Debug, Clone, Copy)]
pub struct ClientPort(u16);

/// What a game server says about itself before it is ready.
///
/// Only a builder that knows the client port has `ready`:
///
/// ```compile_fail,E0599
/// # async fn wrong() {
/// gse_sdk::GameServer::builder().ready().await;
/// # }
/// ```
#[must_use = "nothing happens before `ready`"]
pub struct GameServerBuilder<Port = NoClientPort> {
    client_port: Port,
    log_paths: Vec<String>,
    health: Arc<dyn Fn() -> bool + Send + Sync>,
    agent_address: Option<String>,
    connect_timeout: Duration,
    on_retry: RetryObserver,
}

impl<Port: fmt::Debug> fmt::Debug for GameServerBuilder<Port> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GameServerBuilder")
            .field("client_port", &self.client_port)
            .field("log_paths", &self.log_paths)
            .field("agent_address", &self.agent_address)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

impl<Port> GameServerBuilder<Port> {
    /// The port where players connect, TCP or UDP: bind it first, then give the real number here.
    pub fn client_port(self, port: u16) -> GameServerBuilder<ClientPort> {
        GameServerBuilder {
            client_port: ClientPort(port),
            log_paths: self.log_paths,
            health: self.health,
            agent_address: self.agent_address,
            connect_timeout: self.connect_timeout,
            on_retry: self.on_retry,
        }
    }

    /// A file or folder to keep when a session ends; relative to the working directory. At most 32.
    pub fn log_path(mut self, path: impl Into<String>) -> Self {
        self.log_paths.push(path.into());
        self
    }

    /// Asked every minute, on a thread of its own: is the game well? Without it the process is always healthy.
    /// A panic, or no answer in 50 s, counts as no; the third no in a row ends the process.
    pub fn health(mut self, health: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.health = Arc::new(health);
        self
    }

    /// The agent's `host:port`. Default: the environment variable `GSE_AGENT_ADDRESS`, else
    /// [`DEFAULT_AGENT_ADDRESS`].
    pub fn agent_address(mut self, address: impl Into<String>) -> Self {
        self.agent_address = Some(address.into());
        self
    }

    /// How long to wait for an agent that is not there yet. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Called with the error of every attempt that is followed by another one: the place for a log line such as
    /// "waiting for the agent". Must return quickly.
    pub fn on_retry(mut self, observer: impl Fn(&GseError) + Send + Sync + 'static) -> Self {
        self.on_retry = Arc::new(observer);
        self
    }
}

impl GameServerBuilder<ClientPort> {
    /// Announces this process to the agent. The callbacks are served before the agent hears of them.
    ///
    /// # Errors
    /// * `BAD_REQUEST_EXCEPTION`: a setting is wrong; the detail names it. Nothing was sent.
    /// * `ALREADY_INITIALIZED`: this OS process already has a [`Process`] at that agent.
    /// * `SERVICE_CALL_FAILED`: no agent there within [`connect_timeout`](Self::connect_timeout).
    /// * `PROCESS_READY_FAILED`, `BAD_REQUEST_EXCEPTION`: the agent refused.
    pub async fn ready(self) -> Result<Process, GseError> {
        self.ready_in(|name| env::var_os(name)).await
    }

    pub(crate) async fn ready_in(
        self,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Process, GseError> {
        let variable = |name: &str| match environment(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
            Some(Err(_)) => Err(GseError::bad_request(format!("`{name}` is not valid Unicode"))),
        };
        let client_port = self.checked_client_port()?;
        check_log_paths(&self.log_paths)?;
        let address = match self.agent_address {
            Some(address) => address,
            None => variable(AGENT_ADDRESS)?.unwrap_or_else(|| DEFAULT_AGENT_ADDRESS.into()),
        };
        let agent = Arc::new(Agent::new(AgentSettings {
            address: address.clone(),
            process_token: variable(PROCESS_TOKEN)?,
            connect_timeout: self.connect_timeout,
            on_retry: self.on_retry,
        })?);
        let claim = Claim::new(&address)?;
        let current = Arc::new(CurrentSession::default());
        let (server, inbox) =
            CallbackServer::start(Health::new(self.health), current.clone()).await.map_err(|error| {
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
        let process = Process::new(agent.clone(), current, server, inbox, claim);
        agent.process_ready(message).await?;
        Ok(process)
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
