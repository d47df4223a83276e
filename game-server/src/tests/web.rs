//! Browsers in a lobby, over real sockets on loopback: who gets in, what they hear, and what is cut off.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use game_net::handshake::{Secret, ServerProof, client_proof};
use game_net::protocol::{ClientMessage, PROTOCOL};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};
use url::Url;
use web_transport_quinn::{ClientBuilder, RecvStream, SendStream, Session};

use super::player::{DEADLINE, Player, connect};
use super::stage::{FAREWELL, LIMITS, SeatLog, table, wait_for_seat};
use crate::lobby;
use crate::room::{Refusal, Room, RoomEnd};
use crate::transport::Transport;
use crate::web::proof::connection_value;

const ANNA: (&str, &str) = ("anna", "psess-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
const BERT: (&str, &str) = ("bert", "psess-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");

/// A lobby with a table of seats, for players and browsers.
struct Hall {
    port: u16,
    seat_log: SeatLog,
    owner: JoinHandle<RoomEnd>,
    _hosted: watch::Sender<Option<Room>>,
    _stop: watch::Sender<bool>,
}

impl Hall {
    fn open(reservations: &[(&str, &str)], players_may_end: bool) -> Hall {
        Hall::open_with(reservations, players_may_end, |transport| transport)
    }

    fn open_with(
        reservations: &[(&str, &str)],
        players_may_end: bool,
        change: impl FnOnce(Transport) -> Transport,
    ) -> Hall {
        let (seats, seat_log) = table(reservations);
        let (room, taken) = Room::new(seats.clone(), None);
        let owner = tokio::spawn(lobby::run(0, seats, taken, watch::channel(0).0, FAREWELL));
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let transport = change(Transport::bind_with_web(address, 0, players_may_end).unwrap());
        let port = transport.port();
        let (hosted, hosted_now) = watch::channel(Some(room));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(transport.run(hosted_now, stopped));
        Hall { port, seat_log, owner, _hosted: hosted, _stop: stop }
    }

    async fn request(&self, text: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(DEADLINE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }

    async fn certificate(&self) -> [u8; 32] {
        use base64::Engine as _;
        let answer = self.request("GET /web HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200 OK") && head.contains("Access-Control-Allow-Origin: *"),
            "{head}"
        );
        let offer: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&offer["protocol"], &offer["path"]), (&json!("opengse-lobby-web/1"), &json!("/web")));
        let hash = offer["certificateHash"].as_str().unwrap();
        base64::engine::general_purpose::STANDARD.decode(hash).unwrap().try_into().unwrap()
    }
}

/// Either transport, as a page sees it.
enum Page {
    WebSocket(Box<WebSocketStream<TcpStream>>),
    WebTransport {
        _session: Box<Session>,
        send: SendStream,
        recv: RecvStream,
        unread: Vec<u8>,
        certificate: [u8; 32],
    },
}

impl Page {
    async fn web_socket(hall: &Hall) -> Page {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, hall.port)).await.unwrap();
        let url = format!("ws://127.0.0.1:{}/web", hall.port);
        let (socket, _) = timeout(DEADLINE, client_async(url, stream)).await.unwrap().unwrap();
        Page::WebSocket(Box::new(socket))
    }

    async fn web_transport(hall: &Hall) -> Page {
        Page::try_web_transport(hall).await.expect("the certificate is the one that was told")
    }

    /// `None` if there is another certificate by now.
    async fn try_web_transport(hall: &Hall) -> Option<Page> {
        let certificate = hall.certificate().await;
        let client = ClientBuilder::new().with_server_certificate_hashes(vec![certificate.to_vec()]).unwrap();
        let url = format!("https://127.0.0.1:{}/web", hall.port);
        let session = timeout(DEADLINE, client.connect(url.parse::<Url>().unwrap())).await.unwrap().ok()?;
        let (send, recv) = timeout(DEADLINE, session.accept_bi()).await.unwrap().ok()?;
        Some(Page::WebTransport { _session: Box::new(session), send, recv, unread: Vec::new(), certificate })
    }

    async fn say_text(&mut self, text: &str) {
        match self {
            Page::WebSocket(socket) => socket.send(Message::Text(text.into())).await.unwrap(),
            Page::WebTransport { send, .. } => {
                // A server that has had enough does not take the rest.
                let _ = send.write_all(format!("{text}\n").as_bytes()).await;
            }
        }
    }

    async fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string()).await;
    }

    /// The next message; `None` when the connection is over.
    async fn hear(&mut self) -> Option<Value> {
        timeout(DEADLINE, self.hear_now()).await.expect("nothing was heard")
    }

    async fn hear_now(&mut self) -> Option<Value> {
        match self {
            Page::WebSocket(socket) => loop {
                match socket.next().await? {
                    Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                    Ok(Message::Ping(_)) => {}
                    Ok(_) | Err(_) => return None,
                }
            },
            Page::WebTransport { recv, unread, .. } => loop {
                if let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = unread.drain(..=end).collect();
                    return serde_json::from_slice(&line).ok();
                }
                unread.extend_from_slice(&recv.read_chunk(4096, true).await.ok()??.bytes);
            },
        }
    }

    fn certificate(&self) -> Option<&[u8; 32]> {
        match self {
            Page::WebSocket(_) => None,
            Page::WebTransport { certificate, .. } => Some(certificate),
        }
    }

    /// The Hello to a challenge, and the value of the connection.
    async fn hello(&mut self, player: (&str, &str)) -> (Value, [u8; 32]) {
        let challenge = self.hear().await.expect("a challenge");
        assert_eq!(
            (&challenge["type"], &challenge["protocol"]),
            (&json!("challenge"), &json!("opengse-lobby-web/1"))
        );
        let mut server = [0; 32];
        hex::decode_to_slice(challenge["nonce"].as_str().unwrap(), &mut server).unwrap();
        let page = [7; 32];
        let value = connection_value(&server, &page, self.certificate());
        let proof = hex::encode(client_proof(Secret::PlayerSessionId(player.1), &value).0);
        (json!({"type": "hello", "playerId": player.0, "nonce": hex::encode(page), "proof": proof}), value)
    }

    /// Joins, and gives the answer; a welcome is of the right server.
    async fn join(&mut self, player: (&str, &str)) -> Value {
        let (hello, value) = self.hello(player).await;
        self.say(&hello).await;
        let answer = self.hear().await.expect("an answer");
        if answer["type"] == "welcome" {
            let mut proof = [0; 32];
            hex::decode_to_slice(answer["proof"].as_str().unwrap(), &mut proof).unwrap();
            assert!(
                ServerProof(proof).verify(Secret::PlayerSessionId(player.1), &value),
                "this is not the server"
            );
        }
        answer
    }

    async fn hear_until(&mut self, wanted: &Value) {
        while self.hear().await.expect("it is never said") != *wanted {}
    }
}

fn not_proven() -> Value {
    json!({"type": "refused", "reason": Refusal::NotProven.to_string().replace('\n', "; ")})
}

#[tokio::test]
async fn c_d1_pages_and_players_in_one_session_see_each_others_messages() {
    let hall = Hall::open(&[ANNA, BERT, ("carl", "psess-carl")], false);
    let mut anna = Page::web_socket(&hall).await;
    assert_eq!(anna.join(ANNA).await["mayEnd"], false);
    assert_eq!(anna.hear().await.unwrap(), json!({"type": "here", "playerIds": ["anna"]}));
    let mut bert = Page::web_transport(&hall).await;
    assert_eq!(bert.join(BERT).await["type"], "welcome");
    anna.hear_until(&json!({"type": "joined", "playerId": "bert"})).await;
    let mut carl = Player::join(hall.port, "carl", "psess-carl").await;
    bert.hear_until(&json!({"type": "joined", "playerId": "carl"})).await;
    anna.say(&json!({"type": "chat", "text": "<b>hi</b>\u{202e}😀"})).await;
    bert.hear_until(&json!({"type": "chat", "from": "anna", "text": "<b>hi</b>\u{202e}😀"})).await;
    carl.say(&ClientMessage::ChatSend { text: "from far".to_owned() }).await;
    for page in [&mut anna, &mut bert] {
        page.hear_until(&json!({"type": "chat", "from": "carl", "text": "from far"})).await;
    }
    bert.say(&json!({"type": "leave"})).await;
    anna.hear_until(&json!({"type": "left", "playerId": "bert"})).await;
}

#[tokio::test]
async fn c_d2_closing_the_page_loses_the_player_session() {
    let mut hall = Hall::open(&[ANNA, BERT], false);
    for (player, by_quic) in [(ANNA, false), (BERT, true)] {
        let mut page = if by_quic { Page::web_transport(&hall).await } else { Page::web_socket(&hall).await };
        assert_eq!(page.join(player).await["type"], "welcome");
        drop(page);
        wait_for_seat(&mut hall.seat_log, &format!("remove {}", player.1)).await;
        let mut again = Page::web_socket(&hall).await;
        assert_eq!(again.join(player).await, not_proven(), "a new player session is needed");
    }
}

#[tokio::test]
async fn forged_replayed_and_passed_on_proofs_are_worth_nothing() {
    let hall = Hall::open(&[ANNA], false);
    for player in [(ANNA.0, "psess-forged"), ("mallory", ANNA.1), (ANNA.0, "")] {
        assert_eq!(Page::web_socket(&hall).await.join(player).await, not_proven());
    }
    let mut anna = Page::web_socket(&hall).await;
    let (recorded, _) = anna.hello(ANNA).await;
    let mut mallory = Page::web_socket(&hall).await;
    mallory.hear().await;
    mallory.say(&recorded).await;
    assert_eq!(mallory.hear().await.unwrap(), not_proven(), "another challenge");
    // Who stands in between shows another certificate, and so the page's proof is over another one.
    let mut between = Page::web_transport(&hall).await;
    if let Page::WebTransport { certificate, .. } = &mut between {
        certificate[0] ^= 1;
    }
    assert_eq!(between.join(ANNA).await, not_proven());
    assert!(hall.seat_log.borrow().is_empty(), "no ticket was spent");
    anna.say(&recorded).await;
    assert_eq!(anna.hear().await.unwrap()["type"], "welcome");
}

#[tokio::test]
async fn who_does_not_keep_to_the_conversation_is_cut_off() {
    let hall = Hall::open(&[ANNA], false);
    let long = "x".repeat(20_000);
    for text in ["nonsense", r#"{"type":"chat","text":"let me in"}"#, &long] {
        for by_quic in [false, true] {
            let mut page =
                if by_quic { Page::web_transport(&hall).await } else { Page::web_socket(&hall).await };
            assert_eq!(page.hear().await.unwrap()["type"], "challenge");
            page.say_text(text).await;
            assert_eq!(page.hear().await, None);
        }
    }
    let mut anna = Page::web_socket(&hall).await;
    assert_eq!(anna.join(ANNA).await["type"], "welcome");
    // Ending the session is not hers.
    anna.say(&json!({"type": "end"})).await;
    while anna.hear().await.is_some() {}
    assert!(!hall.owner.is_finished());
}

#[tokio::test]
async fn who_floods_is_cut_off_and_the_others_stay() {
    let mut hall = Hall::open(&[ANNA, BERT], false);
    let mut anna = Page::web_socket(&hall).await;
    let mut bert = Page::web_transport(&hall).await;
    assert_eq!(anna.join(ANNA).await["type"], "welcome");
    assert_eq!(bert.join(BERT).await["type"], "welcome");
    let text = format!("{}\n", json!({"type": "chat", "text": "!"})).repeat(200);
    let Page::WebTransport { send, .. } = &mut bert else { unreachable!() };
    // The server may cut them off before all is written.
    let _ = send.write_all(text.as_bytes()).await;
    wait_for_seat(&mut hall.seat_log, &format!("remove {}", BERT.1)).await;
    anna.say(&json!({"type": "chat", "text": "quiet now"})).await;
    anna.hear_until(&json!({"type": "chat", "from": "anna", "text": "quiet now"})).await;
}

#[tokio::test]
async fn who_floods_with_pings_is_cut_off() {
    let hall = Hall::open(&[ANNA], false);
    let mut page = Page::web_socket(&hall).await;
    assert_eq!(page.join(ANNA).await["type"], "welcome");
    let Page::WebSocket(socket) = &mut page else { unreachable!() };
    for _ in 0..200 {
        // The server may cut them off before all is written.
        if socket.feed(Message::Ping(Vec::new().into())).await.is_err() {
            break;
        }
    }
    let _ = socket.flush().await;
    let ended = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return Some(frame.code),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    };
    let code = timeout(DEADLINE, ended).await.expect("it ends");
    assert!(code.is_none_or(|code| code == CloseCode::Policy), "{code:?}");
}

#[tokio::test]
async fn one_address_cannot_fill_the_door_with_pages_that_say_nothing() {
    let hall = Hall::open_with(&[ANNA], false, |transport| transport.with_limits(LIMITS));
    let mut player = Page::web_socket(&hall).await;
    assert_eq!(player.join(ANNA).await["type"], "welcome");
    let mut strangers = Vec::new();
    for _ in 0..LIMITS.per_address {
        let mut stranger = Page::web_socket(&hall).await;
        assert_eq!(stranger.hear().await.unwrap()["type"], "challenge", "who is in does not count");
        strangers.push(stranger);
    }
    let mut one_more = TcpStream::connect((Ipv4Addr::LOCALHOST, hall.port)).await.unwrap();
    let mut nothing = [0];
    let heard = timeout(DEADLINE, one_more.read(&mut nothing)).await.expect("it is closed");
    assert!(matches!(heard, Ok(0) | Err(_)), "{heard:?}");
}

#[tokio::test]
async fn where_players_may_a_page_ends_the_session() {
    let hall = Hall::open(&[ANNA, BERT], true);
    let mut anna = Page::web_socket(&hall).await;
    let mut bert = Page::web_transport(&hall).await;
    assert_eq!(anna.join(ANNA).await["mayEnd"], true);
    assert_eq!(bert.join(BERT).await["mayEnd"], true);
    anna.say(&json!({"type": "end"})).await;
    for page in [&mut anna, &mut bert] {
        page.hear_until(&json!({"type": "closing", "reason": "the lobby closes"})).await;
        assert_eq!(page.hear().await, None);
    }
    assert_eq!(timeout(DEADLINE, hall.owner).await.unwrap().unwrap(), RoomEnd::Closed);
}

#[tokio::test]
async fn who_says_nothing_does_not_keep_the_place() {
    let hall = Hall::open(&[], false);
    let mut half = TcpStream::connect((Ipv4Addr::LOCALHOST, hall.port)).await.unwrap();
    half.write_all(b"GET /web HTTP/1.1\r\nHost").await.unwrap();
    let mut silent = Page::web_socket(&hall).await;
    assert_eq!(silent.hear().await.unwrap()["type"], "challenge");
    let mut nothing = Vec::new();
    timeout(DEADLINE, half.read_to_end(&mut nothing)).await.expect("it is closed").unwrap();
    assert_eq!((nothing.len(), silent.hear().await), (0, None));
}

#[tokio::test]
async fn a_renewed_certificate_is_the_one_that_pages_are_told() {
    let hall = Hall::open_with(&[ANNA], false, |transport| transport.renewing_every(Duration::from_secs(1)));
    let first = hall.certificate().await;
    let changed = async { while hall.certificate().await == first {} };
    timeout(DEADLINE, changed).await.expect("there is a new one");
    // The next one may come between the question and the connection.
    let joined = async {
        loop {
            let Some(mut page) = Page::try_web_transport(&hall).await else { continue };
            if page.join(ANNA).await["type"] == "welcome" {
                break;
            }
        }
    };
    timeout(DEADLINE, joined).await.expect("the new one is shown");
}

#[tokio::test]
async fn the_bridge_answers_pages_only_where_it_is() {
    let hall = Hall::open(&[], false);
    assert_ne!(hall.certificate().await, [0; 32]);
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "404"),
        ("DELETE /web HTTP/1.1\r\n\r\n", "405"),
        ("GET /web HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "400"),
    ] {
        let answer = hall.request(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
    }
    assert_eq!(hall.request("\u{16}\u{3}\u{1} not HTTP\r\n\r\n").await, "");
    // Players of the game go their own way, as before.
    let (_endpoint, connection) = connect(hall.port, PROTOCOL).await;
    assert!(connection.is_ok());
}
