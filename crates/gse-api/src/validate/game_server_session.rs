//! Game server sessions: which members select one or many.

use super::Violations;
use crate::types::{
    CreateGameServerSessionRequest, DescribeGameServerSessionDetailsRequest,
    DescribeGameServerSessionsRequest, EndGameServerSessionAndProcessRequest,
    SearchGameServerSessionsRequest,
};

pub(crate) fn create_game_server_session(
    request: &CreateGameServerSessionRequest,
    violations: &mut Violations,
) {
    if request.fleet_id.is_none() && request.alias_id.is_none() {
        violations.missing("FleetId");
    }
}

pub(crate) fn describe_game_server_sessions(
    request: &DescribeGameServerSessionsRequest,
    violations: &mut Violations,
) {
    selector([&request.game_server_session_id, &request.fleet_id, &request.alias_id], violations);
}

pub(crate) fn describe_game_server_session_details(
    request: &DescribeGameServerSessionDetailsRequest,
    violations: &mut Violations,
) {
    selector([&request.game_server_session_id, &request.fleet_id, &request.alias_id], violations);
}

/// §2.10: one of them.
fn selector(given: [&Option<String>; 3], violations: &mut Violations) {
    if given.iter().all(|value| value.is_none()) {
        violations.missing("GameServerSessionId");
    }
}

pub(crate) fn search_game_server_sessions(
    request: &SearchGameServerSessionsRequest,
    violations: &mut Violations,
) {
    // §2.10: the list of codes has no `MissingParameter`.
    if request.fleet_id.is_none() && request.alias_id.is_none() {
        violations.incomplete("FleetId", "a search is in the sessions of a fleet or an alias");
    }
    // §6.1
    if let Some(expression) = request.filter_expression.as_deref().filter(|text| text.len() > 4096) {
        violations.value("FilterExpression", expression, "Expected at most 4096 bytes.");
    }
}

pub(crate) fn end_game_server_session_and_process(
    request: &EndGameServerSessionAndProcessRequest,
    violations: &mut Violations,
) {
    if request.game_server_session_id.is_some() {
        return;
    }
    // R2: one alone changes nothing and names the other.
    match (request.ip_address.as_deref().filter(|address| !address.is_empty()), request.port) {
        (Some(_), Some(_)) => {}
        (Some(_), None) => violations.missing("Port"),
        (None, Some(_)) => violations.missing("IpAddress"),
        (None, None) => violations.missing("GameServerSessionId"),
    }
}
