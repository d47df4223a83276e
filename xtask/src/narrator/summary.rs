//! Long answers in one line: the members of each action's answer that matter to a reader.

use serde_json::Value;

/// What to show of an answer: a JSON pointer each; the name shown is its last part.
const MEMBERS: &[(&str, &[&str])] = &[
    ("GetUploadCredentials", &["/BucketName"]),
    ("CreateAsset", &["/AssetId"]),
    ("DescribeAsset", &["/Asset/Stauts", "/Asset/Size"]),
    ("CreateFleet", &["/FleetAttributes/FleetId", "/FleetAttributes/Status"]),
    ("DescribeFleetAttributes", &["/FleetAttributes/0/Status"]),
    ("CreateGameServerSession", &["/GameServerSession/GameServerSessionId", "/GameServerSession/Status"]),
    (
        "DescribeGameServerSessions",
        &["/GameServerSessions/0/Status", "/GameServerSessions/0/CurrentPlayerSessionCount"],
    ),
    (
        "SearchGameServerSessions",
        &["/GameServerSessions/0/Name", "/GameServerSessions/0/CurrentPlayerSessionCount"],
    ),
    (
        "JoinGameServerSession",
        &[
            "/PlayerSession/PlayerSessionId",
            "/PlayerSession/IpAddress",
            "/PlayerSession/Port",
            "/PlayerSession/Status",
        ],
    ),
    (
        "JoinGameServerSessionBatch",
        &["/PlayerSessions/0/PlayerSessionId", "/PlayerSessions/1/PlayerSessionId"],
    ),
    ("DescribePlayerSessions", &["/PlayerSessions/0/Status", "/PlayerSessions/1/Status"]),
    ("CreateAlias", &["/Alias/AliasId"]),
    ("UpdateAlias", &["/Alias/RoutingStrategy/FleetId"]),
    ("ResolveAlias", &["/FleetId"]),
    ("CreateGameServerSessionQueue", &["/GameServerSessionQueue/GameServerSessionQueueArn"]),
    ("StartGameServerSessionPlacement", &["/GameServerSessionPlacement/Status"]),
    (
        "DescribeGameServerSessionPlacement",
        &[
            "/GameServerSessionPlacement/Status",
            "/GameServerSessionPlacement/IpAddress",
            "/GameServerSessionPlacement/Port",
        ],
    ),
    ("StopGameServerSessionPlacement", &["/GameServerSessionPlacement/Status"]),
    (
        "DescribeFleetCapacity",
        &[
            "/FleetCapacity/0/InstanceCounts/Desired",
            "/FleetCapacity/0/InstanceCounts/Active",
            "/FleetCapacity/0/InstanceCounts/Terminating",
        ],
    ),
    ("DescribeInstances", &["/Instances/0/InstanceId", "/Instances/0/Status"]),
];

/// The answer of an action in one line.
pub(crate) fn summary(action: &str, answer: &Value) -> String {
    if let Some(players) = answer.get("PlayerSessions").and_then(Value::as_array) {
        return players_in_short(players);
    }
    let members = MEMBERS.iter().find(|(name, _)| *name == action).map_or(&[][..], |(_, members)| members);
    let shown: Vec<String> = members
        .iter()
        .filter_map(|pointer| {
            let value = answer.pointer(pointer)?;
            if value == "" || (value == 0 && pointer.ends_with("/Port")) {
                return None; // not known yet
            }
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some(format!("{} {text}", pointer.rsplit('/').next().unwrap_or(pointer)))
        })
        .collect();
    match shown.is_empty() {
        false => shown.join("  "),
        true if members.is_empty() => "ok".to_owned(),
        true => "none".to_owned(),
    }
}

/// Who, and in what state; by name, because players who came together have no other order.
fn players_in_short(players: &[Value]) -> String {
    let text = |player: &Value, member: &str| player[member].as_str().unwrap_or_default().to_owned();
    let mut shown: Vec<String> = players
        .iter()
        .map(|player| format!("{} {}", text(player, "PlayerId"), text(player, "Status")))
        .collect();
    shown.sort();
    if shown.is_empty() { "none".to_owned() } else { shown.join("  ") }
}

#[cfg(test)]
mod tests {
    use super::summary;
    use serde_json::json;

    #[test]
    fn only_the_members_that_matter_are_shown() {
        let answer =
            json!({"Asset": {"Stauts": 2, "Size": "11M", "AssetId": "asset-12345678"}, "RequestId": "r"});
        assert_eq!(summary("DescribeAsset", &answer), "Stauts 2  Size 11M");
    }

    #[test]
    fn what_is_not_known_yet_is_not_shown() {
        let answer = json!({"GameServerSessionPlacement": {"Status": "PENDING", "IpAddress": "", "Port": 0}});
        assert_eq!(summary("DescribeGameServerSessionPlacement", &answer), "Status PENDING");
    }

    #[test]
    fn an_empty_list_is_said() {
        assert_eq!(summary("SearchGameServerSessions", &json!({"GameServerSessions": []})), "none");
    }

    #[test]
    fn players_are_named_with_their_state() {
        let players =
            json!([{"PlayerId": "ben", "Status": "ACTIVE"}, {"PlayerId": "ada", "Status": "COMPLETED"}]);
        let answer = json!({"PlayerSessions": players});
        assert_eq!(summary("DescribePlayerSessions", &answer), "ada COMPLETED  ben ACTIVE");
    }

    #[test]
    fn an_empty_answer_is_ok() {
        assert_eq!(summary("DeleteFleet", &json!({"RequestId": "r"})), "ok");
    }
}
