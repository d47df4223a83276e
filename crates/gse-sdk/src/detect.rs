//! Whether there is an agent, found out in at most a second.
//!
//! The environment is asked first; a call to the agent that changes nothing there answers the rest.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use gse_proto::grpcsdk::DescribePlayerSessionsRequest;
use gse_proto::grpcsdk::gse_grpc_sdk_service_client::GseGrpcSdkServiceClient;
use tokio::time::timeout;
use tonic::{Code, Request, Status};

use crate::agent::{endpoint, is_connect_failure};
use crate::builder::{
    AGENT_ADDRESS, DEFAULT_AGENT_ADDRESS, NoClientPort, PROCESS_TOKEN, Sdk, SdkBuilder, variable,
};
use crate::model::GameServerSession;
use crate::network::Network;
use crate::standalone::TICKET;

/// `1` or `0`: whether to run standalone, whatever listens where.
const STANDALONE: &str = "GSE_STANDALONE";
/// How long a silent peer is waited for; with all else well below the second that is promised.
const PROBE_LIMIT: Duration = Duration::from_millis(800);

/// What [`Sdk::detect`] found. Printing it says what, why, and how to change it.
///
/// The same code runs either way:
///
/// ```no_run
/// # async fn example() -> Result<(), gse_sdk::GseError> {
/// let detected = gse_sdk::Sdk::detect().await;
/// eprintln!("{detected}");
/// let mut ready = detected.builder().client_port(3237).ready().await?;
/// while let Some(starting) = ready.next_session().await {
///     let session = starting.activate().await?;
///     session.terminate().await?;
/// }
/// # ready.ending().await }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detected {
    /// There is an agent, or the environment says that there is to be one.
    Hosted(Hosted),
    /// There is none.
    Standalone(Standalone),
}

/// An agent hosts this process.
///
/// ```no_run
/// # async fn example(hosted: gse_sdk::Hosted) -> Result<(), gse_sdk::GseError> {
/// println!("{hosted}");
/// let ready = hosted.builder().client_port(3237).ready().await?;
/// # ready.ending().await }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosted {
    address: String,
    reason: HostedReason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostedReason {
    /// An agent launched this process.
    Launched,
    /// Somebody set the address, or forbade to run standalone: an agent that is not there yet is waited for.
    Told(&'static str),
    /// It answers.
    Answers,
    /// The environment says something that means nothing. Taken for hosted, so that a slip is an error and not a game of
    /// one; `ready` tells it.
    Unclear(String),
}

/// No agent hosts this process. The SDK makes sessions itself: one right after
/// [`ready`](SdkBuilder::ready), the next one a moment after the last has ended, with a seat for everybody who comes.
///
/// ```no_run
/// # async fn example(standalone: gse_sdk::Standalone) -> Result<(), gse_sdk::GseError> {
/// use gse_sdk::GameServerSession;
///
/// println!("{}\nhint: {}", standalone.reason(), standalone.how_to_change());
/// let four_seats = GameServerSession { max_players: 4, ..standalone.session().clone() };
/// let ready = standalone.with_session(four_seats).builder().client_port(3237).ready().await?;
/// # ready.ending().await }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standalone {
    reason: String,
    how_to_change: String,
    session: Box<GameServerSession>,
}

impl Sdk {
    /// Looks for the agent, for at most a second, and says what it found. It changes nothing at the agent.
    ///
    /// * Hosted: an agent launched this process (`GSE_PROCESS_TOKEN`), the environment names an agent
    ///   (`GSE_AGENT_ADDRESS`, even if it is not there yet) or forbids the other (`GSE_STANDALONE=0`), or an agent
    ///   answers at [`DEFAULT_AGENT_ADDRESS`].
    /// * Standalone: `GSE_STANDALONE=1`, or nothing of that.
    ///
    /// Another value of `GSE_STANDALONE` counts as hosted, and [`ready`](SdkBuilder::ready) refuses it.
    pub async fn detect() -> Detected {
        detect_in(|name| env::var_os(name), DEFAULT_AGENT_ADDRESS).await
    }

    /// Runs without an agent because the program says so, for example by a flag of its own; nothing is looked for.
    pub fn standalone() -> Standalone {
        standalone(
            "the program asks for it".to_owned(),
            "leave that out, so that an agent is looked for".to_owned(),
        )
    }
}

/// The same for any environment and any default address.
pub(crate) async fn detect_in(environment: impl Fn(&str) -> Option<OsString>, default: &str) -> Detected {
    let set = |name| variable(&environment, name).ok().flatten();
    let hosted = |address: Option<String>, reason| {
        let address = address.unwrap_or_else(|| default.to_owned());
        Detected::Hosted(Hosted { address, reason })
    };
    let address = set(AGENT_ADDRESS);
    match set(STANDALONE).as_deref() {
        Some("1" | "true" | "yes" | "on") => {
            return Detected::Standalone(standalone(
                format!("`{STANDALONE}` asks for it"),
                format!("unset `{STANDALONE}` to be hosted by an agent"),
            ));
        }
        Some("0" | "false" | "no" | "off") => return hosted(address, HostedReason::Told(STANDALONE)),
        Some(other) => {
            let text = format!("`{STANDALONE}` is `{other}`; hint: set it to `1` or `0`, or unset it");
            return hosted(address, HostedReason::Unclear(text));
        }
        None => {}
    }
    if set(PROCESS_TOKEN).is_some() {
        return hosted(address, HostedReason::Launched);
    }
    if address.is_some() {
        return hosted(address, HostedReason::Told(AGENT_ADDRESS));
    }
    match probe(default).await {
        Ok(()) => hosted(None, HostedReason::Answers),
        Err(reason) => Detected::Standalone(standalone(
            reason,
            format!(
                "start an agent there with `gse local` and then this program again, or set `{AGENT_ADDRESS}` to the \
                 `host:port` of an agent"
            ),
        )),
    }
}

fn standalone(reason: String, how_to_change: String) -> Standalone {
    let session = GameServerSession {
        fleet_id: "fleet-standalone".to_owned(),
        name: "standalone".to_owned(),
        max_players: 16,
        joinable: true,
        ip_address: "127.0.0.1".to_owned(),
        ..GameServerSession::default()
    };
    Standalone { reason, how_to_change, session: Box::new(session) }
}

/// Whether an agent answers there; the error says what was found instead.
async fn probe(address: &str) -> Result<(), String> {
    let endpoint = endpoint(address).map_err(|error| error.detail)?;
    let mut client = GseGrpcSdkServiceClient::new(Network::Loopback.channel(&endpoint));
    // A question that any agent refuses, because this process has announced nothing yet.
    let mut request = Request::new(DescribePlayerSessionsRequest::default());
    request.metadata_mut().insert("pid", std::process::id().into());
    match timeout(PROBE_LIMIT, client.describe_player_sessions(request)).await {
        Err(_) => Err(format!("what listens at `{address}` does not answer")),
        Ok(Ok(_)) => Ok(()),
        Ok(Err(status)) => judge(address, &status),
    }
}

fn judge(address: &str, status: &Status) -> Result<(), String> {
    if is_connect_failure(status) {
        return Err(format!("nothing listens at `{address}`"));
    }
    if std::error::Error::source(status).is_some() {
        return Err(format!("what listens at `{address}` does not speak gRPC"));
    }
    if status.code() == Code::Unimplemented {
        return Err(format!("what listens at `{address}` speaks gRPC, but is no GSE agent"));
    }
    Ok(())
}

impl Detected {
    /// The builder that goes with it.
    pub fn builder(&self) -> SdkBuilder<NoClientPort> {
        match self {
            Self::Hosted(hosted) => hosted.builder(),
            Self::Standalone(standalone) => standalone.builder(),
        }
    }

    /// Whether an agent hosts this process.
    pub fn is_hosted(&self) -> bool {
        matches!(self, Self::Hosted(_))
    }
}

impl Hosted {
    /// The agent's `host:port`.
    pub fn agent_address(&self) -> &str {
        &self.address
    }

    /// A builder for that agent. `ready` fails if `GSE_STANDALONE` has a value that means nothing.
    pub fn builder(&self) -> SdkBuilder<NoClientPort> {
        match &self.reason {
            HostedReason::Unclear(text) => Sdk::builder().unknown_place(text.clone()),
            HostedReason::Launched | HostedReason::Told(_) | HostedReason::Answers => {
                Sdk::builder().agent_address(&self.address)
            }
        }
    }
}

impl Standalone {
    /// Why no agent hosts this process.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What to do to be hosted.
    pub fn how_to_change(&self) -> &str {
        &self.how_to_change
    }

    /// The pattern of the sessions: 16 seats, no properties. Id and port are set for each.
    pub fn session(&self) -> &GameServerSession {
        &self.session
    }

    /// Makes sessions of another pattern.
    pub fn with_session(self, session: GameServerSession) -> Self {
        Self { session: Box::new(session), ..self }
    }

    /// The ticket that lets this player in, as often as wanted. Anybody can guess it.
    pub fn player_session_id(&self, player_id: &str) -> String {
        format!("{TICKET}{player_id}")
    }

    /// A builder for a process that hosts its own sessions.
    pub fn builder(&self) -> SdkBuilder<NoClientPort> {
        Sdk::builder().standalone((*self.session).clone())
    }
}

impl fmt::Display for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hosted(hosted) => hosted.fmt(f),
            Self::Standalone(standalone) => standalone.fmt(f),
        }
    }
}

impl fmt::Display for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = &self.address;
        match &self.reason {
            HostedReason::Launched => {
                write!(f, "hosted by the agent at `{address}`, which launched this process")
            }
            HostedReason::Told(variable) => {
                write!(f, "hosted by the agent at `{address}`, because `{variable}` says so")
            }
            HostedReason::Answers => write!(f, "hosted by the agent that answers at `{address}`"),
            HostedReason::Unclear(text) => write!(f, "unclear whether hosted, because {text}"),
        }
    }
}

impl fmt::Display for Standalone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "standalone, because {}; hint: {}", self.reason, self.how_to_change)
    }
}

#[cfg(test)]
mod tests;
