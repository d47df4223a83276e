//! Writes the hand-made seeds (real requests, datagrams, packages and rows) and the dictionaries. Run from `fuzz/`:
//! `cargo run --example seeds`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fuzz::package::{Entry, to_script, zip};
use fuzz::world;
use game_net::client::Client;
use game_net::handshake::{ResumeToken, Secret, client_proof, server_proof};
use game_net::protocol::seen::SeenDatagram;
use game_net::protocol::{ClientMessage, Hosting, Presence, Score, ServerMessage, SnapshotRate};
use game_net::server::Server;
use game_sim::{Aim, Direction, EndReason, MatchConfig, PlayerInput, PlayerSlot};
use gse_api::Action;
use gse_api::schema::{Structure, ValueType};
use gse_core::RowKind;
use serde_json::{Map, Value};

fn main() {
    cloud_requests();
    search_expressions();
    packages();
    streams();
    datagrams();
    rows();
    words();
    calls();
    dictionaries();
}

fn write(target: &str, name: &str, bytes: impl AsRef<[u8]>) {
    let directory = Path::new("corpus").join(target);
    fs::create_dir_all(&directory).expect("a writable corpus");
    fs::write(directory.join(name), bytes).expect("a writable corpus");
}

/// Words that mean something: the fuzzer puts them in where it pleases.
fn dictionaries() {
    let mut words = BTreeSet::new();
    for action in Action::ALL {
        names(action.request_schema(), &mut words);
    }
    dictionary("cloud_request", words);
    let mut words = BTreeSet::new();
    for row in world::rows() {
        let text = serde_json::to_string(&row).expect("a row");
        // Every second piece stands between quotes.
        words.extend(text.split('"').skip(1).step_by(2).map(|word| format!("\"{word}\"")));
    }
    dictionary("store_row", words);
    let words = "gameServerSessionName gameServerSessionId maximumSessions creationTimeMillis playerSessionCount \
                 hasAvailablePlayerSessions gameServerSessionProperties. AND OR NOT ASC DESC true false 'duel' <> >= <=";
    dictionary("search_expression", words.split(' ').map(|word| format!(" {word}")).collect());
}

fn names(schema: &'static Structure, words: &mut BTreeSet<String>) {
    for member in schema.members {
        words.insert(format!("\"{}\":", member.name));
        let mut kind = &member.value;
        while let ValueType::List(list) = kind {
            kind = list.item;
        }
        match kind {
            ValueType::Object(schema) => names(schema, words),
            ValueType::Text(limits) => words.extend(limits.one_of.iter().map(|word| format!("\"{word}\""))),
            ValueType::Integer(_) | ValueType::Float | ValueType::Boolean | ValueType::List(_) => {}
        }
    }
}

fn dictionary(target: &str, words: BTreeSet<String>) {
    let escape = |word: &String| word.replace('\\', "\\\\").replace('"', "\\\"");
    let lines: String =
        words.iter().filter(|word| word.len() < 64).map(|word| format!("\"{}\"\n", escape(word))).collect();
    fs::create_dir_all("dictionaries").expect("a writable directory");
    fs::write(Path::new("dictionaries").join(format!("{target}.dict")), lines).expect("a writable directory");
}

/// The required members of every action, and heads and uploads of all shapes.
fn cloud_requests() {
    for (number, action) in (0_u8..).zip(Action::ALL) {
        let body = Value::Object(members(action.request_schema(), true));
        write("cloud_request", &format!("least-{}", action.name()), format!("B{}{body}", char::from(number)));
    }
    for name in
        ["CreateFleet", "PutScalingPolicy", "StartGameServerSessionPlacement", "UpdateFleetPortSettings"]
    {
        let (number, action) =
            (0_u8..).zip(Action::ALL).find(|(_, action)| action.name() == name).expect("an action");
        let body = Value::Object(members(action.request_schema(), false));
        write("cloud_request", &format!("all-{name}"), format!("B{}{body}", char::from(number)));
    }
    let common = "Host: localhost:8080\nX-TC-Action: ListFleets\nX-TC-Version: 2019-11-12\nX-TC-Timestamp: 1609502400\nX-TC-Region: ap-shanghai\nAuthorization: SIGN";
    for (name, first, kind) in [
        ("json", "POST / ", "application/json"),
        ("form", "POST / ", "application/x-www-form-urlencoded; charset=utf-8"),
        ("multipart", "POST / ", "multipart/form-data; boundary=x"),
        ("get", "GET /gse Limit=1&Offset=2", "application/x-www-form-urlencoded"),
    ] {
        let head = format!("H\0{first}\nContent-Type: {kind}\n{common}\n\n{{\"Limit\":1}}");
        write("cloud_request", &format!("head-{name}"), head);
    }
    let zeros = "0".repeat(64);
    let scope = "Credential=AKIDfuzz/2021-01-01/gse/tc3_request";
    let signed =
        format!("TC3-HMAC-SHA256 {scope}, SignedHeaders=content-type;host;x-tc-action, Signature={zeros}");
    let head = common.replace("SIGN", &signed);
    write(
        "cloud_request",
        "head-forged",
        format!("H\0POST / \nContent-Type: application/json\n{head}\n\n{{}}"),
    );
    write(
        "cloud_request",
        "head-v1",
        "H\u{5}GET / Action=ListFleets&Nonce=1&Signature=x&SecretId=AKIDfuzz\n\n",
    );
    write(
        "cloud_request",
        "upload",
        format!(
            "Uq-sign-algorithm=sha1&q-ak=AKIDfuzz&q-sign-time=1609502399;1609502760&q-key-time=1609502399;1609502760&q-header-list=host&q-url-param-list=&q-signature={}\n/server%20v1.zip\nbucket-1.cos.localhost:8080",
            &zeros[..40]
        ),
    );
}

fn members(schema: &Structure, required: bool) -> Map<String, Value> {
    let members = schema.members.iter().filter(|member| member.required || !required);
    members.map(|member| (member.name.to_owned(), value(&member.value, required))).collect()
}

fn value(kind: &ValueType, required: bool) -> Value {
    match kind {
        ValueType::Text(limits) => match limits.one_of.first() {
            Some(word) => (*word).into(),
            None => "a-1".repeat(limits.min_length.div_ceil(3).max(1)).into(),
        },
        ValueType::Integer(limits) => {
            limits.one_of.first().copied().or(limits.minimum).unwrap_or(1).max(0).into()
        }
        ValueType::Float => 1.5.into(),
        ValueType::Boolean => true.into(),
        ValueType::List(list) => vec![value(list.item, required); list.min_items.max(1)].into(),
        ValueType::Object(schema) => Value::Object(members(schema, required)),
    }
}

fn search_expressions() {
    for (name, text) in [
        ("name", "gameServerSessionName = 'duel'\ngameServerSessionName DESC"),
        ("escape", "gameServerSessionName <> 'it''s a \\\\ \\'lobby'\nplayerSessionCount"),
        (
            "numbers",
            "playerSessionCount >= 0 AND maximumSessions < 10.5 OR creationTimeMillis > 1609502400000.0001\ncreationTimeMillis ASC",
        ),
        (
            "not",
            "NOT (hasAvailablePlayerSessions = true OR gameServerSessionProperties.mode = 'duel')\nmaximumSessions DESC",
        ),
        ("property", "gameServerSessionProperties.Map='arena' and not gameServerSessionProperties.x <> '1'"),
        ("id", "gameServerSessionId = x\ngameServerSessionId"),
        ("token", "\n\nntoken-0000000000000000-0000000000000000-6162"),
    ] {
        write("search_expression", name, text);
    }
}

fn packages() {
    const FILE: u16 = 0o100_644;
    const LINK: u16 = 0o120_777;
    const DIRECTORY: u16 = 0o040_755;
    let entry = |name: &'static str, mode, content: &'static str| Entry {
        name: name.as_bytes(),
        mode,
        content: content.as_bytes(),
    };
    let good = [
        entry("bin/", DIRECTORY, ""),
        entry("bin/server", 0o100_755, "#!/bin/sh\n"),
        entry("install.sh", FILE, "exit 0\n"),
        entry("lib/current", LINK, "../bin"),
        entry("latest", LINK, "lib/current/server"),
    ];
    write("zip_package", "good-zip", zip(&good));
    write("zip_package", "good", to_script(&good));
    for (name, entries) in [
        ("dots", vec![entry("a/../../outside", FILE, "x"), entry("./b//c", FILE, "x")]),
        ("absolute", vec![entry("/etc/x", FILE, "x"), entry("C:\\x", FILE, "x")]),
        ("link-out", vec![entry("ok", FILE, "x"), entry("d/out", LINK, "../../..")]),
        ("link-parent", vec![entry("out", LINK, "in"), entry("out/evil", FILE, "x")]),
        ("twice", vec![entry("a", FILE, "x"), entry("./a", FILE, "y"), entry("a/", DIRECTORY, "")]),
        ("same-name", vec![entry("a", FILE, "first"), entry("b", FILE, "x"), entry("a", FILE, "second")]),
        ("special", vec![entry("ok", 0o104_777, "x"), entry("dev", 0o060_644, "")]),
    ] {
        write("zip_package", name, to_script(&entries));
    }
}

fn config() -> MatchConfig {
    MatchConfig { players: vec!["ann".into(), "bob".into()], ticks_max: 300, score_to_win: 5 }
}

fn streams() {
    let exporter = [7; 32];
    let client = [
        ClientMessage::Hello {
            player_id: "ann".into(),
            proof: client_proof(Secret::PlayerSessionId("psess-1"), &exporter),
        },
        ClientMessage::ChatSend { text: "hello".into() },
        ClientMessage::Leave,
    ];
    let token = ResumeToken([7; 16]);
    let again = client_proof(Secret::ResumeToken(&token), &exporter);
    let watch = client_proof(Secret::SpectatorKey("the key of a session"), &exporter);
    for (name, message) in [
        ("resume", ClientMessage::Resume { player_id: "ann".into(), proof: again }),
        ("watch", ClientMessage::Watch { proof: watch }),
    ] {
        write("game_stream", name, [&[0, 0][..], &message.to_frame().expect("a message")].concat());
    }
    let client: Vec<u8> = client.iter().flat_map(|message| message.to_frame().expect("a message")).collect();
    write("game_stream", "client", [&[3, 0][..], &client].concat());
    let proof = server_proof(Secret::PlayerSessionId("psess-1"), &exporter);
    let scores = vec![Score { player_id: "ann".into(), score: 5 }];
    for (name, message) in [
        (
            "welcome",
            ServerMessage::Welcome {
                proof,
                hosting: Hosting::Match { players_wanted: 2 },
                resume: Some(token),
            },
        ),
        (
            "start",
            ServerMessage::MatchStart {
                slot: PlayerSlot(1),
                config: config(),
                snapshot_rate: SnapshotRate::Hz20,
            },
        ),
        ("watching", ServerMessage::WatchStart { config: config(), snapshot_rate: SnapshotRate::Hz60 }),
        ("countdown", ServerMessage::Countdown { left_ms: 290_000 }),
        ("end", ServerMessage::MatchEnd { winner: "ann".into(), scores, reason: EndReason::ScoreReached }),
        ("here", ServerMessage::Presence(Presence::Here { player_ids: config().players })),
        ("chat", ServerMessage::Chat { from: "ann".into(), text: "hello".into() }),
        ("closing", ServerMessage::Closing { reason: "bye".into() }),
    ] {
        write("game_stream", name, [&[0, 1][..], &message.to_frame().expect("a message")].concat());
    }
}

/// Two players, ticks on both sides, and real datagrams as raw bytes.
fn datagrams() {
    let play = [6, 9, 4, 7, 7, 7, 5].repeat(20);
    write("game_datagram", "play", [&[0, 7][..], &play].concat());
    write("game_datagram", "late", [&[14, 7][..], &[6, 16].repeat(30), &[4, 7, 7, 7, 5, 6, 1]].concat());
    write(
        "game_datagram",
        "damaged",
        [&[1, 7, 6, 9, 2, 4, 1, 7, 7, 7, 3, 1, 0x40, 3, 20, 1, 5, 6, 9][..]].concat(),
    );
    let seen = SeenDatagram { snapshot_tick: 3 }.encode();
    write("game_datagram", "watched", [&[0, 3, 7, 7, 7, 9, 5][..], &seen, &[8, 0, 7, 8, 1, 7]].concat());
    let mut client = Client::new(&config(), PlayerSlot(0), SnapshotRate::Hz20).expect("a good configuration");
    let input = client.tick(PlayerInput {
        direction: Direction { x: 1, y: 0 },
        dash: true,
        shoot: true,
        aim: Some(Aim(200)),
        rewind_ticks: 0,
    });
    write("game_datagram", "input", [&[0, 7, 0, input.len() as u8][..], &input].concat());
    let mut server = Server::new(&config(), 7, SnapshotRate::Hz20).expect("a good configuration");
    let sent: Vec<_> = (0..3).flat_map(|_| server.tick()).collect();
    let snapshot = &sent[0].datagram;
    write("game_datagram", "snapshot", [&[0, 7, 6, 9, 1, snapshot.len() as u8][..], snapshot].concat());
}

/// One of each kind, and all that are made together.
fn rows() {
    let kind =
        |row: &gse_core::Row| RowKind::ALL.iter().position(|kind| *kind == row.kind()).expect("a kind") as u8;
    let line = |row: &gse_core::Row| [vec![kind(row)], serde_json::to_vec(row).expect("a row")].concat();
    let rows = world::rows();
    for row in &rows {
        write("store_row", row.kind().table_name(), line(row));
    }
    write("store_row", "world", rows.iter().map(line).collect::<Vec<_>>().join(&b'\n'));
}

fn words() {
    for (name, text) in [
        ("quotes", "--name 'a b' \"c \\\" d\\n\" e\\ f ''"),
        ("path", "/local/game/./bin/../server"),
        ("windows", "C:\\game\\bin\\server.exe"),
        ("time", "2021-04-10T10:56:38.123+08:00"),
        ("clock", "player.reserve=500ms"),
        ("number", "-62135596800001"),
        ("destination", "qcs::gse:ap-shanghai:uin/100000000001:fleet/fleet-0001"),
    ] {
        write("launch_words", name, text);
    }
}

/// ProcessReady by pid and by token, a session that is given, activated and ended, a process that ends.
fn calls() {
    let ready = [0, 1, 3, 0, 0, 1, 10, 20];
    let by_token = [0, 2, 0, 6, 0, 1, 11, 21];
    let answer = [5, 2];
    let start = [6, 0, 1, 1, 7, 1, 1, 2, 1];
    let activate = [0, 1, 3, 0, 1, 1, 0];
    let end = [0, 1, 3, 0, 6, 1, 5, 2, 0, 1, 3, 0, 7, 4, 1, 3, 60, 3, 200];
    let all =
        [&ready[..], &answer, &by_token, &answer, &start, &activate, &answer, &[3, 61, 3, 61], &end].concat();
    write("agent_calls", "life", all);
    write(
        "agent_calls",
        "adopted",
        [0, 1, 0xe3, b'7', b'7', b'7', 0, 0, 1, 10, 20, 5, 2, 3, 60, 3, 60, 3, 60, 3, 60],
    );
}
