//! Every reason to be hosted or standalone, and that none is waited for.

use std::collections::BTreeMap;
use std::time::Instant;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tonic::transport::Server;

use super::*;
use crate::testing::ScriptedAgent;

/// A second is promised; what else runs on this machine may make it longer.
const _: () = assert!(PROBE_LIMIT.as_millis() < 1000);
const SOON: Duration = Duration::from_secs(10);

async fn detect(variables: &[(&str, &str)], default: &str) -> Detected {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    detect_in(|name| variables.get(name).map(OsString::from), default).await
}

/// A port that is ours and refuses connections.
fn refusing() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

#[tokio::test]
async fn the_environment_is_asked_before_the_network() {
    let (_socket, nobody) = refusing();
    let table = [
        (
            vec![("GSE_STANDALONE", "1"), ("GSE_PROCESS_TOKEN", "t")],
            "standalone, because `GSE_STANDALONE` asks",
        ),
        (
            vec![("GSE_PROCESS_TOKEN", "t"), ("GSE_AGENT_ADDRESS", "h:1")],
            "`h:1`, which launched this process",
        ),
        (vec![("GSE_PROCESS_TOKEN", "t")], "which launched this process"),
        (vec![("GSE_AGENT_ADDRESS", "h:1")], "the agent at `h:1`, because `GSE_AGENT_ADDRESS` says so"),
        (vec![("GSE_STANDALONE", "0")], "because `GSE_STANDALONE` says so"),
    ];
    for (variables, text) in table {
        let detected = detect(&variables, &nobody).await;
        assert!(detected.to_string().contains(text), "{detected}");
        assert_eq!(detected.is_hosted(), !text.starts_with("standalone"));
    }
}

#[tokio::test]
async fn a_slip_in_the_environment_is_an_error_and_not_a_game_of_one() {
    let (_socket, nobody) = refusing();
    let detected = detect(&[("GSE_STANDALONE", "2")], &nobody).await;
    assert!(detected.is_hosted());
    let text = "`GSE_STANDALONE` is `2`; hint: set it to `1` or `0`, or unset it";
    assert_eq!(detected.to_string(), format!("unclear whether hosted, because {text}"));
    let error = detected.builder().client_port(7000).ready().await.unwrap_err();
    assert!(error.to_string().contains(text), "{error}");
    assert!(!detect(&[("GSE_STANDALONE", "")], &nobody).await.is_hosted());
}

#[tokio::test]
async fn an_agent_that_answers_hosts_the_process_and_is_not_changed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let agent = ScriptedAgent::start_on(listener).unwrap();
    let detected = detect(&[], &address).await;
    let Detected::Hosted(hosted) = &detected else { panic!("{detected}") };
    assert_eq!(hosted.agent_address(), address);
    assert_eq!(detected.to_string(), format!("hosted by the agent that answers at `{address}`"));
    let calls: Vec<_> = agent.calls().iter().map(|recorded| recorded.call).collect();
    assert_eq!(calls, [crate::testing::Call::DescribePlayerSessions], "a question, and nothing else");
}

/// Something that accepts connections and says this, or nothing.
async fn peer(says: &'static [u8]) -> (JoinHandle<()>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            if says.is_empty() {
                open.push(stream);
                continue;
            }
            let mut heard = [0; 16];
            // Who hangs up early is of no interest here.
            let _ = stream.read(&mut heard).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, says).await;
        }
    });
    (task, address)
}

#[tokio::test]
async fn what_is_no_agent_is_named_soon() {
    let (_socket, nobody) = refusing();
    let (silent, at_silent) = peer(b"").await;
    let (web, at_web) = peer(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at_other = listener.local_addr().unwrap().to_string();
    let routes = Server::builder().add_routes(tonic::service::Routes::default());
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let other = tokio::spawn(async move {
        let _ = routes.serve_with_incoming(incoming).await;
    });
    let table = [
        (&nobody, "nothing listens at"),
        (&at_silent, "does not answer"),
        (&at_web, "does not speak gRPC"),
        (&at_other, "is no GSE agent"),
    ];
    for (address, text) in table {
        let began = Instant::now();
        let detected = detect(&[], address).await;
        let took = began.elapsed();
        let Detected::Standalone(standalone) = &detected else { panic!("{text}: {detected}") };
        assert!(standalone.reason().contains(text), "{text}: {detected}");
        assert!(standalone.reason().contains(&format!("`{address}`")), "{detected}");
        assert!(standalone.how_to_change().contains("`gse local`"), "{detected}");
        assert!(took < SOON, "{text}: took {took:?}");
    }
    for task in [silent, web, other] {
        task.abort();
    }
}
