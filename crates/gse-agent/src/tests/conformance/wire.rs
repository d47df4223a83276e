//! Below the generated stubs: messages as bytes, and frames of HTTP/2 by hand.

use std::net::SocketAddr;

use bytes::{Buf, BufMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::super::host::DEADLINE;

/// A message is what it is given.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}

/// The agent's service.
pub(super) const SERVICE: &str = "/tencentcloud.gse.grpcsdk.GseGrpcSdkService";

/// One connection to the agent.
#[derive(Clone)]
pub(super) struct Connection(Channel);

impl Connection {
    pub(super) async fn open(agent: SocketAddr) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{agent}")).unwrap();
        Self(endpoint.connect().await.unwrap())
    }

    /// Calls a path with these bytes, and gives the bytes of the answer.
    pub(super) async fn call(&self, path: &str, message: Request<Vec<u8>>) -> Result<Vec<u8>, Status> {
        let mut grpc = Grpc::new(self.0.clone());
        grpc.ready().await.unwrap();
        let answer = grpc.unary(message, PathAndQuery::try_from(path).unwrap(), Bytes).await?;
        Ok(answer.into_inner())
    }
}

/// The preface of HTTP/2 and empty settings.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header field that is neither indexed nor compressed.
pub(super) fn header(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// Sends bytes, then reads until the agent closes the connection or `enough` has been heard.
pub(super) async fn send_bytes(agent: SocketAddr, bytes: &[u8], enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(agent).await.unwrap();
    // The agent may close before all is written.
    let _ = stream.write_all(bytes).await;
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    let read = async {
        while !enough(&heard) {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => heard.extend_from_slice(&buffer[..count]),
            }
        }
    };
    timeout(DEADLINE, read).await.expect("an answer or the end of the connection");
    heard
}

/// The frames in what was heard: kind, flags, stream.
pub(super) fn frames(mut heard: &[u8]) -> Vec<(u8, u8, u32)> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = heard.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let Some((_, rest)) = rest.split_at_checked(length) else { break };
        frames.push((head[3], head[4], stream));
        heard = rest;
    }
    frames
}
