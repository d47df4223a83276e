//! W1 and W2, number by number.

use serde_json::{Value, json};
use tests::package;
use tests::stack::{Stack, fleet_request};

use super::kit::{Kit, Line, all_of, code};

const STATES: [&str; 6] = ["NEW", "DOWNLOADING", "VALIDATING", "BUILDING", "ACTIVATING", "ACTIVE"];

const EVENTS: [&str; 8] = [
    "FLEET_CREATED",
    "FLEET_STATE_DOWNLOADING",
    "FLEET_CREATION_EXTRACTING_BUILD",
    "FLEET_CREATION_VALIDATING_RUNTIME_CONFIG",
    "FLEET_STATE_VALIDATING",
    "FLEET_STATE_BUILDING",
    "FLEET_STATE_ACTIVATING",
    "FLEET_STATE_ACTIVE",
];

#[test]
fn w1_getting_started() {
    let stack = Stack::start();
    // 1 to 4
    let asset = stack.create_asset(&package::misbehaving(stack.directory()));
    assert!(asset.starts_with("asset-"), "{asset}");
    assert_eq!(stack.checked_asset(&asset), 2);
    let found = stack.call("DescribeAsset", &json!({"AssetId": asset}))["Asset"].clone();
    let shown = ["BindFleetNum", "ResourceType", "SharingStatus"].map(|name| found[name].clone());
    assert_eq!(shown, [json!(0), json!("ASSET"), json!("UNKNOWN_SHARED")]);
    // 5
    let process = json!({"LaunchPath": "/local/game/misbehave", "ConcurrentExecutions": 10});
    let mut request = fleet_request(&asset, &process);
    let open = json!([{"FromPort": 1025, "ToPort": 60000, "Protocol": "TCP", "IpRange": "0.0.0.0/0"}]);
    request["InboundPermissions"] = open;
    let made = stack.call("CreateFleet", &request)["FleetAttributes"].clone();
    assert_eq!((&made["Status"], &made["StoppedActions"]), (&json!("NEW"), &json!([])));
    let fleet = made["FleetId"].as_str().expect("an id").to_owned();
    // 6
    let seen = std::cell::RefCell::new(vec![0]);
    stack.until("DescribeFleetAttributes", &json!({"FleetIds": [fleet]}), |answer| {
        let status = &answer["FleetAttributes"][0]["Status"];
        let place = STATES.iter().position(|state| status == state).expect("a state of the way");
        seen.borrow_mut().push(place);
        place + 1 == STATES.len()
    });
    assert!(seen.borrow().is_sorted(), "{seen:?}");
    // 7
    assert_eq!(stack.events(&fleet), EVENTS);
    // 8, 9
    let answer = stack.call("DescribeFleetCapacity", &json!({"FleetIds": [fleet]}));
    let counts = &answer["FleetCapacity"][0]["InstanceCounts"];
    let names = ["MiniNum", "MaxiNum", "Desired", "Active", "Idle", "Pending", "Terminating"];
    assert_eq!(names.map(|name| counts[name].as_i64()), [0, 1, 1, 1, 1, 0, 0].map(Some), "{counts}");
    let kit = Kit { stack, asset };
    kit.processes_become(&fleet, 10);
    let extended = |kit: &Kit| {
        let answer = kit.stack.call("DescribeInstancesExtend", &all_of(&fleet));
        assert_eq!(answer["TotalCount"], 1);
        let one = answer["Instances"][0].clone();
        assert_eq!(one["Instance"]["Status"], "RUNNING");
        ["ActiveProcessCnt", "HealthyProcessCnt", "GameSessionCnt", "MaxGameSessionCnt"]
            .map(|name| one[name].as_i64().expect("a count"))
    };
    assert_eq!(extended(&kit), [10, 10, 0, 10]);
    w1_play(&kit, &fleet);
    assert_eq!(extended(&kit), [10, 10, 0, 10]);
    // 17, 18
    let create = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 10});
    for _ in 0..10 {
        kit.create(&create).expect("the ended process is usable again");
    }
    assert_eq!(code(kit.create(&create)), "ResourceInsufficient");
}

/// 10 to 16.
fn w1_play(kit: &Kit, fleet: &str) {
    let create = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 10});
    let session = kit.create(&create).expect("there are ten processes");
    let names = [
        "Status",
        "PlayerSessionCreationPolicy",
        "AvailabilityStatus",
        "Weight",
        "CurrentPlayerSessionCount",
    ];
    let shown = names.map(|name| session[name].clone());
    assert_eq!(shown, [json!("ACTIVATING"), json!("ACCEPT_ALL"), json!("Enable"), json!(5), json!(0)]);
    let session = kit.session_is(&session, "ACTIVE");
    let alice = kit.seat(&session, "alice");
    assert!(alice["PlayerSessionId"].as_str().is_some_and(|id| id.starts_with("psess-")), "{alice}");
    let place = |value: &Value| (value["IpAddress"].clone(), value["Port"].clone());
    assert_eq!((&alice["Status"], place(&alice)), (&json!("RESERVED"), place(&session)));
    let mut line = Line::to(&alice);
    assert_eq!(line.join(&alice), "OK");
    kit.player_is(&alice, "ACTIVE");
    assert_eq!(kit.look(&session)["CurrentPlayerSessionCount"], 1);
    let bob = kit.seat(&session, "bob");
    let mut other = Line::to(&bob);
    assert_eq!(other.join(&bob), "OK");
    other.shout("SAY hi");
    assert_eq!(line.hear(), "hi");
    assert_eq!(line.say("END"), "OK");
    let over = kit.session_is(&session, "TERMINATED");
    assert!(over["TerminationTime"].is_string(), "{over}");
    for player in [&alice, &bob] {
        kit.player_is(player, "COMPLETED");
    }
}

#[test]
fn w2_update_without_downtime() {
    let kit = Kit::start();
    // 1, 2
    let [first, second] = [kit.fleet("", 2), kit.fleet("", 2)];
    let simple = |fleet: &str| json!({"Type": "SIMPLE", "FleetId": fleet});
    let request = json!({"Name": "zero-downtime", "RoutingStrategy": simple(&first)});
    let alias = kit.stack.call("CreateAlias", &request)["Alias"]["AliasId"].clone();
    let resolved = || kit.stack.call("ResolveAlias", &json!({"AliasId": alias}))["FleetId"].clone();
    assert_eq!(resolved(), first.as_str());
    // 3, 4
    let create = json!({"AliasId": alias, "MaximumPlayerSessionCount": 10});
    let old = kit.session_of(&create);
    assert_eq!(old["FleetId"], first.as_str());
    let player = kit.seat(&old, "p1");
    let mut line = Line::to(&player);
    assert_eq!(line.join(&player), "OK");
    kit.player_is(&player, "ACTIVE");
    // 5 to 8
    let update = |routing: Value| {
        let request = json!({"AliasId": alias, "RoutingStrategy": routing});
        kit.stack.call("UpdateAlias", &request)["Alias"].clone()
    };
    update(simple(&second));
    assert_eq!(resolved(), second.as_str());
    let new = kit.session_of(&create);
    assert_eq!(new["FleetId"], second.as_str());
    let live = |fleet: &str| {
        let all = kit.stack.call("DescribeGameServerSessions", &json!({"FleetId": fleet}));
        let sessions = all["GameServerSessions"].as_array().expect("sessions are a list").iter();
        let live = sessions.filter(|session| session["Status"] == "ACTIVE");
        live.map(|session| session["GameServerSessionId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(live(&first), [old["GameServerSessionId"].clone()]);
    assert_eq!(live(&second), [new["GameServerSessionId"].clone()]);
    assert_eq!(kit.seat(&old, "p2")["Status"], "RESERVED");
    // 9, 10
    assert_eq!(line.say("END"), "OK");
    kit.session_is(&old, "TERMINATED");
    assert_eq!((live(&first).len(), live(&second).len()), (0, 1));
    let fleet = json!({"FleetId": first});
    assert_eq!(kit.stack.refused("DeleteFleet", &fleet), "ResourceInUse");
    // 11, 12
    kit.set_capacity(&first, [0, 0, 1]);
    kit.instances(&first, 0, 0);
    assert_eq!(kit.stack.call("DescribeFleetRelatedResources", &fleet)["Resources"], json!([]));
    drop(kit.stack.call("DeleteFleet", &fleet));
    kit.stack.until("DescribeFleetAttributes", &json!({"FleetIds": [first]}), |answer| {
        answer["FleetAttributes"][0]["Status"] == "TERMINATED"
    });
    assert!(kit.has_event(&first, "FLEET_STATE_DELETING") && kit.has_event(&first, "FLEET_DELETED"));
    // 13
    let moved = update(json!({"Type": "TERMINAL", "Message": "moved"}));
    assert_eq!(moved["RoutingStrategy"]["Type"], "TERMINAL");
    let refusal = kit.create(&create).expect_err("it leads nowhere");
    assert_eq!((refusal.code.as_str(), refusal.message.contains("moved")), ("ResourceUnavailable", true));
}

/// R73: steps that only a cloud had to wait for take their time; here a second each.
#[test]
fn w1_at_the_pace_of_a_cloud() {
    let settings = ["--pace=real", "pace.machine=1s", "pace.setup=1s"];
    let kit = Kit::with_settings(&settings);
    let fleet = kit.fleet("", 1);
    let answer = kit.stack.call("DescribeFleetEvents", &json!({"FleetId": fleet, "Limit": 100}));
    let events = answer["Events"].as_array().expect("events are a list");
    let time = |code: &str| {
        let event = events.iter().find(|event| event["EventCode"] == code);
        event.expect(code)["EventTime"].as_str().expect("a time").to_owned()
    };
    // Whole seconds, so a second between them shows.
    let steps = ["FLEET_CREATED", "FLEET_STATE_DOWNLOADING", "FLEET_STATE_ACTIVATING", "FLEET_STATE_ACTIVE"];
    let times = steps.map(time);
    assert!(times.is_sorted_by(|earlier, later| earlier < later), "{times:?}");
    assert!(time("FLEET_STATE_BUILDING") < times[2], "{times:?}");
}
