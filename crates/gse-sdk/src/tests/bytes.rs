//! Any bytes, in both directions: an error at worst, never a panic, and the next call works.

use std::convert::Infallible;

use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, Bytes, Context, Poll, Service, http};
use tonic::server::{NamedService, UnaryService};
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};

use prost::bytes::{Buf, BufMut};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;

use super::*;

/// Messages as they are, unparsed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// An agent that answers every call with the same bytes.
#[derive(Clone)]
struct RawAgent(Bytes);

impl NamedService for RawAgent {
    const NAME: &'static str = "tencentcloud.gse.grpcsdk.GseGrpcSdkService";
}

impl UnaryService<Bytes> for RawAgent {
    type Response = Bytes;
    type Future = BoxFuture<Response<Bytes>, Status>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let answer = Response::new(self.0.clone());
        Box::pin(async { Ok(answer) })
    }
}

impl Service<http::Request<Body>> for RawAgent {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let agent = self.clone();
        Box::pin(async { Ok(tonic::server::Grpc::new(Raw).unary(agent, request).await) })
    }
}

fn unknown_fields() -> Vec<u8> {
    // Field 100, length-delimited, 1 MB.
    let mut bytes = vec![0xa2, 0x06, 0xc0, 0x84, 0x3d];
    bytes.extend(vec![0xff; 1_000_000]);
    bytes
}

#[tokio::test]
async fn answers_of_any_bytes_are_errors_or_understood() {
    let table: [(Vec<u8>, bool); 8] = [
        (vec![], true),
        (vec![0x12, 0x07, b'S', b'U', b'C', b'C', b'E', b'S', b'S'], true),
        (unknown_fields(), true),
        (vec![0x08], false),                   // truncated varint
        (vec![0x0a, 0x01, 0x00], false),       // wrong wire type of `status`
        (vec![0x1a, 0x01, 0xff], false),       // invalid UTF-8
        (vec![0x1a, 0xff, 0xff, 0x7f], false), // a length beyond the end
        (vec![0xff; 64], false),               // no field at all
    ];
    for (bytes, understood) in table {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let start = bytes.get(..bytes.len().min(8)).unwrap_or_default().to_vec();
        let service = Server::builder().add_service(RawAgent(bytes.into()));
        let serving = tokio::spawn(service.serve_with_incoming(TcpListenerStream::new(listener)));
        let ready = within(Sdk::builder().client_port(3237).agent_address(address).ready()).await;
        assert_eq!(ready.is_ok(), understood, "{start:02x?} gave {ready:?}");
        if let Ok(process) = ready {
            within(process.ending()).await.unwrap();
        }
        serving.abort();
    }
}

#[tokio::test]
async fn callbacks_of_any_bytes_are_errors_or_understood() {
    let (agent, mut process) = loopback_pair().await;
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", process.grpc_port())).unwrap();
    let mut client = Grpc::new(within(endpoint.connect()).await.unwrap());
    let table: [(&'static str, Vec<u8>, bool); 9] = [
        ("OnHealthCheck", vec![], true),
        ("OnHealthCheck", unknown_fields(), true),
        ("OnHealthCheck", vec![0x08], false),
        ("OnStartGameServerSession", vec![], false), // no session in it
        ("OnStartGameServerSession", vec![0x0a, 0x03, 0x0a, 0x01, 0xff], false), // an id of invalid UTF-8
        ("OnStartGameServerSession", vec![0x0a, 0x02, 0x20, 0x05], false), // seats, but no id
        ("OnStartGameServerSession", vec![0x0a, 0x7f], false),
        ("OnProcessTerminate", vec![0x0a, 0x00], false),
        ("OnSomethingElse", vec![], false),
    ];
    for (method, bytes, understood) in table {
        let path = format!("/tencentcloud.gse.grpcsdk.GameServerGrpcSdkService/{method}");
        within(client.ready()).await.unwrap();
        let start = bytes.get(..bytes.len().min(8)).unwrap_or_default().to_vec();
        let answer = client.unary(Request::new(Bytes::from(bytes)), path.parse().unwrap(), Raw);
        let answer = within(answer).await;
        assert_eq!(answer.is_ok(), understood, "{method} {start:02x?} gave {answer:?}");
    }
    within(agent.start_game_server_session(&info("gs-1"))).await.unwrap();
    assert_eq!(next_session(&mut process).await.info().game_server_session_id, "gs-1");
}
