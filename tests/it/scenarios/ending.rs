//! S30 and S31: ending a session with its process, and what it leaves; S42 on the system's clock.

use std::io::Read as _;

use serde_json::{Value, json};
use tests::raw::{get, now, utc};

use super::kit::{Kit, Line};

/// R2: the address without the port is `MissingParameter`. R1: under FullProtection it is `FailedOperation`.
#[test]
fn s30_end_by_address() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 2);
    let session = kit.session(&fleet, 2);
    let ip = session["IpAddress"].clone();
    let end = "EndGameServerSessionAndProcess";
    assert_eq!(kit.stack.refused(end, &json!({"IpAddress": ip})), "MissingParameter");
    assert_eq!(kit.look(&session)["Status"], "ACTIVE");
    drop(kit.stack.call(end, &json!({"IpAddress": ip, "Port": session["Port"]})));
    kit.session_is(&session, "TERMINATED");
    kit.event(&fleet, "SERVER_PROCESS_FORCE_TERMINATED");
    kit.processes_become(&fleet, 2);
    let protected = kit.session(&fleet, 2);
    let id = &protected["GameServerSessionId"];
    let protect = json!({"GameServerSessionId": id, "ProtectionPolicy": "FullProtection"});
    drop(kit.stack.call("UpdateGameServerSession", &protect));
    let request = json!({"IpAddress": protected["IpAddress"], "Port": protected["Port"]});
    assert_eq!(kit.stack.refused(end, &request), "FailedOperation");
    assert_eq!(kit.look(&protected)["Status"], "ACTIVE");
}

#[test]
fn s31_logs() {
    let kit = Kit::start();
    let fleet = kit.fleet("--log ./logs", 1);
    let session = kit.session(&fleet, 2);
    let url = |answer: &Value| answer["PreSignedUrl"].as_str().map(str::to_owned);
    let question = json!({"GameServerSessionId": session["GameServerSessionId"]});
    assert_eq!(url(&kit.stack.call("GetGameServerSessionLogUrl", &question)), None, "it is not over");
    assert_eq!(Line::to(&session).say("END"), "OK");
    let answer = kit.stack.until("GetGameServerSessionLogUrl", &question, |answer| url(answer).is_some());
    let (status, bytes) = get(&url(&answer).expect("it was waited for"));
    assert_eq!(status, 200);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("the logs are a zip");
    let names = zip.file_names().map(|name| name.expect("names are text").into_owned());
    let name = names.collect::<Vec<_>>().into_iter().find(|name| name.ends_with("game.log"));
    let mut text = String::new();
    zip.by_name(&name.expect("the named file is in it"))
        .expect("it is there")
        .read_to_string(&mut text)
        .expect("it is text");
    assert!(text.contains("is over"), "{text}");
    let instance = kit.instances(&fleet, 1, 1).remove(0);
    let question = json!({"FleetId": fleet, "InstanceId": instance, "Offset": 0, "Size": 10});
    assert_eq!(kit.stack.call("GetGameServerInstanceLogUrl", &question)["Total"], 1);
}

/// On the clock of the machine, with real instances, and over a kill of the service, which may be down at the time of
/// the run. The scenario's times are told by the test of this number in gse-server.
#[test]
fn s42_timer() {
    let mut kit = Kit::start();
    let fleet = kit.fleet("", 1);
    let timer = json!({"TimerScalingPolicy": {
        "TimerName": "soon",
        "TimerConfiguration": {"TimerType": 1, "BeginTime": utc(now() + 2)},
        "TimerFleetCapacity": {
            "FleetId": fleet, "MinSize": 1, "DesiredInstances": 3, "MaxSize": 3, "ScalingType": 1,
        },
    }});
    drop(kit.stack.call("PutTimerScalingPolicy", &timer));
    let of_fleet = json!({"FleetId": fleet});
    let definition = |kit: &Kit| {
        let mut timer =
            kit.stack.call("DescribeTimerScalingPolicies", &of_fleet)["TimerScalingPolicies"][0].clone();
        timer["TimerStatus"].take();
        timer
    };
    let before = definition(&kit);
    kit.stack.kill_and_restart();
    assert_eq!(definition(&kit), before);
    let status = |answer: &Value| answer["TimerScalingPolicies"][0]["TimerStatus"].clone();
    let answer = kit.stack.until("DescribeTimerScalingPolicies", &of_fleet, |answer| status(answer) != 1);
    kit.stack.until("DescribeTimerScalingPolicies", &of_fleet, |answer| status(answer) == 4);
    assert!([json!(2), json!(4)].contains(&status(&answer)), "{answer}");
    assert_eq!(kit.capacity(&fleet), [1, 3, 3]);
    let attributes = kit.stack.call("DescribeFleetAttributes", &json!({"FleetIds": [fleet]}));
    assert_eq!(attributes["FleetAttributes"][0]["StoppedActions"], json!(["AUTO_SCALING"]));
    kit.instances(&fleet, 3, 3);
    drop(kit.stack.call("UpdateFleetCapacity", &json!({"FleetId": fleet, "DesiredInstances": 1})));
    kit.instances(&fleet, 1, 1);
    assert_eq!(kit.capacity(&fleet), [1, 1, 3]);
}
