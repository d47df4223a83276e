//! Placeholders as a table.

use gse_sdk::{GameProperty, GameServerSession};

use super::Template;

fn session() -> GameServerSession {
    GameServerSession {
        game_server_session_id: "gs-1".into(),
        fleet_id: "fleet-1".into(),
        name: "friday night; \"quit\"".into(),
        max_players: 12,
        ip_address: "127.0.0.1".into(),
        traceparent: "00-trace-span-01".into(),
        game_server_session_data: "a\0b".into(),
        game_properties: vec![GameProperty { key: "map".into(), value: "ctf{port}".into() }],
        ..Default::default()
    }
}

#[test]
fn placeholders_are_filled_in_as_they_stand() {
    for (text, expected) in [
        ("", ""),
        ("plain", "plain"),
        ("sv_port {port}; x", "sv_port 3237; x"),
        ("{session.id} {session.fleet_id} {session.ip_address}", "gs-1 fleet-1 127.0.0.1"),
        // Nothing is quoted: it is one argument, whatever it holds.
        ("sv_name {session.name}", "sv_name friday night; \"quit\""),
        ("--seats={session.max_players}", "--seats=12"),
        // What is filled in is not read again.
        ("{session.property.map}", "ctf{port}"),
        ("{session.property.map|dm1}", "ctf{port}"),
        ("{session.property.mode}|", "|"),
        ("{session.property.mode|dm}", "dm"),
        ("{session.matchmaker_data|none}", "none"),
        ("--trace={session.traceparent}", "--trace=00-trace-span-01"),
        // An argument cannot hold NUL.
        ("{session.data}", "ab"),
        ("{{port}} }} }", "{port} } }"),
    ] {
        let template = Template::parse(text).unwrap();
        assert_eq!(template.fill(Some(3237), Some(&session())), expected, "{text}");
    }
}

#[test]
fn what_is_not_known_is_refused_with_what_is() {
    for text in [
        "{prot}",
        "{session}",
        "{session.property.}",
        "{}",
        "{port|1}",
        "{\"json\": 1}",
        "{port",
        "a {session.id",
    ] {
        let error = Template::parse(text).unwrap_err();
        assert!(error.contains("hint: "), "{text}: {error}");
    }
}

#[test]
fn a_template_knows_what_it_needs() {
    for (text, session, port) in
        [("{port}", false, true), ("{session.name}", true, false), ("{{port}}", false, false)]
    {
        let template = Template::parse(text).unwrap();
        assert_eq!((template.needs_session(), template.has_port()), (session, port), "{text}");
    }
}
