//! The whole process on real sockets and a real directory; no game server is launched here.

mod https;
mod peers;

use std::time::Duration;

use gse_api::signature::tc3;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;

/// Everything here is done in milliseconds; a wait that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(30);

struct Running {
    ready: Ready,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), RunError>>,
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

async fn build(directory: &TempDir) -> Result<Server, BuildError> {
    Server::build(Config::new(directory.path().join("data")), listener().await, listener().await)
}

async fn start(directory: &TempDir) -> Running {
    start_with(directory, |_| {}).await
}

async fn start_with(directory: &TempDir, change: impl FnOnce(&mut Config)) -> Running {
    let mut config = Config::new(directory.path().join("data"));
    change(&mut config);
    let server = Server::build(config, listener().await, listener().await).unwrap();
    let ready = server.ready();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(server.run(async move { drop(stopped.await) }));
    Running { ready, stop, task }
}

impl Running {
    async fn end(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(DEADLINE, self.task).await.unwrap().unwrap().unwrap();
    }

    fn host(&self) -> &str {
        self.ready.api_url.strip_prefix("http://").unwrap()
    }

    /// The whole answer to a request, head and body; `head` ends without an empty line.
    async fn exchange(&self, head: &str, body: &[u8]) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(self.host()).await.unwrap();
            let head = format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8(answer).unwrap()
        };
        tokio::time::timeout(DEADLINE, exchange).await.unwrap()
    }

    async fn call(&self, action: &str, body: &str) -> String {
        let timestamp = Clock::system().now().seconds();
        let content_type = "application/json";
        let call =
            tc3::Call { method: "POST", host: self.host(), query: "", content_type, body: body.as_bytes() };
        let account = &self.ready.account;
        let key = tc3::Key { secret_id: &account.secret_id, secret_key: &account.secret_key };
        let authorization = tc3::sign(&call, key, "gse", timestamp);
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: {content_type}\r\nX-TC-Action: {action}\r\n\
             X-TC-Version: 2019-11-12\r\nX-TC-Timestamp: {timestamp}\r\nAuthorization: {authorization}",
            self.host()
        );
        self.exchange(&head, body.as_bytes()).await
    }
}

#[tokio::test]
async fn a_restart_keeps_the_key_and_what_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let running = start(&directory).await;
    let account = running.ready.account.clone();
    assert_eq!(running.ready.objects_url, format!("{}/objects", running.ready.api_url));
    let create = r#"{"Name":"live","RoutingStrategy":{"Type":"TERMINAL","Message":"closed"}}"#;
    let answer = running.call("CreateAlias", create).await;
    assert!(answer.contains("\r\ncontent-type: application/json\r\n"), "{answer}");
    running.end().await;

    let running = start(&directory).await;
    assert_eq!(running.ready.account, account);
    let answer = running.call("ListAliases", "{}").await;
    assert!(answer.contains(r#""Name":"live""#), "{answer}");
    running.end().await;
}

#[tokio::test]
async fn a_data_directory_serves_one_service() {
    let directory = tempfile::tempdir().unwrap();
    let running = start(&directory).await;
    let error = build(&directory).await.err().unwrap();
    let BuildError::DataDir(error) = error else { panic!("{error:?}") };
    assert!(error.to_string().contains(&running.ready.data_dir.display().to_string()), "{error}");
    running.end().await;
    drop(build(&directory).await.unwrap());
}

/// W24: "the client receives the answer", although it was still sending.
#[tokio::test]
async fn an_answer_arrives_at_a_client_that_is_still_sending() {
    let directory = tempfile::tempdir().unwrap();
    let running = start(&directory).await;
    let large = vec![b' '; 10_485_761];
    let answer = running.exchange("POST / HTTP/1.1\r\nHost: h\r\nX-TC-Action: ListAliases", &large).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("RequestSizeLimitExceeded"), "{answer}");
    let put = "PUT /objects/gse-100000000001-ap-shanghai/a.zip HTTP/1.1\r\nHost: h";
    let answer = running.exchange(put, &large).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    running.end().await;
}

/// W25: a query of exactly 32 KiB is read, one byte more is refused in the normal envelope, and so is what the head of a
/// request still has room for.
#[tokio::test]
async fn a_query_may_have_32_kib() {
    let directory = tempfile::tempdir().unwrap();
    let running = start(&directory).await;
    let start = "Action=ListAliases&Filler=";
    for (bytes, wanted) in [
        (32_768, "MissingParameter"),
        (32_769, "RequestSizeLimitExceeded"),
        (50_000, "RequestSizeLimitExceeded"),
    ] {
        let query = format!("{start}{}", "x".repeat(bytes - start.len()));
        let answer = running.exchange(&format!("GET /?{query} HTTP/1.1\r\nHost: h"), b"").await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains(&format!("\"{wanted}\"")),
            "{bytes}: {answer}"
        );
    }
    running.end().await;
}

/// An idle connection does not keep the service from ending.
#[tokio::test]
async fn an_idle_client_does_not_hold_the_end_up() {
    let directory = tempfile::tempdir().unwrap();
    let running = start(&directory).await;
    let mut idle = TcpStream::connect(running.host()).await.unwrap();
    idle.write_all(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let mut answer = [0; 1024];
    assert!(idle.read(&mut answer).await.unwrap() > 0);
    running.end().await;
}

#[test]
fn an_address_of_all_interfaces_is_reached_by_loopback() {
    let url = |text: &str| super::url(false, text.parse().unwrap());
    assert_eq!(url("0.0.0.0:8080"), "http://127.0.0.1:8080");
    assert_eq!(url("[::]:8080"), "http://[::1]:8080");
    assert_eq!(url("10.0.0.7:80"), "http://10.0.0.7:80");
}

/// Nothing that was committed before the end is missing from the trace.
#[tokio::test]
async fn r123_the_last_spans_reach_the_collector_before_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let (bodies, mut got) = mpsc::unbounded_channel();
    let take = move |body: axum::body::Bytes| async move { drop(bodies.send(body)) };
    let spans = listener().await;
    let collector = format!("http://{}", spans.local_addr().unwrap());
    let router = axum::Router::new().route("/v1/traces", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(spans, router).await });

    let mut config = Config::new(directory.path().join("data"));
    config.otlp = Some(otlp::Collector::parse(&collector).unwrap());
    let mut server = Server::build(config, listener().await, listener().await).unwrap();
    // As long as a slow machine needs.
    server.exporter.as_mut().unwrap().patience = otlp::Patience { batch: DEADLINE, end: DEADLINE };
    let ready = server.ready();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(server.run(async move { drop(stopped.await) }));
    let running = Running { ready, stop, task };
    let queue = r#"{"Name":"q","Destinations":[]}"#;
    let start = r#"{"PlacementId":"p","GameServerSessionQueueName":"q","MaximumPlayerSessionCount":1}"#;
    // It fails at once, because its queue leads nowhere.
    for (action, body) in
        [("CreateGameServerSessionQueue", queue), ("StartGameServerSessionPlacement", start)]
    {
        let answer = running.call(action, body).await;
        assert!(!answer.contains("\"Error\""), "{answer}");
    }
    running.end().await;
    let mut told = String::new();
    while let Ok(body) = got.try_recv() {
        told.push_str(std::str::from_utf8(&body).unwrap());
    }
    assert!(told.contains("\"name\":\"placement\""), "{told}");
}
