//! S61: Getting started by its buttons, up to a page that chats; and its game server over the WebSocket, whose proofs are
//! written again from docs/game.md.

use std::net::TcpStream;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::raw::get;
use tests::stack::{PATIENCE, Stack};
use tests::visitor::{Page, Visitor};
use tungstenite::{Message, WebSocket};

const START: &str = "/console/start";
const PROTOCOL: &str = "opengse-lobby-web/1";
const JOIN_LABEL: &str = "opengse-lobby-web/1 join\0";
const PLAYER_LABEL: &str = "opengse-arena/1 player knows the player session id\0";
const SERVER_LABEL: &str = "opengse-arena/1 server knows the player session id\0";

/// What a browser is, once it is connected.
struct Chat(WebSocket<TcpStream>);

impl Chat {
    /// Connects as the client page says, and joins; the answer, and the other side's proof is right.
    fn join(client: &Page) -> (Self, Value) {
        let said = |name: &str| client.attribute(&format!("data-{name}=\""));
        let address = format!("{}:{}", said("ip"), said("port"));
        let (status, offer) = get(&format!("http://{address}/web"));
        let offer: Value = serde_json::from_slice(&offer).expect("the offer is JSON");
        assert_eq!((status, &offer["protocol"]), (200, &json!(PROTOCOL)));
        let stream = TcpStream::connect(&address).expect("the bridge listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        let (socket, _) = tungstenite::client(format!("ws://{address}/web"), stream).expect("a WebSocket");
        let mut chat = Self(socket);
        let challenge = chat.hear().expect("a challenge");
        let nonce = [7; 32];
        let value = {
            let mut hash = Sha256::new();
            hash.update(JOIN_LABEL);
            hash.update(hex::decode(challenge["nonce"].as_str().expect("a number")).expect("hexadecimal"));
            hash.update(nonce);
            hash.update([0; 32]);
            hash.finalize()
        };
        let proof = |label: &str| {
            let ticket = said("ticket");
            let mut mac = Hmac::<Sha256>::new_from_slice(ticket.as_bytes()).expect("any key is a key");
            mac.update(label.as_bytes());
            mac.update(&value);
            hex::encode(mac.finalize().into_bytes())
        };
        let own = proof(PLAYER_LABEL);
        chat.say(
            &json!({"type": "hello", "playerId": said("player"), "nonce": hex::encode(nonce), "proof": own}),
        );
        let answer = chat.hear().expect("an answer");
        if answer["type"] == "welcome" {
            assert_eq!(answer["proof"], proof(SERVER_LABEL));
        }
        (chat, answer)
    }

    fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).expect("the game server hears");
    }

    /// The next message; `None` when the connection is over.
    fn hear(&mut self) -> Option<Value> {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(_) => return None,
                Err(tungstenite::Error::Io(error)) => panic!("nothing was said: {error}"),
                Err(_) => return None,
            }
        }
    }

    fn hear_until(&mut self, wanted: &Value) {
        while self.hear().expect("it is never said") != *wanted {}
    }
}

/// Steps 1 and 2: a package and an ACTIVE fleet; the fleet's id.
fn package_and_fleet(stack: &Stack, visitor: &mut Visitor) -> String {
    assert!(visitor.get(START).has("demo-upload"), "step 1 is open");
    assert!(visitor.press(START, "/console/start/upload", &[]).has("demo-asset"));
    assert!(visitor.press(START, "/console/start/step", &[("step", "2")]).has("demo-fleet"));
    let states = ["NEW", "DOWNLOADING", "VALIDATING", "BUILDING", "ACTIVATING", "ACTIVE"];
    let shown = visitor.press(START, "/console/start/fleet", &[]);
    assert!(states.iter().all(|state| shown.has(&format!("state-{state}"))), "{}", shown.text);
    let active = |page: &Page| page.text.contains("id=\"state-ACTIVE\" data-state=\"completed\"");
    let page = visitor.until(stack, START, active);
    page.attribute("href=\"/console/fleets/")
}

/// A player session for the chosen session, and the page that is its client.
fn client(visitor: &mut Visitor, session: &str, player: &str) -> Page {
    let fields = [("session", session), ("player", player), ("to", "client")];
    visitor.press(START, "/console/start/player", &fields)
}

#[test]
fn s61_console_demo() {
    let mut stack = Stack::start();
    let mut visitor = Visitor::of(&stack);
    let fleet = package_and_fleet(&stack, &mut visitor);

    // Step 3. C-D3: ten processes, so ten sessions, each made by the same button; the ready processes are waited for.
    assert!(visitor.press(START, "/console/start/step", &[("step", "3")]).has("create-session"));
    stack.until("DescribeInstances", &json!({"FleetId": fleet}), |answer| answer["TotalCount"] == 1);
    let processes = json!({"FleetId": fleet, "Offset": 0, "Limit": 100});
    stack.until("DescribeInstancesExtend", &processes, |answer| {
        answer["Instances"][0]["HealthyProcessCnt"] == 10
    });
    for _ in 0..10 {
        visitor.press(START, "/console/start/session", &[]);
    }
    let one_more = visitor.post(START, "/console/start/session", &[]);
    assert_eq!(one_more.status, 400);
    assert!(one_more.text.contains("ResourceInsufficient") && one_more.has("create-session"));
    let session = one_more.attribute("name=\"session\" value=\"");
    visitor.press(START, "/console/start/select", &[("session", &session)]);
    // Players come to a session that is ready for them, which its row tells.
    let of_session = json!({"GameServerSessionId": session});
    stack.until("DescribeGameServerSessions", &of_session, |answer| {
        answer["GameServerSessions"][0]["Status"] == "ACTIVE"
    });
    let with_player =
        visitor.press(START, "/console/start/player", &[("session", &session), ("player", "anna")]);
    assert!(with_player.has("next"), "{}", with_player.text);

    // C-D4: resumed after a restart, in a new visit.
    let last = visitor.press(START, "/console/start/step", &[("step", "4")]);
    assert!(last.has("to-client") && last.has("client-ip") && last.has("complete"));
    stack.kill_and_restart();
    visitor = Visitor::of(&stack);
    let resumed = visitor.get(START);
    assert!(resumed.has("complete") && resumed.text.contains(&session), "{}", resumed.text);

    // What is said below by hand, the page's script says.
    let script = visitor.get("/console/client.js").text;
    for label in [PROTOCOL, JOIN_LABEL, PLAYER_LABEL, SERVER_LABEL] {
        assert!(script.contains(&label.replace('\0', "\\0")), "{label:?} is not in the script");
    }

    // Step 4. C-D1: two in one session see each other's messages.
    let (mut anna, welcome) = Chat::join(&client(&mut visitor, &session, "anna-2"));
    assert_eq!((&welcome["type"], &welcome["mayEnd"]), (&json!("welcome"), &json!(true)));
    let (mut bert, _) = Chat::join(&client(&mut visitor, &session, "bert"));
    anna.hear_until(&json!({"type": "joined", "playerId": "bert"}));
    bert.say(&json!({"type": "chat", "text": "<b>hello</b>"}));
    anna.hear_until(&json!({"type": "chat", "from": "bert", "text": "<b>hello</b>"}));
    stack.until("DescribeGameServerSessions", &of_session, |answer| {
        // The first player session was never used; it is counted until its minute is over.
        answer["GameServerSessions"][0]["CurrentPlayerSessionCount"].as_i64() >= Some(2)
    });

    // C-D2: closing loses the player session, and a new one is needed.
    drop(bert);
    anna.hear_until(&json!({"type": "left", "playerId": "bert"}));
    let page =
        format!("/console/client?session={}&player=bert", session.replace(':', "%3A").replace('/', "%2F"));
    assert!(visitor.until(&stack, &page, |page| page.has("no-ticket")).has("new-ticket"));
    let (mut bert, _) = Chat::join(&client(&mut visitor, &session, "bert"));

    // "End game session".
    bert.say(&json!({"type": "end"}));
    anna.hear_until(&json!({"type": "closing", "reason": "the lobby closes"}));
    assert_eq!(anna.hear(), None);
    stack.until("DescribeGameServerSessions", &of_session, |answer| {
        answer["GameServerSessions"][0]["Status"] == "TERMINATED"
    });

    // Complete: the wizard begins anew, and the fleet is still listed.
    let fresh = visitor.press(START, "/console/start/complete", &[]);
    assert!(fresh.has("demo-upload") && !fresh.text.contains(&fleet), "{}", fresh.text);
    assert!(visitor.get("/console/fleets").text.contains(&fleet));
}
