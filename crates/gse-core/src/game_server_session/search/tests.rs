use super::*;
use crate::fixture::{World, scope, session_request};
use crate::game_server_session::CreateGameServerSession;
use crate::host::SessionCall;
use crate::id::FleetId;

/// S28: sessions a (mode=x, 2 of 4), b (mode=x, 4 of 4), c (mode=y, 0 of 4), and one that has ended.
fn world() -> (World, FleetId) {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 4);
    for (name, mode, players) in [("a", "x", 2), ("b", "x", 4), ("c", "y", 0), ("ended", "x", 1)] {
        let request = CreateGameServerSession {
            name: name.into(),
            max_players: 4,
            properties: vec![("mode".into(), mode.into()), ("Key-1".into(), "Value-1".into())],
            ..session_request(&scope(), &fleet)
        };
        let session = world.apply(request).unwrap();
        world
            .call(
                &session,
                SessionCall::Activate {
                    session: session.id.clone(),
                    max_players: 0,
                    start: Default::default(),
                },
            )
            .unwrap();
        let players: Vec<String> = (0..players).map(|number| format!("p{number}")).collect();
        let players: Vec<&str> = players.iter().map(String::as_str).collect();
        world.join(&session.id, &players).unwrap();
        if name == "ended" {
            world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
        }
        world.pass_seconds(1);
    }
    (world, fleet)
}

fn query(fleet: &FleetId, filter: Option<&str>, sort: Option<&str>) -> SearchQuery {
    SearchQuery {
        scope: scope(),
        target: Target { fleet: Some(fleet.clone()), alias: None },
        filter: filter.map(String::from),
        sort: sort.map(String::from),
        next_token: None,
        limit: 20,
    }
}

fn names(world: &World, query: &SearchQuery) -> String {
    let page = search(world.control_plane.state(), query).unwrap();
    page.items.iter().map(|session| session.name.as_str()).collect()
}

#[test]
fn s28_what_filters_find() {
    let (world, fleet) = world();
    let table = [
        ("gameServerSessionProperties.mode = 'x' AND hasAvailablePlayerSessions=true", "a"),
        ("playerSessionCount>=2", "ab"),
        ("NOT playerSessionCount>=2", "c"),
        (
            "gameServerSessionProperties.mode='y' OR gameServerSessionProperties.mode='x' AND playerSessionCount=4",
            "bc",
        ),
        (
            "(gameServerSessionProperties.mode='y' OR gameServerSessionProperties.mode='x') AND playerSessionCount=4",
            "b",
        ),
        ("not not playerSessionCount = 0 or gameServerSessionName='a'", "ac"),
        // G29: bare words keep their hyphens.
        ("gameServerSessionProperties.Key-1=Value-1", "abc"),
        ("gameServerSessionProperties.unknown=''", ""),
        ("gameServerSessionProperties.unknown<>''", "abc"),
        ("playerSessionCount > 1.5 AND playerSessionCount < 2.0001", "a"),
        ("playerSessionCount = 2.0", "a"),
        ("playerSessionCount >= -1", "abc"),
        ("gameServerSessionName <> 'a' AND maximumSessions<=4", "bc"),
        // G28.
        (
            "(maximumSessions>=10 OR playerSessionCount=0) OR NOT (creationTimeMillis>1575518668000) OR (maximumSessions>=10 AND hasAvailablePlayerSessions=true)",
            "c",
        ),
        ("", "abc"),
        ("  ", "abc"),
    ];
    for (filter, wanted) in table {
        assert_eq!(names(&world, &query(&fleet, Some(filter), None)), wanted, "{filter}");
    }
    assert_eq!(names(&world, &query(&fleet, None, None)), "abc");
}

#[test]
fn s28_sorting() {
    let (world, fleet) = world();
    let table = [
        ("playerSessionCount DESC", "bac"),
        ("playerSessionCount", "cab"),
        ("gameServerSessionName desc", "cba"),
        ("creationTimeMillis DESC", "cba"),
        ("gameServerSessionId ASC", "abc"),
    ];
    for (sort, wanted) in table {
        assert_eq!(names(&world, &query(&fleet, None, Some(sort))), wanted, "{sort}");
        // The same order page by page.
        let mut paged = SearchQuery { limit: 1, ..query(&fleet, None, Some(sort)) };
        let mut seen = String::new();
        loop {
            let page = search(world.control_plane.state(), &paged).unwrap();
            seen.extend(page.items.iter().map(|session| session.name.as_str()));
            paged.next_token = page.next_token;
            if paged.next_token.is_none() {
                break;
            }
        }
        assert_eq!(seen, wanted, "{sort} by one");
    }
}

/// G30.
#[test]
fn g30_errors_name_the_member_and_the_position() {
    let (world, fleet) = world();
    let long = format!("gameServerSessionName='{}'", "x".repeat(4096));
    let many = vec!["playerSessionCount=1"; 65].join(" OR ");
    let deep = format!("{}playerSessionCount=1{}", "(".repeat(40), ")".repeat(40));
    for filter in [
        "foo=1",
        "gameServerSessionName>'a'",
        "maximumSessions=abc",
        "a=",
        "(playerSessionCount=1",
        "playerSessionCount >",
        "playerSessionCount=1)",
        "playerSessionCount=1 playerSessionCount=1",
        "gameServerSessionName='a",
        "gameServerSessionName=\"a\"",
        "gameServerSessionProperties.=1",
        "AND",
        "NOT",
        &long,
        &many,
        &deep,
    ] {
        let error = search(world.control_plane.state(), &query(&fleet, Some(filter), None)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("`FilterExpression`") && text.contains("at position"), "{filter}: {text}");
    }
    for sort in
        ["hasAvailablePlayerSessions", "playerSessionCount UP", "", "ASC", "gameServerSessionProperties.a"]
    {
        let result = search(world.control_plane.state(), &query(&fleet, None, Some(sort)));
        assert_eq!(result.is_err(), !sort.is_empty(), "{sort}");
    }
}

#[test]
fn quotes_can_be_escaped() {
    for (text, wanted) in [("'it''s'", "it's"), (r"'it\'s'", "it's"), (r"'a\\b'", r"a\b"), ("''", "")] {
        let filter = parse_filter(&format!("gameServerSessionName={text}")).unwrap();
        assert_eq!(filter, Filter::Text(Operand::GameServerSessionName, true, wanted.into()));
    }
}
