//! Player sessions: batches and selection.

use super::{Violations, shared::unique};
use crate::types::{DescribePlayerSessionsRequest, JoinGameServerSessionBatchRequest};

pub(crate) fn join_game_server_session_batch(
    request: &JoinGameServerSessionBatchRequest,
    violations: &mut Violations,
) {
    unique(request.player_ids.iter().map(String::as_str), violations, |at| format!("PlayerIds.{at}"));
    if let Some(data) = &request.player_data_map
        && !request.player_ids.contains(&data.key)
    {
        violations.value("PlayerDataMap.Key", &data.key, "Expected one of `PlayerIds`.");
    }
}

pub(crate) fn describe_player_sessions(request: &DescribePlayerSessionsRequest, violations: &mut Violations) {
    let given = [&request.player_session_id, &request.player_id, &request.game_server_session_id];
    if given.iter().all(|value| value.is_none()) {
        violations.missing("PlayerSessionId");
    }
}
