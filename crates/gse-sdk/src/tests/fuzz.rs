//! Random bytes in place of answers, frames, connections and callbacks: errors at worst.
//!
//! A panic in a call reaches the test by itself; one in a callback breaks the connection instead of being answered,
//! which is what is looked for.

use std::convert::Infallible;
use std::error::Error as _;
use std::sync::{Arc, Mutex};

use gse_proto::grpcsdk as wire;
use http_body_util::Full;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use prost::Message as _;
use prost::bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::{Builder, Runtime};
use tonic::Request;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::{Context, Poll, Service, http};
use tonic::server::NamedService;
use tonic::transport::Server;

use super::bytes::Raw;
use super::*;
use crate::builder::InMemory;
use crate::network::{Listener, Network, serve};
use crate::{ErrorName, PlayerSessionFilter};

fn config() -> Config {
    // Failures are printed; a file of them beside the sources would be one more thing to keep.
    Config { cases: 300, failure_persistence: None, ..Config::default() }
}

/// A server that answers every call with this body: frames, or what should have been frames.
#[derive(Clone, Default)]
pub(super) struct AnyBody(Arc<Mutex<Bytes>>);

impl AnyBody {
    fn set(&self, bytes: Vec<u8>) {
        *self.0.lock().unwrap() = bytes.into();
    }

    /// The answer to a call in one proper frame.
    pub(super) fn set_message(&self, message: &[u8]) {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        self.set([&[0], &length[..], message].concat());
    }
}

impl NamedService for AnyBody {
    const NAME: &'static str = "tencentcloud.gse.grpcsdk.GseGrpcSdkService";
}

impl Service<http::Request<Body>> for AnyBody {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        let bytes = self.0.lock().unwrap().clone();
        let answer = http::Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "0")
            .body(Body::new(Full::new(bytes)));
        std::future::ready(Ok(answer.unwrap()))
    }
}

/// Messages of the contract with any values in them, as they are or damaged in a few places, and noise.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let encoded = prop_oneof![
        (any::<String>(), any::<i32>(), any::<i32>(), any::<bool>()).prop_map(
            |(text, max_players, port, known)| {
                let session = wire::GameServerSession {
                    game_server_session_id: if known { "gs-1".into() } else { text.clone() },
                    name: text,
                    max_players,
                    port,
                    ..Default::default()
                };
                wire::StartGameServerSessionRequest { game_server_session: Some(session) }.encode_to_vec()
            }
        ),
        any::<i64>()
            .prop_map(|termination_time| wire::ProcessTerminateRequest { termination_time }.encode_to_vec()),
        (any::<i32>(), any::<String>()).prop_map(|(status, error_message)| {
            wire::GseResponse { status, error_message, ..Default::default() }.encode_to_vec()
        }),
        (any::<String>(), any::<i64>(), any::<i32>()).prop_map(|(status, creation_time, port)| {
            let player = wire::PlayerSession { status, creation_time, port, ..Default::default() };
            let player_sessions = vec![player; 3];
            wire::DescribePlayerSessionsResponse { next_token: String::new(), player_sessions }
                .encode_to_vec()
        }),
    ];
    let damage = vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    let damaged = (encoded, damage).prop_map(|(mut bytes, damage)| {
        for (index, byte) in damage {
            if !bytes.is_empty() {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
        }
        bytes
    });
    prop_oneof![4 => damaged, 1 => vec(any::<u8>(), 0..64)]
}

/// A process, an active session's players, and the server that answers them.
struct Stage {
    runtime: Runtime,
    network: Network,
    answers: AnyBody,
    ready: Ready,
    players: crate::Players,
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// What may be tried again is so for three of these; nothing else waits for it.
const BRIEF: Duration = Duration::from_millis(5);

/// Where everything is in memory and on one thread, a clock that goes on only when nobody has anything to do makes
/// deadlines of milliseconds good on a machine that has much else to do.
fn patient() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

impl Stage {
    fn new(runtime: Runtime, connect_timeout: Duration) -> Self {
        let (network, port, listener) = Network::new_memory();
        let answers = AnyBody::default();
        answers.set_message(&[]);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let router = Server::builder().add_service(answers.clone());
        let started = runtime.block_on(async {
            tokio::spawn(serve(router, listener, stopped));
            let builder = Sdk::builder().in_memory(InMemory::new(network.clone(), port));
            let builder = builder.client_port(3237).connect_timeout(connect_timeout);
            let mut ready = within(builder.ready()).await.unwrap();
            let start =
                wire::StartGameServerSessionRequest { game_server_session: Some(info("gs-1").to_wire()) };
            callback(&network, &ready, "OnStartGameServerSession", start.encode_to_vec()).await.unwrap();
            let players = within(next_session(&mut ready).await.activate()).await.unwrap().players();
            (ready, players)
        });
        let (ready, players) = started;
        Self { runtime, network, answers, ready, players, _stop: stop }
    }

    /// Every kind of call once; their answers do not matter.
    fn call_everything(&self) {
        self.runtime.block_on(async {
            // Each result is an answer or an error, and the call has returned: that is all.
            let _ = within(self.players.accept_player_session("psess-1")).await;
            let _ = within(self.players.describe_player_sessions(PlayerSessionFilter::default())).await;
            let _ = within(self.ready.report_custom_data(1, 2)).await;
        });
    }
}

/// One callback of any bytes; the error is one of the server's own.
async fn callback(
    network: &Network,
    ready: &Ready,
    method: &str,
    bytes: Vec<u8>,
) -> Result<(), tonic::Status> {
    let endpoint = crate::agent::endpoint(&format!("127.0.0.1:{}", ready.grpc_port())).unwrap();
    let mut client = Grpc::new(network.channel(&endpoint));
    let path = format!("/tencentcloud.gse.grpcsdk.GameServerGrpcSdkService/{method}");
    within(client.ready()).await.unwrap();
    let answer = client.unary(Request::new(Bytes::from(bytes)), path.parse().unwrap(), Raw);
    within(answer).await.map(|_| ())
}

#[test]
fn answers_of_random_messages_and_frames_never_panic() {
    let stage = Stage::new(patient(), BRIEF);
    proptest!(config(), |(message in message(), frame in vec(any::<u8>(), 0..48))| {
        stage.answers.set_message(&message);
        stage.call_everything();
        stage.answers.set(frame);
        stage.call_everything();
    });
    stage.answers.set_message(&[]);
    stage.runtime.block_on(within(stage.players.accept_player_session("psess-1"))).unwrap();
}

#[test]
fn callbacks_of_random_messages_are_answered() {
    // The game's functions have threads of their own, and so need the real clock.
    let stage = Stage::new(Builder::new_current_thread().enable_all().build().unwrap(), DEADLINE);
    let methods = ["OnHealthCheck", "OnStartGameServerSession", "OnProcessTerminate"];
    proptest!(config(), |(message in message(), method in 0..methods.len())| {
        let answer = callback(&stage.network, &stage.ready, methods[method], message);
        if let Err(status) = stage.runtime.block_on(answer) {
            prop_assert!(status.source().is_none(), "the connection broke: {status:?}");
        }
    });
    let last = callback(&stage.network, &stage.ready, "OnHealthCheck", Vec::new());
    stage.runtime.block_on(last).unwrap();
}

#[test]
fn random_bytes_in_place_of_an_agent_are_a_named_failure() {
    let runtime = patient();
    proptest!(config(), |(bytes in vec(any::<u8>(), 0..256), greeting in any::<bool>())| {
        let (network, port, listener) = Network::new_memory();
        let Listener::Memory(mut connections) = listener else { panic!("it is in memory") };
        let error = runtime.block_on(async {
            let peer = tokio::spawn(async move {
                while let Some(mut connection) = connections.recv().await {
                    // A proper settings frame first, so that what follows is read as frames; who hangs up is served.
                    let start: &[u8] = if greeting { &[0, 0, 0, 4, 0, 0, 0, 0, 0] } else { &[] };
                    let _ = connection.write_all(start).await;
                    let _ = connection.write_all(&bytes).await;
                }
            });
            let builder = Sdk::builder().in_memory(InMemory::new(network, port)).client_port(3237);
            let error = within(builder.connect_timeout(BRIEF).ready()).await.unwrap_err();
            peer.abort();
            error
        });
        prop_assert_eq!(error.name, ErrorName::ServiceCallFailed);
    });
}
