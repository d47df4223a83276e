//! The way of a session from its request to the first tick (R120).

use std::sync::Arc;

use gse_api::extension::{DescribeSessionTimelineRequest, DescribeSessionTimelineResponse, SessionHop};
use gse_api::{ApiError, ErrorCode};
use gse_core::archive::ArchiveQuestion;
use gse_core::error::Error;
use gse_core::game_server_session::GameServerSession;
use gse_core::id::{GameServerSessionId, Scope};
use gse_core::placement::Placement;
use gse_core::state::{Row, RowKind};
use gse_core::time::Timestamp;
use gse_core::timeline::{self, Told};
use gse_core::trace_context::TraceContext;

use super::{refusal, unanswered};
use crate::http::{Api, convert};

pub(super) async fn describe(
    api: &Api,
    scope: Scope,
    request: DescribeSessionTimelineRequest,
) -> Result<DescribeSessionTimelineResponse, ApiError> {
    if request.game_server_session_id.is_empty() {
        let text = "The parameter `GameServerSessionId` is missing.";
        return Err(ApiError::new(ErrorCode::MissingParameter, text));
    }
    let session = session(api, &scope, GameServerSessionId::new(request.game_server_session_id)).await?;
    let placement = placement(api, &session).await?;
    Ok(to_wire(&session, timeline::tell(&session, placement.as_deref())))
}

/// A session of this account and region, in memory or archived.
pub(super) async fn session(
    api: &Api,
    scope: &Scope,
    id: GameServerSessionId,
) -> Result<Arc<GameServerSession>, ApiError> {
    let wanted = id.clone();
    let found = api.engine.query(move |state, _| state.game_server_sessions.get_shared(&wanted).cloned());
    let found = match found.await.map_err(unanswered)? {
        Some(session) => Some(session),
        None => match archived(api, RowKind::GameServerSession, id.as_str()).await? {
            Some(Row::GameServerSession(session)) => Some(session),
            _ => None,
        },
    };
    let found = found.filter(|session| session.scope == *scope);
    found.ok_or_else(|| refusal(&Error::SessionNotFound(id)))
}

/// The placement that made it, as long as that is remembered.
async fn placement(api: &Api, session: &GameServerSession) -> Result<Option<Arc<Placement>>, ApiError> {
    let Some(key) = timeline::placement_of(session) else { return Ok(None) };
    let wanted = key.clone();
    let found = api.engine.query(move |state, _| state.placements.get_shared(&wanted).cloned());
    let found = match found.await.map_err(unanswered)? {
        Some(placement) => Some(placement),
        None => match archived(api, RowKind::Placement, &key.to_string()).await? {
            Some(Row::Placement(placement)) => Some(placement),
            _ => None,
        },
    };
    Ok(found.filter(|placement| timeline::has_made(placement, session)))
}

async fn archived(api: &Api, kind: RowKind, key: &str) -> Result<Option<Row>, ApiError> {
    let read = api.engine.archived(ArchiveQuestion::key(kind, key)).await;
    Ok(read.map_err(|error| convert::error::from_archive(&error))?.pop())
}

fn to_wire(session: &GameServerSession, told: Told) -> DescribeSessionTimelineResponse {
    let first = told.hops.first().map_or(session.created, |hop| hop.at);
    let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let hops: Vec<SessionHop> = told
        .hops
        .into_iter()
        .map(|hop| SessionHop {
            name: hop.name,
            by: hop.teller.to_string(),
            time: with_millis(hop.at),
            took_ms: millis(hop.took),
            after_ms: millis(hop.at.since(first)),
            text: hop.words,
        })
        .collect();
    DescribeSessionTimelineResponse {
        game_server_session_id: session.id.to_string(),
        fleet_id: session.fleet.to_string(),
        status: session.status.to_string(),
        placement_id: session.placement.as_ref().map(ToString::to_string).unwrap_or_default(),
        trace_id: told.trace.map(TraceContext::trace_id).unwrap_or_default(),
        total_ms: hops.last().map_or(0, |hop| hop.after_ms),
        hops,
        search: told.search,
        stands: told.stands_words,
        stands_code: told.stands.to_string(),
    }
}

/// ISO 8601 with milliseconds in any case, so that the texts of times sort as the times.
fn with_millis(at: Timestamp) -> String {
    format!("{}.{:03}Z", at.to_iso().trim_end_matches('Z'), at.millis().rem_euclid(1000))
}
