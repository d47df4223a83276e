//! Cases 1 to 9: being ready, and who says so.

use std::process::{Command, Stdio};

use gse_core::game_server_session::GameServerSessionStatus;
use gse_core::process::Load;
use gse_core::supervisor::Adoption;
use gse_proto::grpcsdk as proto;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};
use tonic::{Code, Request};

use super::super::game::serve;
use super::super::host::is_running;
use super::log::Log;
use super::peer::refused;
use super::service::{FleetForm, Service, clocks};
use super::wire::{self, Connection, frame, header};
use crate::AgentConfig;

#[tokio::test]
async fn case_01_happy_path() {
    let log = Log::start();
    let mut service = Service::start(clocks(&[])).await;
    let fleet = service.fleet(FleetForm::default()).await;
    let peer = service.launched().await;
    let caller = peer.with_request_id("6f2d9b1c");
    let grpc_port = i32::from(peer.grpc_port);
    caller.ready_on(peer.client_port, grpc_port).await.unwrap();
    let row = service
        .read(|state| state.processes.values().next().cloned())
        .await
        .expect("a process is ready when its call was answered");
    assert_eq!((row.pid, row.fleet.clone(), row.unhealthy), (peer.pid, fleet, false));
    assert_eq!((i32::from(row.client_port), row.grpc_port), (peer.client_port, peer.grpc_port));
    assert!(matches!(row.load, Load::Idle(_)));
    let ports = [format!("clientPort {}", peer.client_port), format!("grpcPort {grpc_port}")];
    log.until(&[&peer.pid.to_string(), "6f2d9b1c", &ports[0], &ports[1]]).await;
    service.end().await;
}

/// The vectors themselves are tested in gse-proto; here they go over the wire, and success is zero bytes.
#[tokio::test]
async fn case_02_golden_bytes() {
    let mut service = Service::start(clocks(&[])).await;
    service.fleet(FleetForm::default()).await;
    let peer = service.launched().await;
    let connection = Connection::open(service.address).await;
    let call = async |method: &str, bytes: &[u8]| {
        let mut request = Request::new(bytes.to_vec());
        *request.metadata_mut() = peer.metadata();
        connection.call(&format!("{}/{method}", wire::SERVICE), request).await
    };
    let ready = b"\x0a\x0d./log/log.txt\x10\xa5\x19\x18\xd0\x30";
    assert_eq!(call("ProcessReady", ready).await.unwrap(), b"", "zero-length message");
    let row = service.read(|state| state.processes.values().next().cloned()).await.unwrap();
    assert_eq!((row.client_port, row.grpc_port), (3237, 6224));
    assert_eq!(row.log_paths, ["./log/log.txt"]);
    assert_eq!(call("ReportCustomData", &[0x08, 0x03, 0x10, 0x0a]).await.unwrap(), b"");
    let row = service.read(|state| state.processes.values().next().cloned()).await.unwrap();
    assert_eq!(row.custom_counts, (3, 10));
    let negative = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    refused(call("ReportCustomData", &negative).await, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
    assert_eq!(call("ProcessEnding", b"").await.unwrap(), b"");
    service.end().await;
}

#[tokio::test]
async fn case_03_ready_before_listening() {
    let mut service = Service::start(clocks(&[])).await;
    let fleet = service.fleet(FleetForm::default()).await;
    let peer = service.launched().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    peer.ready_on(peer.client_port, i32::from(port)).await.unwrap();
    let session = service.create(&fleet).await.unwrap();
    // Orders and calls take turns: when these are answered, the agent has been refused at least once.
    for count in 0..5 {
        peer.report(count, 5).await.unwrap();
    }
    let (_, callbacks) = serve(&format!("127.0.0.1:{port}")).await.unwrap();
    let mut peer = super::peer::Peer { callbacks, ..peer };
    assert_eq!(peer.host().await, session.id);
    service.until_status(&session.id, GameServerSessionStatus::Active).await;
    service.end().await;
}

#[tokio::test]
async fn case_04_never_listens() {
    let mut service = Service::start(clocks(&[("callback.dial", "300ms")])).await;
    let fleet = service.fleet(FleetForm::default()).await;
    let peer = service.launched().await;
    peer.ready_on(peer.client_port, 1).await.unwrap();
    let session = service.create(&fleet).await.unwrap();
    // The activation timeout is ten minutes.
    let session = service.until_status(&session.id, GameServerSessionStatus::Error).await;
    let (terminated, reason) = (session.terminated.unwrap(), session.status_reason);
    assert!(terminated.since(session.created).as_millis() >= 100, "it was tried again");
    assert!(reason.contains("no connection") && reason.contains("127.0.0.1:1"), "{reason}");
    let tainted = service.read(|state| state.processes.values().next().map(|row| row.tainted)).await;
    assert_eq!(tainted, Some(true));
    service.end().await;
}

#[tokio::test]
async fn case_05_missing_pid() {
    let service = Service::start(clocks(&[])).await;
    let peer = service.stranger(1).await;
    let long = "1".repeat(10_000);
    let values: [&[u8]; 10] =
        [b"", b"abc", b"-5", b"0", b"0x10", b" 12 ", b"4294967296", b"12\t", b"\xd1\x8f", long.as_bytes()];
    let callers = values.iter().map(|value| peer.with_pid(value)).chain([peer.without_pid()]);
    for caller in callers {
        let text = refused(caller.ready_on(2000, 7000).await, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
        assert!(text.contains("`pid`"), "{:?}: {text}", caller.pid);
    }
    service.end().await;
}

#[tokio::test]
async fn case_06_missing_requestid() {
    let log = Log::start();
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    peer.caller.request_id = Some(String::new());
    peer.ready().await.unwrap();
    let session = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    let player = service.join(&session, "anna").await.unwrap().id;
    peer.accept(&session, &player).await.unwrap();
    peer.describe(proto::DescribePlayerSessionsRequest::default()).await.unwrap();
    peer.remove(&session, &player).await.unwrap();
    peer.update_policy(&session, "DENY_ALL").await.unwrap();
    peer.report(1, 2).await.unwrap();
    peer.terminate(&session).await.unwrap();
    peer.ending().await.unwrap();
    let invented: Vec<String> = log
        .text()
        .lines()
        .filter(|line| line.contains("without requestid"))
        .map(|line| line.rsplit_once("request_id=").expect("it is named").1.to_owned())
        .collect();
    assert_eq!(invented.len(), 9, "{invented:?}");
    assert_eq!(invented.iter().collect::<std::collections::BTreeSet<_>>().len(), 9, "each its own");
    service.end().await;
}

#[tokio::test]
async fn case_07_key_case() {
    let log = Log::start();
    let mut service = Service::start(clocks(&[])).await;
    service.fleet(FleetForm::default()).await;
    let mut peer = service.launched().await;
    peer.caller.request_id = Some(String::new());
    let message = proto::ProcessReadyRequest {
        log_paths_to_upload: vec![],
        client_port: peer.client_port,
        grpc_port: i32::from(peer.grpc_port),
    };
    let mut request = peer.request(message);
    // What the libraries of Go, Java and C# do with the documented spelling.
    let key = AsciiMetadataKey::from_bytes(&b"requestId".to_ascii_lowercase()).unwrap();
    request.metadata_mut().insert(key, AsciiMetadataValue::from_static("go-request-7"));
    peer.client.clone().process_ready(request).await.unwrap();
    log.until(&["go-request-7", &peer.pid.to_string()]).await;

    let fields = |request_id: &str| {
        let path = format!("{}/ProcessEnding", wire::SERVICE);
        let fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", &path),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("pid", "4194998"),
            (request_id, "raw-request"),
        ];
        let block = fields.map(|(name, value)| header(name, value)).concat();
        // HEADERS with END_HEADERS, then DATA with END_STREAM: an empty message.
        [wire::PREFACE, &frame(1, 4, 1, &block), &frame(0, 1, 1, &[0; 5])].concat()
    };
    let is_over = |heard: &[u8]| {
        let end = |&(kind, flags, stream): &(u8, u8, u32)| {
            kind == 3 || kind == 7 || (stream == 1 && kind == 1 && flags & 1 == 1)
        };
        wire::frames(heard).iter().any(end)
    };
    let answered = wire::frames(&wire::send_bytes(service.address, &fields("requestid"), is_over).await);
    assert!(answered.iter().any(|&(kind, _, stream)| (kind, stream) == (1, 1)), "{answered:?}");
    let reset = wire::frames(&wire::send_bytes(service.address, &fields("requestId"), is_over).await);
    assert!(reset.iter().any(|&(kind, _, _)| kind == 3 || kind == 7), "stream or connection: {reset:?}");
    service.end().await;
}

#[tokio::test]
async fn case_08_adoption() {
    let mut service = Service::start(clocks(&[])).await;
    service.fleet_of_one(FleetForm::default()).await;
    let mut by_hand = service.stranger(4_194_001).await;
    by_hand.ready().await.unwrap();
    let pids: Vec<u32> = service.read(|state| state.processes.values().map(|row| row.pid).collect()).await;
    assert!(pids.contains(&by_hand.pid), "{pids:?}");
    service.end().await;

    let off = |config| AgentConfig { adoption: Adoption::Off, ..config };
    let mut service = Service::start_with(clocks(&[]), off).await;
    service.fleet_of_one(FleetForm::default()).await;
    let mut by_hand = service.stranger(4_194_002).await;
    let text = refused(by_hand.ready().await, Code::FailedPrecondition, "PROCESS_READY_FAILED");
    assert!(text.contains("--adopt on"), "{text}");
    service.end().await;
}

#[tokio::test]
async fn case_09_claimed_foreign_pid() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, launched) = service.fleet_of_one(FleetForm::default()).await;
    let mut unrelated = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    for pid in [1, std::process::id(), unrelated.id()] {
        let mut peer = service.stranger(pid).await;
        peer.ready().await.unwrap();
        peer.ending().await.unwrap();
        service.until(move |state| state.processes.values().all(|row| row.pid != pid).then_some(())).await;
    }
    assert!(is_running(unrelated.id()), "no signal");
    // The exit grace is over for a process that was launched, and so would it be for these.
    launched.ending().await.unwrap();
    service.until_event(&fleet, "SERVER_PROCESS_PROCESS_EXIT_TIMEOUT").await;
    assert!(unrelated.try_wait().unwrap().is_none(), "no signal");
    unrelated.kill().unwrap();
    unrelated.wait().unwrap();
    service.end().await;
}
