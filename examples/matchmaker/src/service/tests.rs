//! The routes over a real socket.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::desk::Limits;
use crate::matching::{Rules, Widening};
use crate::placement::{Party, Place, Seats};

/// Every party is seated at once.
struct Seated;

impl Place for Seated {
    fn place(&self, party: Party) -> Pin<Box<dyn Future<Output = Result<Seats, String>> + Send + '_>> {
        let secret = |wish: Wish| (wish.player_id.clone(), format!("psess-{}", wish.player_id));
        let seats = Seats {
            ip_address: IpAddr::from([127, 0, 0, 1]),
            port: 4000,
            game_server_session_id: "gssess-1".to_owned(),
            region: "ap-shanghai".to_owned(),
            player_sessions: party.wishes.into_iter().map(secret).collect(),
        };
        Box::pin(std::future::ready(Ok(seats)))
    }
}

async fn serve() -> String {
    let wide = Widening { first: 1000, per_second: 0 };
    let patience = Duration::from_secs(1);
    let rules = Rules { players: 2, players_min: 2, patience, skill: wide, latency: wide };
    let desk = Desk::open(rules, Limits::default(), Arc::new(Seated));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router(desk)).await });
    format!("http://{address}")
}

struct Player {
    http: reqwest::Client,
    service: String,
}

impl Player {
    fn of(service: &str) -> Self {
        // Without a provider `build` panics; one that another test installed is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, service: service.to_owned() }
    }

    async fn post(&self, body: &str) -> (u16, Value) {
        let request = self.http.post(format!("{}/tickets", self.service)).body(body.to_owned());
        Self::answer(request).await
    }

    async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = timeout(Duration::from_secs(20), request.send()).await.unwrap().unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    /// Everything that is told until the stream ends.
    async fn events(&self, id: &str) -> Vec<Value> {
        let request = self.http.get(format!("{}/tickets/{id}/events", self.service));
        let answer = timeout(Duration::from_secs(20), request.send()).await.unwrap().unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let text = timeout(Duration::from_secs(20), answer.text()).await.unwrap().unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_match_is_told_to_both_and_the_stream_ends() {
    let service = serve().await;
    let player = Player::of(&service);
    let (status, ann) = player.post(r#"{"player_id":"ann","skill":5}"#).await;
    assert_eq!(status, 201);
    let (_, ben) = player.post(r#"{"player_id":"ben","latencies":{"ap-shanghai":9}}"#).await;
    for (name, ticket) in [("ann", ann), ("ben", ben)] {
        let told = player.events(ticket["ticket_id"].as_str().unwrap()).await;
        let last = told.last().unwrap();
        assert_eq!(last["status"], "COMPLETED");
        assert_eq!(last["player_session_id"], format!("psess-{name}"));
        assert_eq!(last["players"], json!(["ann", "ben"]));
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_words() {
    let service = serve().await;
    let player = Player::of(&service);
    for (body, named) in [
        ("", "hint"),
        (r#"{"player_id":""}"#, "1 to 64 bytes"),
        (r#"{"player":"ann"}"#, "player_id"),
        (r#"{"player_id":"ann","latencies":{"sh":0}}"#, "`sh`"),
    ] {
        let (status, answer) = player.post(body).await;
        assert!(status == 400 && answer["error"].as_str().unwrap().contains(named), "{status} {answer}");
    }
    let (_, ticket) = player.post(r#"{"player_id":"ann"}"#).await;
    assert_eq!(player.post(r#"{"player_id":"ann"}"#).await.0, 409);
    let id = ticket["ticket_id"].as_str().unwrap();
    let ticket = format!("{service}/tickets/{id}");
    assert_eq!(Player::answer(player.http.delete(&ticket)).await, (200, json!({ "status": "CANCELLED" })));
    assert_eq!(Player::answer(player.http.delete(&ticket)).await.0, 409);
    // Who comes late hears how it ended.
    assert_eq!(player.events(id).await, [json!({ "status": "CANCELLED" })]);
    for path in ["tickets/0", "tickets/0/events"] {
        let request = if path.ends_with('0') {
            player.http.delete(format!("{service}/{path}"))
        } else {
            player.http.get(format!("{service}/{path}"))
        };
        assert_eq!(Player::answer(request).await.0, 404, "{path}");
    }
    assert_eq!(
        player
            .http
            .post(format!("{service}/tickets"))
            .body(vec![b' '; 20_000])
            .send()
            .await
            .unwrap()
            .status(),
        413
    );
}
