//! Player sessions.

use gse_api::ApiError;
use gse_api::types as wire;
use std::sync::Arc;

use gse_core::error::Error;
use gse_core::game_server_session::{GameServerSession, find};
use gse_core::id::GameServerSessionId;
use gse_core::player_session::{self, JoinGameServerSession, PlayerSession};
use gse_core::state::{Row, RowKind};

use crate::engine::SubmitError;
use crate::http::Call;
use crate::http::convert;

pub(super) async fn join(
    call: &Call<'_>,
    request: wire::JoinGameServerSessionRequest,
) -> Result<wire::JoinGameServerSessionResponse, ApiError> {
    let players = submit(call, convert::player_session::join(request, call.scope.clone())).await?;
    let player_session = players.first().map(convert::player_session::one);
    Ok(wire::JoinGameServerSessionResponse { player_session })
}

pub(super) async fn join_batch(
    call: &Call<'_>,
    request: wire::JoinGameServerSessionBatchRequest,
) -> Result<wire::JoinGameServerSessionBatchResponse, ApiError> {
    let players = submit(call, convert::player_session::join_batch(request, call.scope.clone())).await?;
    let player_sessions = players.iter().map(convert::player_session::one).collect();
    Ok(wire::JoinGameServerSessionBatchResponse { player_sessions })
}

pub(super) async fn describe(
    call: &Call<'_>,
    mut request: wire::DescribePlayerSessionsRequest,
) -> Result<wire::DescribePlayerSessionsResponse, ApiError> {
    call.open_page(&mut request.next_token)?;
    let query = convert::player_session::query(request, call.scope.clone());
    let question = query.clone();
    let (selected, mut session_exists) = call
        .query(move |state| {
            let session = question.session.as_ref();
            let exists = session.is_some_and(|id| find(state, &question.scope, id).is_ok());
            Ok((player_session::select(state, &question)?, exists))
        })
        .await?;
    let is_found = query.player_session.is_some() && !selected.rows.is_empty();
    let archived = if is_found { Vec::new() } else { call.archived(selected.archive).await? };
    if let Some(id) = query.session.as_ref().filter(|_| !session_exists) {
        session_exists = archived_session(call, id).await?.is_some();
    }
    let page = player_session::page(&query, selected.rows, archived, session_exists);
    let mut response = convert::player_session::page(&page.map_err(|error| call.refuse(&error))?);
    response.next_token = call.seal_page(&response.next_token);
    Ok(response)
}

/// A session of the caller that has left memory.
pub(super) async fn archived_session(
    call: &Call<'_>,
    id: &GameServerSessionId,
) -> Result<Option<Arc<GameServerSession>>, ApiError> {
    match call.archived_row(RowKind::GameServerSession, id.as_str()).await? {
        Some(Row::GameServerSession(session)) if session.scope == call.scope => Ok(Some(session)),
        _ => Ok(None),
    }
}

/// Joins; a session that has left memory is refused as one that is over, not as one that never was.
async fn submit(call: &Call<'_>, command: JoinGameServerSession) -> Result<Vec<PlayerSession>, ApiError> {
    match call.api.engine.submit(call.request_id, command).await {
        Err(SubmitError::Refused(Error::SessionNotFound(id))) => {
            let error = match archived_session(call, &id).await? {
                Some(session) => Error::SessionNotActive { session: id, status: session.status },
                None => Error::SessionNotFound(id),
            };
            Err(call.refuse(&error))
        }
        result => result.map_err(|error| convert::error::from_engine(call.action, &error)),
    }
}
