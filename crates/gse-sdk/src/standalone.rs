//! The agent of a game server that runs without one: it lives in the same OS process and makes the sessions itself.
//!
//! The game sees the same types and the same errors. A session comes right after ProcessReady, and another one a
//! moment after the last one has ended. Whoever connects is expected: the ticket of player `anna` is
//! `psess-standalone-anna`. Nothing listens on a socket.

mod sessions;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use gse_proto::grpcsdk::game_server_grpc_sdk_service_client::GameServerGrpcSdkServiceClient;
use gse_proto::grpcsdk::gse_grpc_sdk_service_server::{GseGrpcSdkService, GseGrpcSdkServiceServer};
use gse_proto::grpcsdk::{self as wire, GseResponse};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

pub(crate) use self::sessions::TICKET;
use self::sessions::{Refusal, Sessions};
use crate::builder::InMemory;
use crate::model::GameServerSession;
use crate::network::{Network, serve};

/// Between a session and the next one: a game that ends each at once must not keep a processor busy.
const BETWEEN_SESSIONS: Duration = Duration::from_secs(1);

/// The running agent. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct StandaloneAgent {
    _stop: oneshot::Sender<()>,
}

impl StandaloneAgent {
    /// Starts with this session as the pattern of all that it hands out.
    /// Must be called within a tokio runtime.
    pub(crate) fn start(pattern: GameServerSession) -> (Self, InMemory) {
        let (network, port, listener) = Network::new_memory();
        // One place: a second wish for a session says no more than the first.
        let (wanted, wishes) = mpsc::channel(1);
        let sessions = Arc::new(Mutex::new(Sessions::new(pattern)));
        let router = Server::builder()
            .add_service(GseGrpcSdkServiceServer::new(Service { sessions: sessions.clone(), wanted }));
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(serve(router, listener, stopped));
        // Ends with the service, which holds the other end of the channel.
        tokio::spawn(hand_out(network.clone(), sessions, wishes));
        (Self { _stop: stop }, InMemory::new(network, port))
    }
}

/// Calls OnStartGameServerSession whenever a session is wanted.
async fn hand_out(network: Network, sessions: Arc<Mutex<Sessions>>, mut wishes: mpsc::Receiver<u16>) {
    let mut first = true;
    while let Some(grpc_port) = wishes.recv().await {
        if !std::mem::take(&mut first) {
            sleep(BETWEEN_SESSIONS).await;
        }
        let session = lock(&sessions).next_session();
        let Ok(endpoint) = crate::agent::endpoint(&format!("127.0.0.1:{grpc_port}")) else { return };
        let mut process = GameServerGrpcSdkServiceClient::new(network.channel(&endpoint));
        let message = wire::StartGameServerSessionRequest { game_server_session: Some(session) };
        // A game that refuses gets no other session: it would refuse the same one again.
        let answer = process.on_start_game_server_session(message).await;
        if answer.is_err() {
            lock(&sessions).end();
        }
    }
}

fn lock(sessions: &Mutex<Sessions>) -> MutexGuard<'_, Sessions> {
    sessions.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Service {
    sessions: Arc<Mutex<Sessions>>,
    /// The grpcPort of the process that wants a session.
    wanted: mpsc::Sender<u16>,
}

type Answered = Result<Response<GseResponse>, Status>;

impl Service {
    fn answer(&self, result: Result<(), Refusal>) -> Answered {
        result.map(|()| Response::new(GseResponse::default())).map_err(Status::from)
    }

    fn want_session(&self) {
        let port = lock(&self.sessions).grpc_port();
        // A full channel: one is on its way.
        let _ = self.wanted.try_send(port);
    }
}

#[tonic::async_trait]
impl GseGrpcSdkService for Service {
    async fn process_ready(&self, request: Request<wire::ProcessReadyRequest>) -> Answered {
        let message = request.into_inner();
        let first = lock(&self.sessions).ready(message.client_port, message.grpc_port);
        if first? {
            self.want_session();
        }
        self.answer(Ok(()))
    }

    async fn activate_game_server_session(
        &self,
        request: Request<wire::ActivateGameServerSessionRequest>,
    ) -> Answered {
        self.answer(lock(&self.sessions).activate(&request.get_ref().game_server_session_id))
    }

    async fn accept_player_session(&self, request: Request<wire::AcceptPlayerSessionRequest>) -> Answered {
        let message = request.get_ref();
        let mut sessions = lock(&self.sessions);
        self.answer(sessions.accept(
            &message.game_server_session_id,
            &message.player_session_id,
            SystemTime::now(),
        ))
    }

    async fn remove_player_session(&self, request: Request<wire::RemovePlayerSessionRequest>) -> Answered {
        let message = request.get_ref();
        let mut sessions = lock(&self.sessions);
        self.answer(sessions.remove(&message.game_server_session_id, &message.player_session_id))
    }

    async fn describe_player_sessions(
        &self,
        request: Request<wire::DescribePlayerSessionsRequest>,
    ) -> Result<Response<wire::DescribePlayerSessionsResponse>, Status> {
        let players = lock(&self.sessions).describe(request.get_ref())?;
        let player_sessions = players.iter().map(crate::PlayerSession::to_wire).collect();
        Ok(Response::new(wire::DescribePlayerSessionsResponse { next_token: String::new(), player_sessions }))
    }

    async fn update_player_session_creation_policy(
        &self,
        request: Request<wire::UpdatePlayerSessionCreationPolicyRequest>,
    ) -> Answered {
        let message = request.get_ref();
        let mut sessions = lock(&self.sessions);
        self.answer(
            sessions.policy(&message.game_server_session_id, &message.new_player_session_creation_policy),
        )
    }

    async fn terminate_game_server_session(
        &self,
        request: Request<wire::TerminateGameServerSessionRequest>,
    ) -> Answered {
        let ended = lock(&self.sessions).terminate(&request.get_ref().game_server_session_id);
        if ended? {
            self.want_session();
        }
        self.answer(Ok(()))
    }

    async fn process_ending(&self, _: Request<wire::ProcessEndingRequest>) -> Answered {
        lock(&self.sessions).end();
        self.answer(Ok(()))
    }

    async fn report_custom_data(&self, request: Request<wire::ReportCustomDataRequest>) -> Answered {
        let message = request.get_ref();
        let negative = message.current_custom_count < 0 || message.max_custom_count < 0;
        self.answer(if negative { Err(Refusal::bad_request("a count is negative")) } else { Ok(()) })
    }
}
