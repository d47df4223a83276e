//! No agent, a late agent, something else at its port.

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tonic::transport::Server;

use super::fuzz::AnyBody;
use super::*;
use crate::ErrorName;
use crate::builder::InMemory;
use crate::network::{Listener, Network, serve};

/// A port that is ours and that refuses connections until `listen` is called on the socket.
fn reserved_port() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

#[tokio::test]
async fn an_agent_that_comes_late_is_waited_for() {
    let (socket, address) = reserved_port();
    let (refused, mut refusals) = mpsc::unbounded_channel();
    let builder = Sdk::builder().client_port(3237).agent_address(&address).on_retry(move |error| {
        // The test may have seen enough.
        let _ = refused.send(error.clone());
    });
    let ready = tokio::spawn(builder.ready());
    let refusal = within(refusals.recv()).await.unwrap();
    assert_eq!(refusal.name, ErrorName::ServiceCallFailed);
    let agent = ScriptedAgent::start_on(socket.listen(16).unwrap()).unwrap();
    let process = within(ready).await.unwrap().unwrap();
    assert_eq!(sequence(&agent), [Call::ProcessReady]);
    assert_eq!(agent.calls()[0].request_id, refusal.request_id, "one logical call, one request id");
    within(process.ending()).await.unwrap();
}

#[tokio::test]
async fn who_would_wait_for_ever_may_say_so() {
    let agent = ScriptedAgent::start();
    let builder = agent.builder().client_port(3237).connect_timeout(Duration::MAX);
    let mut process = within(builder.ready()).await.unwrap();
    within(agent.start_game_server_session(&info("gs-1"))).await.unwrap();
    // Calls that outlast a restart of the agent wait for three times that.
    let session = within(next_session(&mut process).await.activate()).await.unwrap();
    assert_eq!(session.info().game_server_session_id, "gs-1");
}

#[tokio::test]
async fn no_agent_is_a_fast_named_failure() {
    let (_socket, address) = reserved_port();
    let timeout = Duration::from_millis(200);
    let builder = Sdk::builder().client_port(3237).agent_address(&address).connect_timeout(timeout);
    let started = Instant::now();
    let error = within(builder.ready()).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
    assert_eq!(error.name, ErrorName::ServiceCallFailed);
    assert!(error.detail.contains(&format!("`{address}`")), "{error}");
    assert!(error.detail.contains("hint: start one with `gse local`"), "{error}");
    assert!(error.request_id.is_some());
}

#[tokio::test]
async fn an_agent_that_goes_away_and_comes_back_is_found_again() {
    // Two handles of one listener: the port stays ours while the first agent goes away.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let agent =
        ScriptedAgent::start_on(TcpListener::from_std(listener.try_clone().unwrap()).unwrap()).unwrap();
    let builder = Sdk::builder().client_port(3237).agent_address(&address);
    let process = within(builder.ready()).await.unwrap();
    within(agent.stop()).await;
    let agent = ScriptedAgent::start_on(TcpListener::from_std(listener).unwrap()).unwrap();
    within(process.report_custom_data(1, 2)).await.unwrap();
    within(process.ending()).await.unwrap();
    assert_eq!(sequence(&agent), [Call::ReportCustomData, Call::ProcessEnding]);
}

/// A service that is started again beside a match: the end of the session must not be lost.
#[tokio::test]
async fn a_call_that_may_be_repeated_outlasts_a_restart_of_the_agent() {
    let agent = ScriptedAgent::start_on_loopback().await.unwrap();
    let address = agent.address().unwrap().to_owned();
    let (refused, mut refusals) = mpsc::unbounded_channel();
    let timeout = Duration::from_secs(1);
    let builder = Sdk::builder().client_port(3237).agent_address(&address).connect_timeout(timeout).on_retry(
        move |error| {
            // The test may have seen enough.
            let _ = refused.send(error.clone());
        },
    );
    let mut process = within(builder.ready()).await.unwrap();
    let info = crate::GameServerSession { game_server_session_id: "gs-1".into(), ..Default::default() };
    within(agent.start_game_server_session(&info)).await.unwrap();
    let handle = process.handle();
    let session = within(next_session(&mut process).await.activate()).await.unwrap();
    within(agent.stop()).await;

    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address.parse().unwrap()).unwrap();
    let began = Instant::now();
    // What may not be repeated is told quickly.
    let error = within(handle.report_custom_data(1, 2)).await.unwrap_err();
    assert_eq!(error.name, ErrorName::ServiceCallFailed);
    assert!(began.elapsed() < timeout * 3, "took {:?}", began.elapsed());
    let began = Instant::now();
    let ((), agent) = within(async {
        tokio::join!(async { session.terminate().await.unwrap() }, async {
            while began.elapsed() <= timeout {
                refusals.recv().await.unwrap();
            }
            ScriptedAgent::start_on(socket.listen(16).unwrap()).unwrap()
        })
    })
    .await;
    within(process.ending()).await.unwrap();
    assert_eq!(sequence(&agent), [Call::TerminateGameServerSession, Call::ProcessEnding]);
}

/// The agent lives and the control plane does not answer: what may have been done is done again only when harmless.
#[tokio::test]
async fn an_agent_without_a_control_plane_is_asked_again_with_the_same_request_id() {
    let agent = ScriptedAgent::start();
    let builder = agent.builder().client_port(3237);
    let process = within(builder.ready()).await.unwrap();
    let unavailable = || crate::testing::Answer::Error {
        code: crate::testing::Code::Unavailable,
        message: "SERVICE_CALL_FAILED: the control plane does not answer".into(),
        error_code: Some("SERVICE_CALL_FAILED".into()),
    };
    agent.answer_next(Call::ReportCustomData, unavailable());
    let error = within(process.report_custom_data(1, 2)).await.unwrap_err();
    assert_eq!(error.name, ErrorName::ServiceCallFailed);
    for _ in 0..3 {
        agent.answer_next(Call::ProcessEnding, unavailable());
    }
    within(process.ending()).await.unwrap();
    let calls = agent.calls();
    assert_eq!(
        sequence(&agent)[1..],
        [
            Call::ReportCustomData,
            Call::ProcessEnding,
            Call::ProcessEnding,
            Call::ProcessEnding,
            Call::ProcessEnding
        ]
    );
    assert!(calls[2..].iter().all(|call| call.request_id == calls[2].request_id));
}

#[tokio::test]
async fn something_else_at_the_port_is_a_failure_and_no_panic() {
    let garbage: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"",
        &[0xff; 4096], // a frame of 16 MiB that never comes
    ];
    for bytes in garbage {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let peer = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                // The other side may be gone already.
                let _ = stream.write_all(bytes).await;
                let _ = stream.shutdown().await;
            }
        });
        let builder = Sdk::builder()
            .client_port(3237)
            .agent_address(&address)
            .connect_timeout(Duration::from_millis(100));
        let error = within(builder.ready()).await.unwrap_err();
        assert_eq!(error.name, ErrorName::ServiceCallFailed, "{error}");
        assert!(error.detail.contains(&address), "{error}");
        peer.abort();
    }
}

/// On a virtual clock: what accepts the connection and never answers costs one deadline, not a life.
#[tokio::test(start_paused = true)]
async fn an_agent_that_never_answers_is_given_up_at_the_deadline() {
    let (network, port, listener) = Network::new_memory();
    let Listener::Memory(mut connections) = listener else { panic!("it is in memory") };
    let silent = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Some(connection) = connections.recv().await {
            open.push(connection);
        }
    });
    let builder = Sdk::builder().in_memory(InMemory::new(network, port)).client_port(3237);
    let began = Instant::now();
    let error = builder.ready().await.unwrap_err();
    assert_eq!(error.name, ErrorName::ServiceCallFailed);
    assert!(error.detail.contains("`ProcessReady` got no answer"), "{error}");
    assert_eq!(began.elapsed().as_secs(), 30);
    silent.abort();
}

/// Names the variable by which the test below runs itself again, with proxies that lead nowhere.
const BEHIND_PROXIES: &str = "GSE_SDK_TEST_BEHIND_PROXIES";

#[test]
fn proxies_are_never_asked() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (agent, process) = loopback_pair().await;
        assert!(within(agent.health_check()).await.unwrap());
        within(process.ending()).await.unwrap();
    });
    if std::env::var_os(BEHIND_PROXIES).is_some() {
        return;
    }
    // The environment of a process that runs already cannot be changed safely, so another one runs this test.
    let nowhere = "http://127.0.0.1:9";
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "tests::connecting::proxies_are_never_asked"]).env(BEHIND_PROXIES, "1");
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        again.env(variable, nowhere);
    }
    let output = again.env_remove("no_proxy").env_remove("NO_PROXY").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Connections that are told to reconnect all the time, as an agent does to one of five minutes (2.4): no call is lost
/// over it, those that may not be repeated included.
#[tokio::test]
async fn an_agent_that_asks_to_reconnect_fails_no_call() {
    let (network, port, listener) = Network::new_memory();
    let answers = AnyBody::default();
    answers.set_message(&[]);
    let (_stop, stopped) = oneshot::channel();
    let router = Server::builder().max_connection_age(Duration::from_millis(10)).add_service(answers);
    tokio::spawn(serve(router, listener, stopped));
    let ready = Sdk::builder().in_memory(InMemory::new(network, port)).client_port(3237).ready();
    let ready = within(ready).await.unwrap();
    let mut failed = Vec::new();
    for n in 0..2000 {
        failed.extend(within(ready.report_custom_data(n, 2000)).await.err());
    }
    assert!(failed.is_empty(), "{} of 2000: {:?}", failed.len(), failed.first());
}
