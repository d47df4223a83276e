//! Sessions over real gRPC in both directions: callbacks that call back, answers of the control plane, listing.

use gse_core::error::Error;
use gse_core::host::{HostOrder, ReportKind, SessionCall, SessionSpec, Termination};
use gse_core::id::{FleetId, GameServerSessionId, PlayerSessionId, ProcessId, Region, Scope, Uin};
use gse_core::player_session::{PlayerSession, PlayerSessionPage, PlayerSessionStatus};
use gse_core::time::Timestamp;
use gse_proto::grpcsdk as proto;
use gse_proto::timeline::TellMilestoneRequest;
use gse_proto::timeline::timeline_service_client::TimelineServiceClient;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::{Code, Status};

use super::game::{Calls, Incoming, serve};
use super::host::{DEADLINE, Host, hasty};

/// Writes its pid and stays; the test speaks in its name.
const STAYS: &str = "#!/bin/sh\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n";

fn in_an_hour() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(i64::try_from(now.as_secs()).unwrap() + 3600)
}

pub(crate) fn start(process: &ProcessId, id: &str) -> HostOrder {
    HostOrder::StartGameServerSession {
        process: process.clone(),
        session: SessionSpec {
            id: GameServerSessionId::new(id),
            fleet: FleetId::new("fleet-1"),
            name: "a name".into(),
            max_players: 5,
            joinable: true,
            properties: vec![("b".into(), "2".into()), ("a".into(), "1".into())],
            port: 2000,
            ip_address: "127.0.0.1".into(),
            data: "d".repeat(4096),
            matchmaker_data: "m".repeat(400_000),
            dns_name: String::new(),
            trace: None,
        },
        deadline: in_an_hour(),
    }
}

/// A host with a ready process whose callbacks come to the test.
pub(crate) async fn ready_host(callbacks_on: &str) -> (Host, Calls, mpsc::Receiver<Incoming>, ProcessId) {
    let (port, callbacks) = serve(callbacks_on).await.unwrap();
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run.sh", STAYS)], "run.sh", "");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, host.child_pid().await).await;
    let (answer, ready) = tokio::join!(calls.ready(2000, port), host.ready());
    answer.unwrap();
    (host, calls, callbacks, ready.process)
}

pub(crate) async fn next(callbacks: &mut mpsc::Receiver<Incoming>) -> Incoming {
    timeout(DEADLINE, callbacks.recv()).await.expect("a callback in time").expect("the server runs")
}

pub(crate) async fn next_start(
    callbacks: &mut mpsc::Receiver<Incoming>,
) -> (proto::GameServerSession, tokio::sync::oneshot::Sender<Result<proto::GseResponse, Status>>) {
    match next(callbacks).await {
        Incoming::Start(session, reply) => (session, reply),
        Incoming::Health(_) | Incoming::Terminate(..) => panic!("expected OnStartGameServerSession"),
    }
}

#[tokio::test]
async fn a_session_is_started_activated_inside_the_callback_and_terminated() {
    let (mut host, mut calls, mut callbacks, process) = ready_host("127.0.0.1:0").await;
    host.order(start(&process, "gs-1"));
    let (session, reply) = next_start(&mut callbacks).await;
    assert_eq!(session.game_server_session_id, "gs-1");
    assert_eq!((session.max_players, session.joinable, session.port), (5, true, 2000));
    let properties: Vec<_> = session.game_properties.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!(properties, ["b", "a"], "in the given order");
    assert_eq!((session.game_server_session_data.len(), session.matchmaker_data.len()), (4096, 400_000));
    // Nested: the callback has not returned.
    let (answer, call) = tokio::join!(calls.activate("gs-1"), host.session_call());
    answer.unwrap();
    let (caller, SessionCall::Activate { session, max_players: 0, start }) = call else { panic!("{call:?}") };
    assert_eq!((caller, session), (process.clone(), GameServerSessionId::new("gs-1")));
    assert!(start.sent_ago.is_some() && start.sent_ago <= start.ordered_ago, "{start:?}");
    reply.send(Ok(proto::GseResponse::default())).unwrap();

    let termination = Termination { termination_time_s: 1_700_000_300, deadline: None };
    host.order(HostOrder::TerminateProcess { process, termination, reason: "test".into() });
    let Incoming::Terminate(time, reply) = next(&mut callbacks).await else { panic!("not told to end") };
    assert_eq!(time, 1_700_000_300);
    let (answer, report) = tokio::join!(calls.ending(), host.report());
    answer.unwrap();
    assert!(matches!(report, ReportKind::ProcessEnding { .. }));
    reply.send(Ok(proto::GseResponse::default())).unwrap();
    host.stop().await;
}

#[tokio::test]
async fn g4_every_form_of_failure_is_reported_in_words() {
    let rich = |status, text: &str| proto::GseResponse {
        status,
        response_data: String::new(),
        error_message: text.into(),
    };
    for (answer, words) in [
        (Ok(rich(2, "no memory")), "ERROR_500 no memory"),
        (Ok(rich(7, "odd")), "status 7 odd"),
        (Err(Status::unknown("null reference")), "null reference"),
        (Err(Status::unimplemented("")), "base class"),
    ] {
        let (mut host, _calls, mut callbacks, process) = ready_host("127.0.0.1:0").await;
        host.order(start(&process, "gs-1"));
        let (_, reply) = next_start(&mut callbacks).await;
        reply.send(answer).unwrap();
        let report = host.report().await;
        let ReportKind::StartSessionFailed { reason, .. } = report else { panic!("{report:?}") };
        assert!(reason.contains(words), "{reason}");
        host.stop().await;
    }
}

#[tokio::test]
async fn a_process_may_be_ready_before_it_listens() {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run.sh", STAYS)], "run.sh", "");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, host.child_pid().await).await;
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = reserved.local_addr().unwrap().port();
    drop(reserved);
    let (answer, ready) = tokio::join!(calls.ready(2000, port), host.ready());
    answer.unwrap();
    host.order(start(&ready.process, "gs-1"));
    // The order is taken, and dialling has begun, when a later call was answered.
    let (answer, _) = tokio::join!(calls.activate("gs-0"), host.session_call());
    answer.unwrap();
    let (_, mut callbacks) = serve(&format!("127.0.0.1:{port}")).await.unwrap();
    let (session, reply) = next_start(&mut callbacks).await;
    assert_eq!(session.game_server_session_id, "gs-1");
    reply.send(Ok(proto::GseResponse::default())).unwrap();
    host.stop().await;
}

#[tokio::test]
async fn a_port_where_nobody_ever_listens_fails_after_the_dial_grace() {
    let mut clocks = hasty();
    clocks.set("callback.dial", "300ms").unwrap();
    let mut host = Host::start(clocks).await;
    host.start_instance(&[("run.sh", STAYS)], "run.sh", "");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, host.child_pid().await).await;
    let (answer, ready) = tokio::join!(calls.ready(2000, 1), host.ready());
    answer.unwrap();
    host.order(start(&ready.process, "gs-1"));
    let ReportKind::StartSessionFailed { reason, .. } = host.report().await else { panic!("no failure") };
    assert!(reason.contains("no connection") && reason.contains("127.0.0.1:1"), "{reason}");
    host.stop().await;
}

#[tokio::test]
async fn callbacks_reach_a_server_on_ipv6_only() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("this machine has no IPv6 loopback: nothing to show");
        return;
    }
    let (host, _calls, mut callbacks, process) = ready_host("[::1]:0").await;
    host.order(start(&process, "gs-1"));
    let (session, reply) = next_start(&mut callbacks).await;
    assert_eq!(session.game_server_session_id, "gs-1");
    reply.send(Ok(proto::GseResponse::default())).unwrap();
    host.stop().await;
}

#[tokio::test]
async fn p12_failed_health_checks_are_reported() {
    let (port, mut callbacks) = serve("127.0.0.1:0").await.unwrap();
    let mut clocks = hasty();
    clocks.set("health.interval", "50ms").unwrap();
    let mut host = Host::start(clocks).await;
    host.start_instance(&[("run.sh", STAYS)], "run.sh", "");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, host.child_pid().await).await;
    let (answer, ready) = tokio::join!(calls.ready(2000, port), host.ready());
    answer.unwrap();
    for _ in 0..3 {
        let Incoming::Health(reply) = next(&mut callbacks).await else { panic!("not a health check") };
        reply.send(false).unwrap();
    }
    let ReportKind::ProcessUnhealthy { process, reason } = host.report().await else {
        panic!("still healthy")
    };
    assert_eq!(process, ready.process);
    assert!(reason.contains("healthStatus is false"), "{reason}");
    host.stop().await;
}

#[tokio::test]
async fn refusals_have_a_name_a_status_and_the_request_id() {
    let (mut host, mut calls, _callbacks, _) = ready_host("127.0.0.1:0").await;
    host.answer_with(|report| match report {
        ReportKind::Call { .. } => Err(Error::SessionNotFound(GameServerSessionId::new("gs-9"))),
        _ => Ok(()),
    });
    let (answer, _) = tokio::join!(calls.activate("gs-9"), host.session_call());
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "BAD_REQUEST_EXCEPTION: game server session `gs-9` does not exist");
    assert_eq!(status.metadata().get("gse-error-code").unwrap(), "BAD_REQUEST_EXCEPTION");
    assert_eq!(status.metadata().get("requestid").unwrap(), "request-1");
    calls.pid = "abc".into();
    let status = calls.ready(2000, 7000).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("`pid`"), "{}", status.message());
    host.close_uplink();
    calls.pid = host.child_pid().await.to_string();
    let status = calls.activate("gs-9").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    host.stop().await;
}

#[tokio::test]
async fn players_are_listed_as_the_control_plane_answers() {
    let (mut host, mut calls, _callbacks, process) = ready_host("127.0.0.1:0").await;
    let row = PlayerSession {
        id: PlayerSessionId::new("psess-1"),
        scope: Scope { uin: Uin::new("1"), region: Region::new("ap-shanghai") },
        session: GameServerSessionId::new("gs-1"),
        fleet: FleetId::new("fleet-1"),
        player: "anna\n\"".into(),
        data: "{}".into(),
        status: PlayerSessionStatus::TimedOut,
        ip_address: "127.0.0.1".into(),
        port: 2000,
        created: Timestamp::from_millis(1_700_000_000_999),
        terminated: None,
        reserved_until: None,
        accepted_by: None,
        archive_at: None,
    };
    let message = proto::DescribePlayerSessionsRequest {
        game_server_session_id: "gs-1".into(),
        player_session_status_filter: "TIMEDOUT".into(),
        limit: 1,
        ..Default::default()
    };
    let request = calls.request(message.clone());
    let (answer, ()) = tokio::join!(
        calls.client.describe_player_sessions(request),
        host.query(|query| {
            assert_eq!((query.process, query.limit), (process, 1));
            assert_eq!(query.status, Some(PlayerSessionStatus::TimedOut));
            Ok(PlayerSessionPage { items: vec![row], next_token: Some("more".into()) })
        })
    );
    let page = answer.unwrap().into_inner();
    assert_eq!(page.next_token, "more");
    assert_eq!(
        page.player_sessions,
        [proto::PlayerSession {
            player_session_id: "psess-1".into(),
            player_id: "anna\n\"".into(),
            game_server_session_id: "gs-1".into(),
            fleet_id: "fleet-1".into(),
            ip_address: "127.0.0.1".into(),
            status: "TIMEDOUT".into(),
            creation_time: 1_700_000_000,
            termination_time: 0,
            port: 2000,
            player_data: "{}".into(),
            dns_name: String::new(),
        }]
    );
    let request = calls.request(message);
    let (answer, ()) = tokio::join!(
        calls.client.describe_player_sessions(request),
        host.query(|_| { Err(Error::BadToken) })
    );
    assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);
    host.stop().await;
}

/// R120: a moment goes up with the session; what the service does not know is refused like any call.
#[tokio::test]
async fn a_game_server_names_moments_on_the_same_port() {
    let (mut host, mut calls, mut callbacks, process) = ready_host("127.0.0.1:0").await;
    host.order(start(&process, "gs-1"));
    let (_, reply) = next_start(&mut callbacks).await;
    let (answer, _) = tokio::join!(calls.activate("gs-1"), host.session_call());
    answer.unwrap();
    reply.send(Ok(proto::GseResponse::default())).unwrap();
    let mut timeline = TimelineServiceClient::connect(format!("http://{}", host.address)).await.unwrap();
    let tell = |name: &str| {
        calls.request(TellMilestoneRequest { game_server_session_id: "gs-1".into(), name: name.into() })
    };
    let (answer, call) = tokio::join!(timeline.tell_milestone(tell("first-tick")), host.session_call());
    answer.unwrap();
    let session = GameServerSessionId::new("gs-1");
    assert_eq!(call, (process, SessionCall::Milestone { session, name: "first-tick".into() }));
    let refused = timeline.tell_milestone(tell("First Tick")).await.unwrap_err();
    assert!(refused.message().contains("BAD_REQUEST_EXCEPTION"), "{refused}");
    // Larger than any: not even read.
    let refused = timeline.tell_milestone(tell(&"x".repeat(5000))).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::OutOfRange);
    // A process that was not made known has no moments.
    let stranger = tonic::Request::new(TellMilestoneRequest::default());
    assert!(timeline.tell_milestone(stranger).await.is_err());
    host.stop().await;
}
