//! Bad peers on real sockets. Each is given up on, and good calls are answered all the while.

use gse_api::signature::cos::{Grant, sign};

use super::*;
use crate::limits::Pace;

/// Peers that are slower than this are too slow. Long enough that a good peer on a busy machine is not.
const SOON: Duration = Duration::from_secs(1);

async fn hasty(directory: &TempDir) -> Running {
    start_with(directory, |config| {
        config.limits.head_time = SOON;
        config.limits.pace = Pace { period: SOON, bytes: 64 << 10 };
        config.limits.upload_pace = Pace { period: 2 * SOON, bytes: 64 << 10 };
    })
    .await
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.host()).await.unwrap()
    }

    async fn good_call(&self) {
        let answer = self.call("ListAliases", "{}").await;
        assert!(answer.contains(r#""Aliases":[]"#), "{answer}");
    }

    /// The head of a signed upload.
    fn put(&self, key: &str, bytes: usize) -> String {
        let (bucket, now) = ("gse-100000000001-ap-shanghai", Clock::system().now().seconds());
        let account = &self.ready.account;
        let tc3_key = tc3::Key { secret_id: &account.secret_id, secret_key: &account.secret_key };
        let grant = Grant { method: "PUT", object_key: key, host: self.host(), from: now, to: now + 60 };
        format!(
            "PUT /objects/{bucket}/{key} HTTP/1.1\r\nHost: {}\r\nContent-Length: {bytes}\r\nConnection: close\r\nAuthorization: {}\r\n\r\n",
            self.host(),
            sign(&grant, tc3_key)
        )
    }
}

/// What the service says until it closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends a byte at a time until the service closes the connection; gives what it said.
async fn trickle(stream: TcpStream) -> String {
    let (mut read, mut write) = stream.into_split();
    let mut answer = Vec::new();
    let trickling = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SOON / 20).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        read = tokio::time::timeout(DEADLINE, read.read_to_end(&mut answer)) => drop(read.unwrap()),
        () = trickling => {}
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_peer_that_says_nothing_or_half_a_head_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let running = hasty(&directory).await;
    for head in ["", "POST / HTTP/1.1\r\nHost: h\r\nX-TC-Action: Li"] {
        let mut stream = running.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        running.good_call().await;
        rest(&mut stream).await;
    }
    let mut stream = running.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nX-Slow: ").await.unwrap();
    trickle(stream).await;
    running.good_call().await;
    running.end().await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let running = start(&directory).await;
    let mut stream = running.connect().await;
    let endless = async {
        let line = format!("X-Long: {}\r\n", "x".repeat(1000));
        stream.write_all(b"POST / HTTP/1.1\r\n").await.unwrap();
        while stream.write_all(line.as_bytes()).await.is_ok() {}
    };
    tokio::time::timeout(DEADLINE, endless).await.unwrap();
    running.good_call().await;
    running.end().await;
}

#[tokio::test]
async fn an_idle_connection_is_given_up_after_its_answer() {
    let directory = tempfile::tempdir().unwrap();
    let running = hasty(&directory).await;
    let mut stream = running.connect().await;
    stream.write_all(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    running.end().await;
}

#[tokio::test]
async fn a_body_that_trickles_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let running = hasty(&directory).await;
    let mut stream = running.connect().await;
    let head = "POST / HTTP/1.1\r\nHost: h\r\nX-TC-Action: ListAliases\r\nContent-Length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let trickling = tokio::spawn(trickle(stream));
    running.good_call().await;
    let answer = trickling.await.unwrap();
    assert!(answer.contains("HTTP/1.1 200") && answer.contains("came too slowly"), "{answer}");
    running.end().await;
}

#[tokio::test]
async fn an_upload_goes_on_as_long_as_it_moves_and_one_that_trickles_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let running = hasty(&directory).await;
    let mut slow = running.connect().await;
    slow.write_all(running.put("slow.zip", 1 << 20).as_bytes()).await.unwrap();
    let slow = tokio::spawn(trickle(slow));

    // Longer than a period, in good pieces.
    let mut steady = running.connect().await;
    let pieces = 12;
    steady.write_all(running.put("steady.zip", pieces << 17).as_bytes()).await.unwrap();
    for _ in 0..pieces {
        steady.write_all(&vec![7; 1 << 17]).await.unwrap();
        tokio::time::sleep(SOON / 5).await;
    }
    let answer = rest(&mut steady).await;
    assert!(answer.contains("HTTP/1.1 200"), "{answer}");
    let answer = slow.await.unwrap();
    assert!(answer.contains("HTTP/1.1 408") && answer.contains("too slowly"), "{answer}");

    let region = "ap-shanghai";
    for (key, code) in [("steady.zip", "AssetId"), ("slow.zip", "ResourceNotFound")] {
        let body = format!(
            r#"{{"AssetName":"a","AssetVersion":"1","AssetRegion":"{region}","BucketKey":"{key}","OperateSystem":"CentOS7.16"}}"#
        );
        let answer = running.call("CreateAsset", &body).await;
        assert!(answer.contains(code), "{key}: {answer}");
    }
    running.end().await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    // Good peers share the thread with this one, so how soon they say what they want is not limited here.
    let running = start_with(&directory, |config| {
        config.limits.pace = Pace { period: SOON, bytes: 64 << 10 };
    })
    .await;
    let mut deaf = running.connect().await;
    // Each request is answered with more than itself, until neither side can send any more.
    let pipelined = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n".repeat(100);
    let talking = async { while deaf.write_all(pipelined.as_bytes()).await.is_ok() {} };
    tokio::join!(running.good_call(), async { tokio::time::timeout(DEADLINE, talking).await.unwrap() });
    running.good_call().await;
    running.end().await;
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_one_that_closes_makes_room() {
    let directory = tempfile::tempdir().unwrap();
    let running = start_with(&directory, |config| config.limits.connections = 3).await;
    let idle = [running.connect().await, running.connect().await, running.connect().await];
    let answer = rest(&mut running.connect().await).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("RequestLimitExceeded"), "{answer}");
    // Also who sends first, as clients do.
    let answer = running.call("ListAliases", "{}").await;
    assert!(answer.contains("RequestLimitExceeded") && answer.contains("3 connections"), "{answer}");
    drop(idle);
    let room = async {
        while running.call("ListAliases", "{}").await.contains("RequestLimitExceeded") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, room).await.unwrap();
    running.good_call().await;
    running.end().await;
}

#[tokio::test]
async fn uploads_have_a_number() {
    let directory = tempfile::tempdir().unwrap();
    let running = start_with(&directory, |config| config.limits.uploads = 1).await;
    let mut first = running.connect().await;
    first.write_all(running.put("first.zip", 2).as_bytes()).await.unwrap();
    // It is under way once another one is refused.
    let full = async {
        loop {
            let mut second = running.connect().await;
            second.write_all(running.put("second.zip", 2).as_bytes()).await.unwrap();
            second.write_all(b"PK").await.unwrap();
            let answer = rest(&mut second).await;
            if answer.starts_with("HTTP/1.1 503") {
                break;
            }
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    };
    tokio::time::timeout(DEADLINE, full).await.unwrap();
    running.good_call().await;
    first.write_all(b"PK").await.unwrap();
    assert!(rest(&mut first).await.starts_with("HTTP/1.1 200"));
    running.end().await;
}

#[tokio::test]
async fn a_limited_rate_reaches_the_listener() {
    let directory = tempfile::tempdir().unwrap();
    let rate = gse_api::rate_limit::Factor::new(0.05);
    let running = start_with(&directory, |config| config.limits.rate = rate).await;
    let refused = async {
        // At most one in a second is admitted, and a call takes milliseconds.
        while !running.call("ListAliases", "{}").await.contains("RequestLimitExceeded") {}
    };
    tokio::time::timeout(DEADLINE, refused).await.unwrap();
    running.end().await;
}
