//! The nine active calls and the one of ours as tonic services: read message and metadata, ask the owner task, write the
//! answer.

use std::net::IpAddr;

use gse_core::player_session::{PlayerSession, PlayerSessionPage};
use gse_core::supervisor::{CallError, Caller, RpcRequest};
use gse_proto::grpcsdk as proto;
use gse_proto::grpcsdk::gse_grpc_sdk_service_server::GseGrpcSdkService;
use gse_proto::timeline::timeline_service_server::TimelineService;
use gse_proto::timeline::{TellMilestoneRequest, TellMilestoneResponse};
use tokio::sync::{mpsc, oneshot};
use tonic::metadata::MetadataMap;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Request, Response, Status};

use crate::random::random_hex;
use crate::{procfs, sdk_error};

/// A call on its way to the owner task.
pub(crate) struct IncomingCall {
    pub(crate) caller: Caller,
    pub(crate) rpc: RpcRequest,
    pub(crate) reply: oneshot::Sender<Result<Reply, CallError>>,
}

/// What a call is answered with.
pub(crate) enum Reply {
    /// An empty `GseResponse`: zero bytes, success in both variants (1.4).
    Done,
    /// DescribePlayerSessions.
    Players(PlayerSessionPage),
}

/// Serves every game server of the host.
#[derive(Clone)]
pub(crate) struct SdkService {
    pub(crate) calls: mpsc::Sender<IncomingCall>,
}

impl SdkService {
    async fn ask(&self, from: &CallOrigin<'_>, rpc: RpcRequest) -> Result<Reply, Status> {
        let caller = caller(from, &rpc);
        let request_id = caller.request_id.clone();
        let gone = |_| CallError::Unavailable("the agent is shutting down".into());
        let (reply, answer) = oneshot::channel();
        let call = IncomingCall { caller, rpc, reply };
        let result = match self.calls.send(call).await {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(gone(()))),
            Err(_) => Err(gone(())),
        };
        result.map_err(|error| {
            tracing::info!(request_id, %error, "call refused");
            sdk_error::status(&error, &request_id)
        })
    }

    async fn done<M>(
        &self,
        request: Request<M>,
        rpc: impl FnOnce(M) -> RpcRequest,
    ) -> Result<Response<proto::GseResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        self.ask(&CallOrigin::new(&metadata, &extensions), rpc(message))
            .await
            .map(|_| Response::new(proto::GseResponse::default()))
    }
}

/// What tells where a call comes from.
struct CallOrigin<'a> {
    metadata: &'a MetadataMap,
    is_remote: bool,
}

impl<'a> CallOrigin<'a> {
    fn new(metadata: &'a MetadataMap, extensions: &tonic::Extensions) -> Self {
        let peer = extensions.get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
        let here = |ip: IpAddr| ip.to_canonical().is_loopback();
        // Its own address of another kind is one that it reaches itself by.
        let own = extensions.get::<TcpConnectInfo>().and_then(TcpConnectInfo::local_addr);
        let is_own = |ip: IpAddr| own.is_some_and(|own| own.ip() == ip);
        Self { metadata, is_remote: peer.is_some_and(|peer| !here(peer.ip()) && !is_own(peer.ip())) }
    }
}

/// Names the fleet that an adopted process joins; the same that a launched one is given.
pub(crate) const FLEET: &str = "GSE_FLEET_ID";

/// The metadata of 2.2. Values that are not ASCII text become something that is not a number.
fn caller(from: &CallOrigin<'_>, rpc: &RpcRequest) -> Caller {
    let metadata = from.metadata;
    let text = |key| metadata.get(key).map(|value| value.to_str().unwrap_or("?").to_owned());
    let request_id = text("requestid").filter(|id| !id.is_empty()).unwrap_or_else(|| {
        let made_up = random_hex();
        tracing::info!(request_id = made_up, "a call without requestid got one");
        made_up
    });
    let pid = text("pid");
    if metadata.get_all("pid").iter().nth(1).is_some() {
        tracing::info!(request_id, "a call has several pid entries; the first counts");
    }
    let token = text("gse-process-token");
    // The kernel is asked only when it decides.
    let number: Option<u32> = pid.as_deref().filter(|_| token.is_none()).and_then(|pid| pid.parse().ok());
    let is_ready = matches!(rpc, RpcRequest::ProcessReady { .. });
    Caller {
        ancestors: number.map(procfs::ancestors).unwrap_or_default(),
        started: number.and_then(procfs::started),
        fleet: number.filter(|_| is_ready && !from.is_remote).and_then(named_fleet),
        is_remote: from.is_remote,
        token,
        request_id: request_id.chars().take(256).collect(),
        pid,
    }
}

fn named_fleet(pid: u32) -> Option<String> {
    String::from_utf8(procfs::variable(pid, FLEET)?).ok()
}

#[tonic::async_trait]
impl GseGrpcSdkService for SdkService {
    async fn process_ready(
        &self,
        request: Request<proto::ProcessReadyRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.done(request, |message| RpcRequest::ProcessReady {
            log_paths: message.log_paths_to_upload,
            client_port: message.client_port,
            grpc_port: message.grpc_port,
        })
        .await
    }

    async fn activate_game_server_session(
        &self,
        request: Request<proto::ActivateGameServerSessionRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.done(request, |message| RpcRequest::Activate {
            session: message.game_server_session_id,
            max_players: message.max_players,
        })
        .await
    }

    async fn accept_player_session(
        &self,
        request: Request<proto::AcceptPlayerSessionRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.done(request, |message| RpcRequest::AcceptPlayer {
            session: message.game_server_session_id,
            player_session: message.player_session_id,
        })
        .await
    }

    async fn remove_player_session(
        &self,
        request: Request<proto::RemovePlayerSessionRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.done(request, |message| RpcRequest::RemovePlayer {
            session: message.game_server_session_id,
            player_session: message.player_session_id,
        })
        .await
    }

    async fn describe_player_sessions(
        &self,
        request: Request<proto::DescribePlayerSessionsRequest>,
    ) -> Result<Response<proto::DescribePlayerSessionsResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let rpc = RpcRequest::DescribePlayers {
            session: message.game_server_session_id,
            player_id: message.player_id,
            player_session: message.player_session_id,
            status_filter: message.player_session_status_filter,
            next_token: message.next_token,
            limit: message.limit,
        };
        match self.ask(&CallOrigin::new(&metadata, &extensions), rpc).await? {
            Reply::Players(page) => Ok(Response::new(proto::DescribePlayerSessionsResponse {
                next_token: page.next_token.unwrap_or_default(),
                player_sessions: page.items.into_iter().map(player).collect(),
            })),
            Reply::Done => Err(Status::internal("INTERNAL_SERVICE_EXCEPTION: a page was expected")),
        }
    }

    async fn update_player_session_creation_policy(
        &self,
        request: Request<proto::UpdatePlayerSessionCreationPolicyRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.done(request, |message| RpcRequest::UpdatePolicy {
            session: message.game_server_session_id,
            policy: message.new_player_session_creation_policy,
        })
        .await
    }

    async fn terminate_game_server_session(
        &self,
        request: Request<proto::TerminateGameServerSessionRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.done(request, |message| RpcRequest::Terminate { session: message.game_server_session_id }).await
    }

    async fn process_ending(
        &self,
        request: Request<proto::ProcessEndingRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.done(request, |_| RpcRequest::ProcessEnding).await
    }

    async fn report_custom_data(
        &self,
        request: Request<proto::ReportCustomDataRequest>,
    ) -> Result<Response<proto::GseResponse>, Status> {
        self.done(request, |message| RpcRequest::ReportCustomData {
            current: message.current_custom_count,
            max: message.max_custom_count,
        })
        .await
    }
}

#[tonic::async_trait]
impl TimelineService for SdkService {
    async fn tell_milestone(
        &self,
        request: Request<TellMilestoneRequest>,
    ) -> Result<Response<TellMilestoneResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let rpc = RpcRequest::Milestone { session: message.game_server_session_id, name: message.name };
        self.ask(&CallOrigin::new(&metadata, &extensions), rpc).await?;
        Ok(Response::new(TellMilestoneResponse {}))
    }
}

/// Times are UNIX seconds, 0 while open (4.4).
fn player(row: PlayerSession) -> proto::PlayerSession {
    proto::PlayerSession {
        player_session_id: row.id.to_string(),
        player_id: row.player,
        game_server_session_id: row.session.to_string(),
        fleet_id: row.fleet.to_string(),
        ip_address: row.ip_address,
        status: row.status.to_string(),
        creation_time: row.created.seconds(),
        termination_time: row.terminated.map_or(0, |at| at.seconds()),
        port: i32::from(row.port),
        player_data: row.data,
        dns_name: String::new(),
    }
}
