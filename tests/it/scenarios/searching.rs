//! S28 and S29: finding sessions, and going through lists.

use serde_json::{Value, json};

use super::kit::{Kit, Line, code};

#[test]
fn s28_search() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 4);
    let made = |name: &str, mode: &str, players: usize| {
        let session = kit.session_of(&json!({
            "FleetId": fleet, "MaximumPlayerSessionCount": 4, "Name": name,
            "GameProperties": [{"Key": "mode", "Value": mode}],
        }));
        for player in 0..players {
            kit.seat(&session, &format!("{name}-{player}"));
        }
        session
    };
    made("a", "x", 2);
    made("b", "x", 4);
    made("c", "y", 0);
    let ended = made("d", "x", 0);
    assert_eq!(Line::to(&ended).say("END"), "OK");
    kit.session_is(&ended, "TERMINATED");
    let names = |answer: &Value| {
        let sessions = answer["GameServerSessions"].as_array().expect("sessions are a list").iter();
        sessions.map(|session| session["Name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let search = |filter: &str, sort: &str| {
        let mut request = json!({"FleetId": fleet});
        if !filter.is_empty() {
            request["FilterExpression"] = filter.into();
        }
        if !sort.is_empty() {
            request["SortExpression"] = sort.into();
        }
        kit.stack.try_call("SearchGameServerSessions", &request)
    };
    let found = |filter: &str| {
        let answer = search(filter, "").unwrap_or_else(|refusal| panic!("{filter}: {refusal:?}"));
        let mut names = names(&answer);
        names.sort();
        names.join(" ")
    };
    let property = "gameServerSessionProperties.mode";
    assert_eq!(found(&format!("{property} = 'x' AND hasAvailablePlayerSessions=true")), "a");
    assert_eq!(found("playerSessionCount>=2"), "a b");
    assert_eq!(found("NOT playerSessionCount>=2"), "c");
    assert_eq!(found(&format!("{property}='y' OR {property}='x' AND playerSessionCount=4")), "b c");
    let sorted = search("", "playerSessionCount DESC").expect("it can be sorted");
    assert_eq!(names(&sorted), ["b", "a", "c"]);
    assert_eq!(code(search("playerSessionCount >", "")), "InvalidParameterValue");
}

#[test]
fn s29_paging() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 5);
    let mut wanted: Vec<Value> =
        (0..5).map(|_| kit.session(&fleet, 2)["GameServerSessionId"].clone()).collect();
    let (mut found, mut sizes, mut token) = (vec![], vec![], String::new());
    loop {
        let mut request = json!({"FleetId": fleet, "Limit": 2});
        if !token.is_empty() {
            request["NextToken"] = token.into();
        }
        let answer = kit.stack.call("DescribeGameServerSessions", &request);
        let page = answer["GameServerSessions"].as_array().expect("sessions are a list");
        sizes.push(page.len());
        found.extend(page.iter().map(|session| session["GameServerSessionId"].clone()));
        token = answer["NextToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    let text = |id: &Value| id.to_string();
    wanted.sort_by_key(text);
    found.sort_by_key(text);
    assert_eq!(found, wanted);
}
