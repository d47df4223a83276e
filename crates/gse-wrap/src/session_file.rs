//! The session as a file for programs that read one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use gse_sdk::GameServerSession;
use serde_json::{Map, Value, json};

/// The session in the names of the contract (server-sdk.md 1.3), its properties as one object, and its trace (R121).
pub(crate) fn json(session: &GameServerSession) -> Value {
    let properties: Map<String, Value> =
        session.properties().into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    json!({
        "gameServerSessionId": session.game_server_session_id,
        "fleetId": session.fleet_id,
        "name": session.name,
        "maxPlayers": session.max_players,
        "joinable": session.joinable,
        "gameProperties": properties,
        "port": session.port,
        "ipAddress": session.ip_address,
        "gameServerSessionData": session.game_server_session_data,
        "matchmakerData": session.matchmaker_data,
        "dnsName": session.dns_name,
        "traceparent": session.traceparent,
    })
}

/// Writes the file in one move: who sees it sees all of it. What a matchmaker says about a session is nobody else's
/// business, so only this user can read it.
pub(crate) fn write(path: &Path, session: &GameServerSession) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&beside)?;
    writeln!(file, "{:#}", json(session))?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use gse_sdk::GameProperty;

    use super::*;

    #[test]
    fn the_next_session_replaces_the_file_and_only_this_user_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        for name in ["first", "second"] {
            let session = GameServerSession {
                game_server_session_id: "gs-1".into(),
                name: name.into(),
                max_players: 4,
                game_properties: vec![GameProperty { key: "map".into(), value: "dm1".into() }],
                ..Default::default()
            };
            write(&path, &session).unwrap();
            let read: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(
                (&read["name"], &read["maxPlayers"], &read["gameProperties"]["map"]),
                (&json!(name), &json!(4), &json!("dm1"))
            );
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
