//! The client side: calls to the agent with identity, retries and errors as server-sdk.md 8.2 has them.
//!
//! Not here: what the calls mean for a session or the process; that is `session.rs` and `process.rs`.

use std::error::Error as _;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gse_proto::grpcsdk::gse_grpc_sdk_service_client::GseGrpcSdkServiceClient;
use gse_proto::grpcsdk::{self as wire, GseResponse};
use gse_proto::timeline::TellMilestoneRequest;
use gse_proto::timeline::timeline_service_client::TimelineServiceClient;
use tokio::time::{Instant, sleep, timeout};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, ConnectError, Request, Response, Status, TimeoutExpired};

use crate::error::{ErrorName, GseError, chain};
use crate::network::Network;
use crate::standalone::StandaloneAgent;

/// How long one attempt may wait for its answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a call that may not be repeated, or a last word, is tried once the agent has been reached.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A call that may be repeated outlasts a restart of the agent: so many connect timeouts, 30 s by default.
const AWAY_TIMEOUTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Told about every failed attempt that is followed by another one.
pub(crate) type RetryObserver = Arc<dyn Fn(&GseError) + Send + Sync>;
type Client = GseGrpcSdkServiceClient<Channel>;

/// What an [`Agent`] is made from.
pub(crate) struct AgentSettings {
    pub(crate) network: Network,
    /// `host:port`.
    pub(crate) address: String,
    /// Sent as `gse-process-token` when the agent that launched us gave one.
    pub(crate) process_token: Option<String>,
    /// How long connection failures are retried until the agent was reached once.
    pub(crate) connect_timeout: Duration,
    pub(crate) on_retry: RetryObserver,
    /// The agent itself, when it is part of this OS process: it lives as long as somebody can call it.
    pub(crate) standalone: Option<StandaloneAgent>,
}

/// The agent, reached lazily over one connection that all calls share.
pub(crate) struct Agent {
    client: Client,
    /// On the same connection.
    timeline: TimelineServiceClient<Channel>,
    /// The agent answered that it does not know it.
    has_no_timeline: AtomicBool,
    address: String,
    pid: MetadataValue<Ascii>,
    process_token: Option<MetadataValue<Ascii>>,
    connect_timeout: Duration,
    on_retry: RetryObserver,
    reached: AtomicBool,
    /// What this process said of itself when it became ready.
    announced: OnceLock<wire::ProcessReadyRequest>,
    _standalone: Option<StandaloneAgent>,
}

/// Whether a call may be sent again when it may have been executed already (4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    Harmless,
    /// Harmless, but not worth waiting for: the agent sees the end of a process by itself.
    LastWord,
    Never,
}

/// How an attempt failed.
enum Failure {
    /// No connection, so nothing was sent: any call may be tried again.
    Unsent(GseError),
    /// The agent had asked to reconnect just then (2.4), so nothing was sent: at once again, on a new connection.
    Closed(GseError),
    /// The connection broke, or the agent is shutting down: it may have been executed.
    Lost(GseError),
    /// An answer, or none in time: final.
    Final(GseError),
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Agent {
    /// Connects nowhere yet. Must be called within a tokio runtime.
    pub(crate) fn new(settings: AgentSettings) -> Result<Self, GseError> {
        let endpoint = endpoint(&settings.address)?.connect_timeout(settings.connect_timeout);
        let token = settings.process_token.map(|token| process_token(&token)).transpose()?;
        let channel = settings.network.channel(&endpoint);
        Ok(Self {
            client: GseGrpcSdkServiceClient::new(channel.clone()),
            timeline: TimelineServiceClient::new(channel),
            has_no_timeline: AtomicBool::new(false),
            address: settings.address,
            pid: MetadataValue::from(std::process::id()),
            process_token: token,
            connect_timeout: settings.connect_timeout,
            on_retry: settings.on_retry,
            reached: AtomicBool::new(false),
            announced: OnceLock::new(),
            _standalone: settings.standalone,
        })
    }

    pub(crate) async fn process_ready(&self, message: wire::ProcessReadyRequest) -> Result<(), GseError> {
        self.send_ready(message.clone()).await?;
        // A process becomes ready once.
        let _ = self.announced.set(message);
        Ok(())
    }

    /// ProcessReady once more, with the same parameters: harmless at any time (4.3). Refused before the first one.
    pub(crate) fn announce_again(&self) -> Pin<Box<dyn Future<Output = Result<(), GseError>> + Send + '_>> {
        Box::pin(async {
            match self.announced.get() {
                Some(message) => self.send_ready(message.clone()).await,
                None => Err(GseError::new(ErrorName::ProcessNotReady, "this process was not announced yet")),
            }
        })
    }

    async fn send_ready(&self, message: wire::ProcessReadyRequest) -> Result<(), GseError> {
        self.order("ProcessReady", Repeat::Harmless, message, |mut client, request| async move {
            client.process_ready(request).await
        })
        .await
    }

    pub(crate) async fn activate_game_server_session(&self, id: &str, seats: i32) -> Result<(), GseError> {
        let message =
            wire::ActivateGameServerSessionRequest { game_server_session_id: id.into(), max_players: seats };
        self.order("ActivateGameServerSession", Repeat::Harmless, message, |mut client, request| async move {
            client.activate_game_server_session(request).await
        })
        .await
    }

    // Repeating is harmless because the request id is kept: the agent tells a retry from a replay by it (4.3).
    pub(crate) async fn accept_player_session(&self, id: &str, player: &str) -> Result<(), GseError> {
        let message = wire::AcceptPlayerSessionRequest {
            game_server_session_id: id.into(),
            player_session_id: player.into(),
        };
        self.order("AcceptPlayerSession", Repeat::Harmless, message, |mut client, request| async move {
            client.accept_player_session(request).await
        })
        .await
    }

    pub(crate) async fn remove_player_session(&self, id: &str, player: &str) -> Result<(), GseError> {
        let message = wire::RemovePlayerSessionRequest {
            game_server_session_id: id.into(),
            player_session_id: player.into(),
        };
        self.order("RemovePlayerSession", Repeat::Harmless, message, |mut client, request| async move {
            client.remove_player_session(request).await
        })
        .await
    }

    pub(crate) async fn describe_player_sessions(
        &self,
        message: wire::DescribePlayerSessionsRequest,
    ) -> Result<wire::DescribePlayerSessionsResponse, GseError> {
        let send =
            |mut client: Client, request| async move { client.describe_player_sessions(request).await };
        let (answer, _) = self.call("DescribePlayerSessions", Repeat::Harmless, message, send).await?;
        Ok(answer)
    }

    pub(crate) async fn update_player_session_creation_policy(
        &self,
        id: &str,
        policy: &str,
    ) -> Result<(), GseError> {
        let message = wire::UpdatePlayerSessionCreationPolicyRequest {
            game_server_session_id: id.into(),
            new_player_session_creation_policy: policy.into(),
        };
        self.order(
            "UpdatePlayerSessionCreationPolicy",
            Repeat::Never,
            message,
            |mut client, request| async move { client.update_player_session_creation_policy(request).await },
        )
        .await
    }

    pub(crate) async fn terminate_game_server_session(&self, id: &str) -> Result<(), GseError> {
        let message = wire::TerminateGameServerSessionRequest { game_server_session_id: id.into() };
        self.order(
            "TerminateGameServerSession",
            Repeat::Harmless,
            message,
            |mut client, request| async move { client.terminate_game_server_session(request).await },
        )
        .await
    }

    pub(crate) async fn process_ending(&self) -> Result<(), GseError> {
        let message = wire::ProcessEndingRequest {};
        self.order("ProcessEnding", Repeat::LastWord, message, |mut client, request| async move {
            client.process_ending(request).await
        })
        .await
    }

    /// One attempt: a moment that is told late is told wrongly. An agent that does not know the call is not asked again.
    pub(crate) async fn tell_milestone(&self, id: &str, name: &str) -> Result<(), GseError> {
        if self.has_no_timeline.load(Ordering::Relaxed) {
            return Ok(());
        }
        let message = TellMilestoneRequest { game_server_session_id: id.into(), name: name.into() };
        let request_id = request_id()?;
        let request = self.request(message, &request_id)?;
        let status = match timeout(RECONNECT_TIMEOUT, self.timeline.clone().tell_milestone(request)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(status)) => status,
            Err(_) => Status::deadline_exceeded("no answer in time"),
        };
        if status.code() == Code::Unimplemented {
            self.has_no_timeline.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let (Failure::Unsent(error) | Failure::Closed(error) | Failure::Lost(error) | Failure::Final(error)) =
            self.classify(&status);
        Err(error.with_request_id(&request_id))
    }

    pub(crate) async fn report_custom_data(&self, current: i32, max: i32) -> Result<(), GseError> {
        let message = wire::ReportCustomDataRequest { current_custom_count: current, max_custom_count: max };
        self.order("ReportCustomData", Repeat::Never, message, |mut client, request| async move {
            client.report_custom_data(request).await
        })
        .await
    }

    /// A call whose answer is a `GseResponse`, in either variant.
    async fn order<Q: Clone, F>(
        &self,
        name: &'static str,
        repeat: Repeat,
        message: Q,
        send: impl Fn(Client, Request<Q>) -> F,
    ) -> Result<(), GseError>
    where
        F: Future<Output = Result<Response<GseResponse>, Status>>,
    {
        let (answer, request_id) = self.call(name, repeat, message, send).await?;
        GseError::check(&answer).map_err(|error| error.with_request_id(&request_id))
    }

    /// One logical call: one request id, as many attempts as `repeat` and the budget allow.
    async fn call<Q: Clone, A, F>(
        &self,
        name: &'static str,
        repeat: Repeat,
        message: Q,
        send: impl Fn(Client, Request<Q>) -> F,
    ) -> Result<(A, String), GseError>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let request_id = request_id()?;
        let deadline = Instant::now() + self.retry_budget(repeat);
        let mut pause = FIRST_PAUSE;
        // Whether a connection was not yet closed under this call.
        let mut fresh = true;
        let mut announced_again = matches!(name, "ProcessReady" | "ProcessEnding");
        loop {
            let request = self.request(message.clone(), &request_id)?;
            let failure = match timeout(CALL_TIMEOUT, send(self.client.clone(), request)).await {
                Ok(Ok(answer)) => {
                    self.reached.store(true, Ordering::Relaxed);
                    return Ok((answer.into_inner(), request_id));
                }
                // tonic keeps the same deadline; whichever notices first.
                Ok(Err(status)) if !source_is(&status, |_: &TimeoutExpired| true) => self.classify(&status),
                Ok(Err(_)) | Err(_) => Failure::Final(GseError::service_call_failed(format!(
                    "`{name}` got no answer from the agent at `{}` in {CALL_TIMEOUT:?}",
                    self.address
                ))),
            };
            let (error, again, at_once) = match failure {
                Failure::Unsent(error) => (error, true, false),
                Failure::Closed(error) => (error, true, std::mem::take(&mut fresh)),
                Failure::Lost(error) => (error, repeat != Repeat::Never, false),
                Failure::Final(error) => (error, false, false),
            };
            let error = error.with_request_id(&request_id);
            // An agent that was started anew without its records knows nobody. The call was refused, so it may follow.
            if error.name == ErrorName::ProcessNotReady && !announced_again {
                announced_again = true;
                self.tell(&error);
                if self.announce_again().await.is_ok() {
                    continue;
                }
            }
            if !again || Instant::now() + pause > deadline {
                return Err(error);
            }
            if at_once {
                continue;
            }
            self.tell(&error);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The observer is the game's code: its panic is its own affair.
    fn tell(&self, error: &GseError) {
        let _ = catch_unwind(AssertUnwindSafe(|| (self.on_retry)(error)));
    }

    // At start the agent may come up after the game. Later it may be started again beside a game that goes on: what
    // must not be lost waits for it, the rest is told quickly.
    fn retry_budget(&self, repeat: Repeat) -> Duration {
        if !self.reached.load(Ordering::Relaxed) {
            return self.connect_timeout;
        }
        match repeat {
            Repeat::Harmless => self.connect_timeout.saturating_mul(AWAY_TIMEOUTS),
            Repeat::LastWord | Repeat::Never => self.connect_timeout.min(RECONNECT_TIMEOUT),
        }
    }

    fn request<Q>(&self, message: Q, request_id: &str) -> Result<Request<Q>, GseError> {
        let mut request = Request::new(message);
        let id = MetadataValue::try_from(request_id).map_err(|_| GseError::bad_request("bad request id"))?;
        let metadata = request.metadata_mut();
        metadata.insert("pid", self.pid.clone());
        // Lower case: HTTP/2 knows no other, and the documented `requestId` would panic here (2.2).
        metadata.insert("requestid", id);
        if let Some(token) = &self.process_token {
            metadata.insert("gse-process-token", token.clone());
        }
        request.set_timeout(CALL_TIMEOUT);
        Ok(request)
    }

    fn classify(&self, status: &Status) -> Failure {
        let address = &self.address;
        if is_connect_failure(status) {
            return Failure::Unsent(GseError::service_call_failed(format!(
                "no agent answers at `{address}` ({}); hint: start one with `gse local`, or set \
                 `GSE_AGENT_ADDRESS` to its host and port",
                chain(status)
            )));
        }
        if source_is(status, hyper::Error::is_canceled) {
            return Failure::Closed(GseError::service_call_failed(format!(
                "the agent at `{address}` closes connections before a call can be sent: {}",
                chain(status)
            )));
        }
        if status.source().is_some() {
            return Failure::Lost(GseError::service_call_failed(format!(
                "the connection to the agent at `{address}` broke: {}",
                chain(status)
            )));
        }
        self.reached.store(true, Ordering::Relaxed);
        let error = GseError::from_status(status);
        if status.code() == Code::Unavailable { Failure::Lost(error) } else { Failure::Final(error) }
    }
}

pub(crate) fn is_connect_failure(status: &Status) -> bool {
    source_is(status, |_: &ConnectError| true)
}

/// Whether such an error is behind it.
fn source_is<E: std::error::Error + 'static>(status: &Status, is: impl Fn(&E) -> bool) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(&is) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// `host:port` to an endpoint; cleartext HTTP/2, and no proxy is ever asked.
pub(crate) fn endpoint(address: &str) -> Result<Endpoint, GseError> {
    let refuse = || {
        GseError::bad_request(format!(
            "agent address `{address}` is not `host:port`; hint: the default is `127.0.0.1:5758`, \
             `GSE_AGENT_ADDRESS` overrides it"
        ))
    };
    if address.contains(['/', '?', '#', '@']) {
        return Err(refuse());
    }
    let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(|_| refuse())?;
    let uri = endpoint.uri();
    let complete =
        uri.host().is_some_and(|host| !host.is_empty()) && uri.port_u16().is_some_and(|port| port > 0);
    if complete { Ok(endpoint) } else { Err(refuse()) }
}

fn process_token(token: &str) -> Result<MetadataValue<Ascii>, GseError> {
    let mut value = MetadataValue::try_from(token).map_err(|_| {
        GseError::bad_request("`GSE_PROCESS_TOKEN` holds characters that metadata cannot carry")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A fresh id in the form of a version 4 UUID.
fn request_id() -> Result<String, GseError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        GseError::new(
            crate::ErrorName::InternalServiceException,
            format!("the system's random generator failed: {error}"),
        )
    })?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

#[cfg(test)]
mod tests;
