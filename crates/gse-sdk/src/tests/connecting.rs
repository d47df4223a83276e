//! No agent, a late agent, something else at its port.

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::*;
use crate::ErrorName;

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
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let agent = ScriptedAgent::start_on(listener).unwrap();
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
    assert!(began.elapsed() < timeout * 2, "took {:?}", began.elapsed());
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
