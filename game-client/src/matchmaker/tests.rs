//! A search, against a listener that plays the matchmaker by a script.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

/// Answers one connection after the other with these bytes, and returns the requests.
fn serve(answers: Vec<String>) -> (Matchmaker, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let serve_one = |answer: String| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = String::new();
            let complete = |request: &str| {
                let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                body.len() >= length.unwrap_or(0)
            };
            while !complete(&request) {
                let mut chunk = [0; 4096];
                let length = stream.read(&mut chunk).unwrap();
                assert_ne!(length, 0, "the client hung up");
                request.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
            }
            stream.write_all(answer.as_bytes()).unwrap();
            request
        };
        answers.into_iter().map(serve_one).collect()
    });
    (Matchmaker { url, skill: 1200, region: None }, served)
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn events(events: &[&str]) -> String {
    let body: String = events.iter().map(|event| format!("event: status\ndata: {event}\n\n")).collect();
    // Without a length: it ends when it is closed.
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n:\n\n{body}")
}

/// A search without regions to measure.
fn search(answers: Vec<String>) -> (Result<Seat, String>, Vec<String>, Vec<String>) {
    search_measuring(r#"{"regions":[]}"#, answers)
}

fn search_measuring(regions: &str, answers: Vec<String>) -> (Result<Seat, String>, Vec<String>, Vec<String>) {
    let answers = std::iter::once(answer("200 OK", regions)).chain(answers).collect();
    let (matchmaker, served) = serve(answers);
    let mut news = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(find_seat(&matchmaker, "ann", async |text| news.push(text)));
    (found, news, served.join().unwrap())
}

const TAKEN: &str = r#"{"ticket_id":"t-1"}"#;

#[test]
fn a_search_is_told_as_it_goes_and_ends_with_a_seat() {
    let (found, news, asked) = search(vec![
        answer("201 Created", TAKEN),
        events(&[
            r#"{"status":"SEARCHING","waiting":1}"#,
            r#"{"status":"SEARCHING","waiting":3}"#,
            r#"{"status":"PLACING","players":["ann","ben"]}"#,
            r#"{"status":"COMPLETED","ip_address":"127.0.0.1","port":4000,"player_session_id":"psess-1","players":[]}"#,
        ]),
    ]);
    let seat = found.unwrap();
    assert_eq!((seat.address.port(), seat.player_session_id.as_str()), (4000, "psess-1"));
    assert_eq!(
        news,
        [
            "measuring the regions ...",
            "looking for opponents ...",
            "looking for opponents: 3 are waiting ...",
            "2 players; looking for a game server ...",
            "a seat at 127.0.0.1:4000"
        ]
    );
    assert!(
        asked[1].starts_with("POST /tickets ")
            && asked[1].ends_with(r#"{"latencies":{},"player_id":"ann","skill":1200}"#)
    );
    assert!(asked[2].starts_with("GET /tickets/t-1/events "), "{}", asked[2]);
}

#[test]
fn why_there_is_no_seat_is_told() {
    let reason = |answers| search(answers).0.err().unwrap();
    let ended = |event| reason(vec![answer("201 Created", TAKEN), events(&[event])]);
    for (reason, named) in [
        (
            reason(vec![answer("409 Conflict", r#"{"error":"`ann` is searching already"}"#)]),
            "`ann` is searching",
        ),
        (reason(vec![answer("404 Not Found", "not here")]), "no matchmaker answers there: HTTP status `404"),
        (ended(r#"{"status":"TIMEDOUT","reason":"nobody came"}"#), "nobody came"),
        (ended(r#"{"status":"FAILED","reason":"no fleet"}"#), "no fleet"),
        (ended(r#"{"status":"CANCELLED"}"#), "given up"),
        (ended(r#"{"status":"SEARCHING","waiting":2}"#), "went away during the search"),
        (ended(r#"{"status":"DANCING"}"#), "something unknown"),
        (ended(&"x".repeat(LINE_MAX)), "something unknown"),
    ] {
        assert!(reason.contains(named), "{reason}");
    }
    let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(LINE_MAX + 1));
    assert!(reason(vec![answer("201 Created", TAKEN), endless]).contains("a line of more than"));
}

#[test]
fn regions_that_answer_are_measured_before_the_wish() {
    let beacon = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = beacon.local_addr().unwrap();
    let echo = std::thread::spawn(move || {
        let mut datagram = [0; 512];
        for _ in 0..latency::PROBES {
            let (length, from) = beacon.recv_from(&mut datagram).unwrap();
            beacon.send_to(&datagram[..length], from).unwrap();
        }
    });
    let regions =
        format!(r#"{{"regions":[{{"region":"ap-shanghai","udp_address":"{address}","ping_url":null}}]}}"#);
    let refused = answer("503 Service Unavailable", r#"{"error":"full"}"#);
    let (found, _, asked) = search_measuring(&regions, vec![refused]);
    assert!(found.err().unwrap().contains("full"));
    echo.join().unwrap();
    let body = asked[1].split_once("\r\n\r\n").unwrap().1;
    let wish: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!((1..1000).contains(&wish["latencies"]["ap-shanghai"].as_u64().unwrap()), "{wish}");
}
