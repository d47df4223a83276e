//! The agent's port against garbage and odd clients (conformance cases 46 to 49, 51). Others are served all the while.

use std::time::Duration;

use gse_core::host::ReportKind;
use gse_proto::grpcsdk as proto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::Code;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;

use super::game::Calls;
use super::host::{DEADLINE, Host, hasty};
use crate::AgentConfig;

/// Sends bytes and waits until the agent closes the connection, or a moment.
async fn send_garbage(host: &Host, bytes: &[u8]) {
    let mut stream = TcpStream::connect(host.address).await.unwrap();
    // The agent may close before all is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = vec![0; 1024];
    let _ = timeout(Duration::from_millis(200), stream.read(&mut answer)).await;
}

#[tokio::test]
async fn garbage_harms_nobody_else() {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("x", "x")], "sh", "-c 'exec sleep 600'");
    host.prepared().await;
    let half_open = TcpStream::connect(host.address).await.unwrap();
    let noise: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut broken_frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    broken_frames.extend(&noise);
    for bytes in [
        &noise[..],
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3],
        &broken_frames,
        b"",
    ] {
        send_garbage(&host, bytes).await;
    }
    let mut calls = Calls::connect(host.address, std::process::id()).await;
    let (answer, ready) = tokio::join!(timeout(DEADLINE, calls.ready(2000, 7000)), host.ready());
    answer.unwrap().unwrap();
    assert_eq!(ready.pid, std::process::id(), "adopted");
    drop(half_open);
    host.stop().await;
}

#[tokio::test]
async fn many_idle_connections_do_not_delay_a_call() {
    let host = Host::start(hasty()).await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(host.address).await.unwrap());
    }
    let mut calls = Calls::connect(host.address, 4_000_000).await;
    let status = timeout(DEADLINE, calls.ending()).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    drop(idle);
    host.stop().await;
}

/// A connection past the limit is closed at once, and nobody who is in notices.
#[tokio::test]
async fn one_connection_too_many_is_closed_and_those_who_are_in_are_served() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::start_with(directory, hasty(), |config| AgentConfig { connections: 3, ..config }).await;
    let mut calls = Calls::connect(host.address, 4_000_000).await;
    let idle =
        [TcpStream::connect(host.address).await.unwrap(), TcpStream::connect(host.address).await.unwrap()];
    for _ in 0..20 {
        let mut more = TcpStream::connect(host.address).await.unwrap();
        let closed = timeout(DEADLINE, more.read(&mut [0; 16])).await.unwrap();
        assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
        let status = timeout(DEADLINE, calls.ending()).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
    }
    drop(idle);
    let room = async {
        loop {
            let mut next = TcpStream::connect(host.address).await.unwrap();
            // Who is in hears the first frame of HTTP/2.
            if next.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.is_ok()
                && next.read(&mut [0; 16]).await.is_ok_and(|bytes| bytes > 0)
            {
                return;
            }
        }
    };
    timeout(DEADLINE, room).await.unwrap();
    host.stop().await;
}

#[tokio::test]
async fn unknown_methods_and_broken_messages_get_a_status_and_the_connection_lives_on() {
    let host = Host::start(hasty()).await;
    let channel = Endpoint::from_shared(format!("http://{}", host.address)).unwrap().connect().await.unwrap();
    let mut grpc = Grpc::new(channel);
    for path in ["/tencentcloud.gse.grpcsdk.GseGrpcSdkService/Nothing", "/other.Package/ProcessReady"] {
        grpc.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<proto::ProcessEndingRequest, proto::GseResponse>::default();
        let request = tonic::Request::new(proto::ProcessEndingRequest {});
        let answer = grpc.unary(request, PathAndQuery::from_static(path), codec).await;
        assert_eq!(answer.unwrap_err().code(), Code::Unimplemented, "{path}");
    }
    // A message of another type whose first field is text where numbers are expected.
    let path = "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/ReportCustomData";
    grpc.ready().await.unwrap();
    let codec =
        tonic_prost::ProstCodec::<proto::TerminateGameServerSessionRequest, proto::GseResponse>::default();
    let message = proto::TerminateGameServerSessionRequest { game_server_session_id: "text".into() };
    let answer = grpc.unary(tonic::Request::new(message), PathAndQuery::from_static(path), codec).await;
    let code = answer.unwrap_err().code();
    assert!(matches!(code, Code::Internal | Code::InvalidArgument), "{code:?}");
    // More than the message limit.
    grpc.ready().await.unwrap();
    let codec =
        tonic_prost::ProstCodec::<proto::TerminateGameServerSessionRequest, proto::GseResponse>::default();
    let message = proto::TerminateGameServerSessionRequest { game_server_session_id: "x".repeat(8 << 20) };
    let path = "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/TerminateGameServerSession";
    let answer = grpc.unary(tonic::Request::new(message), PathAndQuery::from_static(path), codec).await;
    let code = answer.unwrap_err().code();
    assert!(matches!(code, Code::OutOfRange | Code::ResourceExhausted), "{code:?}");
    // And an ordinary call on the same connection.
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<proto::ProcessEndingRequest, proto::GseResponse>::default();
    let path = "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/ProcessEnding";
    let request = tonic::Request::new(proto::ProcessEndingRequest {});
    let status = grpc.unary(request, PathAndQuery::from_static(path), codec).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("`pid` is missing"), "{}", status.message());
    host.stop().await;
}

#[tokio::test]
async fn a_flood_of_calls_is_answered_one_by_one() {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("x", "x")], "sh", "-c 'exec sleep 600'");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, 4_000_000).await;
    let (answer, _) = tokio::join!(calls.ready(2000, 7000), host.ready());
    answer.unwrap();
    let mut flood = tokio::task::JoinSet::new();
    for current in 0..2000 {
        let mut client = calls.client.clone();
        let message =
            proto::ReportCustomDataRequest { current_custom_count: current, max_custom_count: 2000 };
        let request = calls.request(message);
        flood.spawn(async move { client.report_custom_data(request).await });
    }
    let mut counts = Vec::new();
    for _ in 0..2000 {
        match host.report().await {
            ReportKind::CustomCounts { current, .. } => counts.push(current),
            other => panic!("{other:?}"),
        }
    }
    while let Some(answer) = timeout(DEADLINE, flood.join_next()).await.unwrap() {
        answer.unwrap().unwrap();
    }
    counts.sort_unstable();
    assert_eq!(counts, (0..2000).collect::<Vec<u32>>(), "each once");
    host.stop().await;
}
