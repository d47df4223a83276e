//! Cases 46 to 49, 51 and 52: hostile and odd input. Others are served all the while.

use std::time::{Duration, Instant};

use gse_core::game_server_session::GameServerSessionStatus;
use gse_proto::grpcsdk as proto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::{Code, Request, Status};

use super::super::host::DEADLINE;
use super::peer::refused;
use super::service::{FleetForm, Service, clocks};
use super::wire::{self, Connection, PREFACE};
use crate::open_files;

/// Idle connections that one client is to have.
const IDLE: u64 = 10_000;
/// Open files that the other tests of this process may need meanwhile.
const OTHERS: u64 = 4_000;

#[tokio::test]
async fn case_46_garbage() {
    let short = [("connection.idle", "500ms"), ("connection.ping", "300ms"), ("connection.silence", "600ms")];
    let mut service = Service::start(clocks(&short)).await;
    let (_, peer) = service.fleet_of_one(FleetForm::default()).await;
    let noise: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let broken_frames = [PREFACE, &noise].concat();
    // The agent ends each of these, at once or when it has heard nothing for too long.
    for bytes in [
        &noise[..],
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3],
        &broken_frames,
        b"PRI * HTTP/2.0\r\n",
        b"",
    ] {
        wire::send_bytes(service.address, bytes, |_| false).await;
        peer.report(1, 2).await.unwrap();
    }
    // Who speaks HTTP/2 and then nothing is told to go: GOAWAY, then the end.
    let heard = wire::frames(&wire::send_bytes(service.address, PREFACE, |_| false).await);
    assert!(heard.iter().any(|&(kind, _, _)| kind == 7), "{heard:?}");
    peer.report(2, 2).await.unwrap();
    service.end().await;
}

#[tokio::test]
async fn case_46_idle_connections() {
    let mut service = Service::start(clocks(&[("connection.silence", "1s")])).await;
    let (_, peer) = service.fleet_of_one(FleetForm::default()).await;
    let open_files = open_files::raise(2 * IDLE + OTHERS).now;
    let count = IDLE.min(open_files.saturating_sub(OTHERS) / 2);
    assert!(count >= 100, "the limit of open files is {open_files}");
    let mut idle = Vec::new();
    for _ in 0..count {
        idle.push(timeout(DEADLINE, TcpStream::connect(service.address)).await.unwrap().unwrap());
    }
    let mut quickest = Duration::MAX;
    for number in 0..20 {
        let began = Instant::now();
        timeout(DEADLINE, peer.report(number, 20)).await.unwrap().unwrap();
        quickest = quickest.min(began.elapsed());
    }
    assert!(quickest < Duration::from_millis(100), "{quickest:?} with {count} idle connections");
    for mut stream in idle {
        let reaped = async { while stream.read(&mut [0; 64]).await.is_ok_and(|bytes| bytes > 0) {} };
        timeout(DEADLINE, reaped).await.expect("each is reaped");
    }
    peer.report(1, 1).await.unwrap();
    service.end().await;
}

#[tokio::test]
async fn case_47_wrong_path() {
    let service = Service::start(clocks(&[])).await;
    let connection = Connection::open(service.address).await;
    for path in [
        "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/Nothing",
        "/tencentcloud.gse.grpcsdk.GseGrpcSdkService/processReady",
        "/tencentcloud.gse.grpcsdk.GameServerGrpcSdkService/OnHealthCheck",
        "/other.Package/ProcessReady",
        "/",
    ] {
        let answer = connection.call(path, Request::new(Vec::new())).await;
        assert_eq!(answer.unwrap_err().code(), Code::Unimplemented, "{path}");
    }
    service.end().await;
}

#[tokio::test]
async fn case_48_huge() {
    let mut service = Service::start(clocks(&[])).await;
    let fleet = service.fleet(FleetForm::default()).await;
    let peer = service.launched().await;
    let ready = async |log_paths_to_upload: Vec<String>| {
        let (client_port, grpc_port) = (peer.client_port, i32::from(peer.grpc_port));
        let message = proto::ProcessReadyRequest { log_paths_to_upload, client_port, grpc_port };
        peer.client.clone().process_ready(peer.request(message)).await
    };
    for (paths, words) in [
        (vec!["./log".to_owned(); 100_000], "100000 paths"),
        (vec!["./log".to_owned(); 33], "33 paths"),
        (vec!["./log\0".to_owned()], "NUL"),
        (vec!["x".repeat(1025)], "1024 bytes"),
    ] {
        let text = refused(ready(paths).await, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
        assert!(text.contains("logPathsToUpload") && text.contains(words), "{text}");
        assert!(text.len() <= 512, "{} bytes", text.len());
    }
    // Taken, and bounded when logs are collected: that reads below the working directory only.
    ready(vec!["../../..".to_owned(), "x".repeat(1024)]).await.unwrap();

    let huge = gse_core::id::GameServerSessionId::new("x".repeat(8 << 20));
    for _ in 0..3 {
        let status = peer.terminate(&huge).await.unwrap_err();
        assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status:?}");
        assert!(status.message().len() < 1024);
    }
    let long = gse_core::id::GameServerSessionId::new("x".repeat(257));
    refused(peer.terminate(&long).await, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
    let unknown = gse_core::id::GameServerSessionId::new("x".repeat(256));
    refused(peer.terminate(&unknown).await, Code::NotFound, "BAD_REQUEST_EXCEPTION");
    let mut peer = peer;
    let session = service.create(&fleet).await.unwrap().id;
    assert_eq!(peer.host().await, session, "the connection lives on");
    service.end().await;
}

#[tokio::test]
async fn case_49_malformed_protobuf() {
    let mut service = Service::start(clocks(&[])).await;
    let (_, peer) = service.fleet_of_one(FleetForm::default()).await;
    let connection = Connection::open(service.address).await;
    let call = async |method: &str, bytes: Vec<u8>| {
        let mut request = Request::new(bytes);
        *request.metadata_mut() = peer.metadata();
        connection.call(&format!("{}/{method}", wire::SERVICE), request).await
    };
    let is_clean = |answer: Result<Vec<u8>, Status>| {
        let status = answer.unwrap_err();
        assert!(matches!(status.code(), Code::Internal | Code::InvalidArgument), "{status:?}");
    };
    for (method, bytes) in [
        ("ReportCustomData", vec![0x08, 0xff]),
        ("ReportCustomData", vec![0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        ("ReportCustomData", vec![0x0a, 0x04, b't', b'e', b'x', b't']),
        ("TerminateGameServerSession", vec![0x08, 0x05]),
        ("TerminateGameServerSession", vec![0x0a, 0x04, b'g', 0xff, 0xfe, b's']),
        ("TerminateGameServerSession", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("ProcessReady", vec![0x0f]),
    ] {
        // A good call on another stream of the same connection, at the same time.
        let (bad, good) =
            tokio::join!(call(method, bytes), call("ReportCustomData", vec![0x08, 0x03, 0x10, 0x0a]));
        is_clean(bad);
        assert_eq!(good.unwrap(), b"");
    }
    // Field 1000, a megabyte of text: unknown, and ignored.
    let mut unknown = vec![0xc2, 0x3e, 0x80, 0x80, 0x40];
    unknown.extend(vec![b'x'; 1 << 20]);
    unknown.extend([0x08, 0x07, 0x10, 0x09]);
    assert_eq!(call("ReportCustomData", unknown).await.unwrap(), b"");
    let counts = service.read(|state| state.processes.values().next().map(|row| row.custom_counts)).await;
    assert_eq!(counts, Some((7, 9)));
    service.end().await;
}

#[tokio::test]
async fn case_51_flood() {
    let mut service = Service::start(clocks(&[("health.interval", "500ms")])).await;
    let form = FleetForm { processes: 50, ..FleetForm::default() };
    let (fleet, peers) = service.fleet_of(form).await;
    let mut flood = tokio::task::JoinSet::new();
    let mut watched = None;
    let mut callers = std::collections::BTreeMap::new();
    for peer in peers {
        let port = peer.client_port;
        let caller = peer.caller.clone();
        match watched {
            None => watched = Some(peer),
            Some(_) => drop(callers.insert(port, peer.behave())),
        }
        flood.spawn(async move {
            for number in 0.. {
                caller.report(number, number).await.unwrap();
            }
        });
    }
    let mut watched = watched.unwrap();
    // Health checks, due each half a second. What a busy machine delays is some of it, what the flood delays is all.
    let mut quickest = Duration::MAX;
    watched.next_health().await.send(true).unwrap();
    for _ in 0..5 {
        let began = Instant::now();
        watched.next_health().await.send(true).unwrap();
        quickest = quickest.min(began.elapsed());
    }
    assert!(quickest < Duration::from_secs(3), "a check came after {quickest:?} at least");
    callers.insert(watched.client_port, watched.behave());
    let mut quickest = Duration::MAX;
    for _ in 0..10 {
        let began = Instant::now();
        let session = service.create(&fleet).await.unwrap();
        service.until_status(&session.id, GameServerSessionStatus::Active).await;
        quickest = quickest.min(began.elapsed());
    }
    assert!(quickest < Duration::from_secs(10), "an activation took {quickest:?} at least");
    let unhealthy = service.read(|state| state.processes.values().filter(|row| row.unhealthy).count());
    assert_eq!(unhealthy.await, 0);
    flood.shutdown().await;
    service.end().await;
}

#[tokio::test]
async fn case_52_deadline() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    for _ in 0..20 {
        let session = service.create(&fleet).await.unwrap().id;
        peer.host().await;
        let message =
            proto::TerminateGameServerSessionRequest { game_server_session_id: session.to_string() };
        let mut request = peer.request(message);
        request.set_timeout(Duration::from_millis(1));
        if let Err(status) = peer.client.clone().terminate_game_server_session(request).await {
            // The client's own clock says the first, the agent's the second.
            assert!(matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded), "{status:?}");
        }
        let status = service.session(&session).await.status;
        assert!(
            matches!(status, GameServerSessionStatus::Active | GameServerSessionStatus::Terminated),
            "{status}"
        );
        peer.terminate(&session).await.unwrap();
        assert_eq!(service.session(&session).await.status, GameServerSessionStatus::Terminated);
        peer.terminate(&session).await.unwrap();
    }
    service.end().await;
}

/// Half of a frame, then nothing, while the connection of somebody else goes on: that is not a case of its own.
#[tokio::test]
async fn case_46_half_open_connection() {
    let mut service = Service::start(clocks(&[])).await;
    let (_, peer) = service.fleet_of_one(FleetForm::default()).await;
    let mut half = TcpStream::connect(service.address).await.unwrap();
    half.write_all(&[PREFACE, &[0, 0, 99, 1, 4]].concat()).await.unwrap();
    half.shutdown().await.unwrap();
    let mut heard = Vec::new();
    timeout(DEADLINE, half.read_to_end(&mut heard)).await.expect("the agent hangs up").unwrap_or_default();
    peer.report(1, 1).await.unwrap();
    service.end().await;
}

/// Who is busy is not told to go, however old the connection: a call could meet the GOAWAY and be lost.
#[tokio::test]
async fn case_46_busy_connections_stay() {
    let mut service = Service::start(clocks(&[("connection.idle", "600ms")])).await;
    let (_, peer) = service.fleet_of_one(FleetForm::default()).await;
    let began = Instant::now();
    let mut number = 0;
    while began.elapsed() < Duration::from_millis(1500) {
        number += 1;
        let calls = (0..4).map(|_| peer.report(number, number));
        let mut calls: Vec<_> = calls.map(Box::pin).collect();
        for call in &mut calls {
            call.await.unwrap();
        }
    }
    let counts = service.read(|state| state.processes.values().next().map(|row| row.custom_counts)).await;
    assert_eq!(counts.map(|counts| i64::from(counts.0)), Some(i64::from(number)));
    service.end().await;
}
