//! Placements: desired players and latencies.

use super::{Violations, shared::unique};
use crate::types::StartGameServerSessionPlacementRequest;

pub(crate) fn start_game_server_session_placement(
    request: &StartGameServerSessionPlacementRequest,
    violations: &mut Violations,
) {
    let players = request.desired_player_sessions.as_deref().unwrap_or_default();
    if players.len() as u64 > request.maximum_player_session_count {
        let most = request.maximum_player_session_count;
        let expected = format!("Expected at most `MaximumPlayerSessionCount`, {most}, entries.");
        violations.value("DesiredPlayerSessions", players.len(), &expected);
    }
    unique(players.iter().map(|player| player.player_id.as_str()), violations, |at| {
        format!("DesiredPlayerSessions.{at}.PlayerId")
    });
    for (at, player) in players.iter().enumerate() {
        // §2.11: as long as in a join.
        let parts = [("PlayerId", &player.player_id, 1024), ("PlayerData", &player.player_data, 2048)];
        for (name, value, most) in parts {
            if value.len() > most {
                let path = format!("DesiredPlayerSessions.{at}.{name}");
                violations.value(&path, value, &format!("Expected 1..{most} bytes, found {}.", value.len()));
            }
        }
    }
    for (at, latency) in request.player_latencies.as_deref().unwrap_or_default().iter().enumerate() {
        let required = [("PlayerId", &latency.player_id), ("RegionIdentifier", &latency.region_identifier)];
        for (name, value) in required {
            if value.as_deref().is_none_or(str::is_empty) {
                violations.incomplete(
                    &format!("PlayerLatencies.{at}.{name}"),
                    "a latency is between a player and a region",
                );
            }
        }
    }
}
