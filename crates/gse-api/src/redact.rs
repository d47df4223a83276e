//! What of a request may be shown in an error, an event or a log: the one place that knows which members are secret.
//!
//! A PlayerSessionId is a player's ticket; the data of a session and of a player is the game's own and may be anything.
//! A secret is shown by its length only.

use std::borrow::Cow;

/// Members whose values are never shown, wherever they stand.
const SECRET: &[&str] = &[
    "PlayerSessionId",
    "PlayerSessionIds",
    "GameServerSessionData",
    "MatchmakerData",
    "PlayerData",
    "PlayerDataMap",
    "Authorization",
    "BucketAuth",
    "SecretKey",
    "Signature",
    "Token",
];

/// Whether the member at this dotted path is secret, or is a part of one that is.
pub fn is_secret(path: &str) -> bool {
    path.split('.').any(|part| SECRET.contains(&part))
}

/// A value as an error shows it: shortened, and of a secret member only how long it is.
pub fn shown<'a>(path: &str, value: &'a str) -> Cow<'a, str> {
    if is_secret(path) {
        return format!("({} characters, not shown)", value.chars().count()).into();
    }
    crate::error::shown(value).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, check, schema::ValueType};

    #[test]
    fn secret_members_show_their_length_only() {
        for path in [
            "PlayerSessionId",
            "GameServerSessionData",
            "PlayerDataMap.Value",
            "DesiredPlayerSessions.3.PlayerData",
        ] {
            assert_eq!(shown(path, "psess-é1"), "(8 characters, not shown)", "{path}");
        }
        assert_eq!(shown("PlayerId", "ada"), "ada");
        assert_eq!(shown("Name", &"é".repeat(500)), "é".repeat(128));
    }

    #[test]
    fn values_at_fault_are_not_echoed() {
        let long = "sesame".repeat(1000);
        let body = format!(
            r#"{{"FleetId":"fleet-1","MaximumPlayerSessionCount":1,"GameServerSessionData":"{long}"}}"#
        );
        let error = check(Action::CreateGameServerSession, body.as_bytes()).unwrap_err();
        assert!(
            error.message.contains("`GameServerSessionData`") && !error.message.contains("sesame"),
            "{error}"
        );
    }

    /// The names above are those of the schema: a renamed member must not become visible.
    #[test]
    fn the_secret_members_of_requests_exist() {
        fn names(schema: &crate::schema::Structure, found: &mut Vec<&'static str>) {
            for member in schema.members {
                found.push(member.name);
                match &member.value {
                    ValueType::Object(inner) => names(inner, found),
                    ValueType::List(list) => {
                        if let ValueType::Object(inner) = list.item {
                            names(inner, found);
                        }
                    }
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        for action in Action::ALL {
            names(action.request_schema(), &mut found);
        }
        for name in ["PlayerSessionId", "GameServerSessionData", "PlayerData", "PlayerDataMap"] {
            assert!(found.contains(&name), "{name}");
        }
        let ids = found.iter().filter(|name| name.starts_with("PlayerSessionId"));
        assert!(ids.into_iter().all(|name| is_secret(name)));
    }
}
