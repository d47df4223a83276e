//! Callbacks into game servers: always on a loopback address of this machine, cleartext HTTP/2, never through a proxy.
//!
//! When to call and what an answer means is decided by the supervisor.

use std::time::Duration;

use gse_core::host::SessionSpec;
use gse_core::supervisor::{Callback, CallbackOutcome};
use gse_proto::grpcsdk::game_server_grpc_sdk_service_client::GameServerGrpcSdkServiceClient;
use gse_proto::grpcsdk::{
    GameProperty, GameServerSession, GseResponse, HealthCheckRequest, ProcessTerminateRequest,
    StartGameServerSessionRequest, gse_response,
};
use tokio::time::{Instant, sleep_until, timeout_at};
use tonic::codec::CompressionEncoding;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

/// Waits between two tries to connect: from 100 ms growing to 2 s (server-sdk.md 4.5).
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// One try to connect to a loopback address.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a callback may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// So long a refused connection is tried again.
    pub(crate) dial_for: Duration,
    /// In all.
    pub(crate) answer_within: Duration,
    /// Once the connection stands.
    pub(crate) answer_for: Duration,
}

/// Makes one callback. When the connection stands, `may_send` is asked before anything is sent.
pub(crate) async fn call(
    grpc_port: u16,
    callback: Callback,
    request_id: String,
    patience: Patience,
    may_send: impl Future<Output = bool>,
) -> CallbackOutcome {
    let start = Instant::now();
    let in_all = start + patience.answer_within;
    let channel = match dial(grpc_port, start + patience.dial_for, in_all).await {
        Ok(channel) => channel,
        Err(words) => return CallbackOutcome::Unreachable(words),
    };
    if !may_send.await {
        return CallbackOutcome::Unreachable("the agent ends".into());
    }
    let client = GameServerGrpcSdkServiceClient::new(channel).accept_compressed(CompressionEncoding::Gzip);
    let deadline = in_all.min(Instant::now() + patience.answer_for);
    match timeout_at(deadline, send(client, callback, &request_id)).await {
        Ok(outcome) => outcome,
        Err(_) => CallbackOutcome::TimedOut,
    }
}

/// A refused connection is tried again while the grace lasts; each try is IPv4 first, then IPv6.
async fn dial(grpc_port: u16, until: Instant, deadline: Instant) -> Result<Channel, String> {
    let mut wait = FIRST_WAIT;
    loop {
        let mut words = String::new();
        for host in ["127.0.0.1", "[::1]"] {
            match timeout_at(deadline, connect(host, grpc_port)).await {
                Ok(Ok(channel)) => return Ok(channel),
                Ok(Err(error)) => words.push_str(&format!("{host}:{grpc_port}: {error}; ")),
                Err(_) => return Err(format!("{words}no connection in time")),
            }
        }
        let next = Instant::now() + wait;
        if next > until.min(deadline) {
            return Err(words.trim_end_matches("; ").to_owned());
        }
        sleep_until(next).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn connect(host: &str, grpc_port: u16) -> Result<Channel, String> {
    let endpoint = Endpoint::from_shared(format!("http://{host}:{grpc_port}"))
        .map_err(|error| error.to_string())?
        .connect_timeout(CONNECT)
        .tcp_nodelay(true);
    endpoint.connect().await.map_err(|error| root_cause(&error))
}

/// What is around it says "transport error" in several ways.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

async fn send(
    mut client: GameServerGrpcSdkServiceClient<Channel>,
    callback: Callback,
    request_id: &str,
) -> CallbackOutcome {
    match callback {
        Callback::Health => match client.on_health_check(request(HealthCheckRequest {}, request_id)).await {
            Ok(answer) => CallbackOutcome::Health(answer.into_inner().health_status),
            Err(status) => failure(&status),
        },
        Callback::Start(session) => {
            let trace = session.trace.map(|trace| trace.to_string());
            let message = StartGameServerSessionRequest { game_server_session: Some(to_proto(*session)) };
            let mut request = request(message, request_id);
            // W3C Trace Context: beside the contract, and no server minds metadata that it does not know.
            if let Some(trace) = trace.and_then(|trace| AsciiMetadataValue::try_from(trace).ok()) {
                request.metadata_mut().insert("traceparent", trace);
            }
            outcome(client.on_start_game_server_session(request).await)
        }
        Callback::Terminate { termination_time_s } => {
            let message = ProcessTerminateRequest { termination_time: termination_time_s };
            outcome(client.on_process_terminate(request(message, request_id)).await)
        }
    }
}

fn request<M>(message: M, request_id: &str) -> Request<M> {
    let mut request = Request::new(message);
    if let Ok(value) = AsciiMetadataValue::try_from(request_id) {
        request.metadata_mut().insert("requestid", value);
    }
    request
}

/// Both published variants of the answer (1.4): a rich status other than OK is a failure, and so is an unknown one.
fn outcome(answer: Result<Response<GseResponse>, Status>) -> CallbackOutcome {
    let answer = match answer {
        Ok(answer) => answer.into_inner(),
        Err(status) => return failure(&status),
    };
    match gse_response::Status::try_from(answer.status) {
        Ok(gse_response::Status::Ok) => CallbackOutcome::Done,
        Ok(status) => CallbackOutcome::Rejected(format!("{} {}", status.as_str_name(), answer.error_message)),
        Err(_) => CallbackOutcome::Rejected(format!("status {} {}", answer.status, answer.error_message)),
    }
}

fn failure(status: &Status) -> CallbackOutcome {
    CallbackOutcome::Status { words: words_of(status), unimplemented: status.code() == Code::Unimplemented }
}

/// A base class that was registered unchanged says nothing.
fn words_of(status: &Status) -> String {
    match status.message() {
        "" => format!("{:?}", status.code()),
        message => format!("{:?} `{message}`", status.code()),
    }
}

fn to_proto(session: SessionSpec) -> GameServerSession {
    GameServerSession {
        game_server_session_id: session.id.to_string(),
        fleet_id: session.fleet.to_string(),
        name: session.name,
        max_players: i32::try_from(session.max_players).unwrap_or(i32::MAX),
        joinable: session.joinable,
        game_properties: session
            .properties
            .into_iter()
            .map(|(key, value)| GameProperty { key, value })
            .collect(),
        port: i32::from(session.port),
        ip_address: session.ip_address,
        game_server_session_data: session.data,
        matchmaker_data: session.matchmaker_data,
        dns_name: session.dns_name,
    }
}
