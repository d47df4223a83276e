//! Game server sessions.

use gse_api::ApiError;
use gse_api::types as wire;
use std::sync::Arc;

use gse_core::error::Error;
use gse_core::game_server_session::emulated::CreateEmulatedSession;
use gse_core::game_server_session::{self, CreateGameServerSession, GameServerSession, SessionQuery};
use gse_core::page::TokenPage;
use gse_core::state::Row;

use super::player_session::archived_session;
use crate::engine::SubmitError;
use crate::http::Call;
use crate::http::convert;

pub(super) async fn create(
    call: &Call<'_>,
    request: wire::CreateGameServerSessionRequest,
) -> Result<wire::CreateGameServerSessionResponse, ApiError> {
    let command = convert::game_server_session::create(request, call.scope.clone());
    let session = match earlier(call, &command).await? {
        Some(session) => convert::game_server_session::one(&session),
        None => convert::game_server_session::one(&submit(call, command).await?),
    };
    Ok(wire::CreateGameServerSessionResponse { game_server_session: Some(session) })
}

async fn submit(call: &Call<'_>, create: CreateGameServerSession) -> Result<GameServerSession, ApiError> {
    match call.called.clone() {
        None => call.submit(create).await,
        Some(called) => call.submit(CreateEmulatedSession { create, called }).await,
    }
}

/// G-9: a repeated custom id or token means the earlier session while that is retained, in memory or not. What is in
/// memory is found by the command.
async fn earlier(
    call: &Call<'_>,
    command: &CreateGameServerSession,
) -> Result<Option<Arc<GameServerSession>>, ApiError> {
    if command.custom_id.is_none() && command.idempotency_token.is_none() {
        return Ok(None);
    }
    let (target, scope) = (command.target.clone(), command.scope.clone());
    let fleet = call.query(move |state| Ok(target.resolve(state, &scope)?.id.clone())).await?;
    let found = call.archived(command.earlier_in_archive(&fleet)).await?;
    Ok(found.into_iter().find_map(|row| match row {
        Row::GameServerSession(session) => Some(session),
        _ => None,
    }))
}

pub(super) async fn describe(
    call: &Call<'_>,
    mut request: wire::DescribeGameServerSessionsRequest,
) -> Result<wire::DescribeGameServerSessionsResponse, ApiError> {
    call.open_page(&mut request.next_token)?;
    let query = convert::game_server_session::query(request, call.scope.clone());
    let page = page(call, query).await?;
    let (game_server_sessions, next_token) = convert::game_server_session::many(&page);
    let next_token = call.seal_page(&next_token);
    Ok(wire::DescribeGameServerSessionsResponse { game_server_sessions, next_token })
}

pub(super) async fn describe_details(
    call: &Call<'_>,
    mut request: wire::DescribeGameServerSessionDetailsRequest,
) -> Result<wire::DescribeGameServerSessionDetailsResponse, ApiError> {
    call.open_page(&mut request.next_token)?;
    let query = convert::game_server_session::details_query(request, call.scope.clone());
    let mut response = convert::game_server_session::details(&page(call, query).await?);
    response.next_token = call.seal_page(&response.next_token);
    Ok(response)
}

async fn page(call: &Call<'_>, query: SessionQuery) -> Result<TokenPage<Arc<GameServerSession>>, ApiError> {
    let question = query.clone();
    let selected = call.query(move |state| game_server_session::select(state, &question)).await?;
    let is_found = query.session.is_some() && !selected.rows.is_empty();
    let archived = if is_found { Vec::new() } else { call.archived(selected.archive).await? };
    game_server_session::page(&query, selected.rows, archived).map_err(|error| call.refuse(&error))
}

pub(super) async fn search(
    call: &Call<'_>,
    mut request: wire::SearchGameServerSessionsRequest,
) -> Result<wire::SearchGameServerSessionsResponse, ApiError> {
    call.open_page(&mut request.next_token)?;
    let query = convert::game_server_session::search(request, call.scope.clone());
    let found = call.query(move |state| {
        let page = game_server_session::search::search(state, &query)?;
        Ok(convert::game_server_session::many(&page))
    });
    let (game_server_sessions, next_token) = found.await?;
    let next_token = call.seal_page(&next_token);
    Ok(wire::SearchGameServerSessionsResponse { game_server_sessions, next_token })
}

/// A session that has left memory is over, and refused as such.
pub(super) async fn update(
    call: &Call<'_>,
    request: wire::UpdateGameServerSessionRequest,
) -> Result<wire::UpdateGameServerSessionResponse, ApiError> {
    let command = convert::game_server_session::update(request, call.scope.clone());
    let session = match call.api.engine.submit(call.request_id, command).await {
        Err(SubmitError::Refused(Error::SessionNotFound(id))) => {
            let error = match archived_session(call, &id).await? {
                Some(session) => Error::SessionNotActive { session: id, status: session.status },
                None => Error::SessionNotFound(id),
            };
            return Err(call.refuse(&error));
        }
        result => result.map_err(|error| convert::error::from_engine(call.action, &error))?,
    };
    Ok(wire::UpdateGameServerSessionResponse {
        game_server_session: convert::game_server_session::one(&session),
    })
}

/// A session that has left memory has ended already, which is a success (cloud-api.md 2.10).
pub(super) async fn end_with_process(
    call: &Call<'_>,
    request: wire::EndGameServerSessionAndProcessRequest,
) -> Result<wire::EndGameServerSessionAndProcessResponse, ApiError> {
    let command = convert::game_server_session::end_with_process(request, call.scope.clone());
    match call.api.engine.submit(call.request_id, command).await {
        Err(SubmitError::Refused(Error::SessionNotFound(id))) => {
            if archived_session(call, &id).await?.is_none() {
                return Err(call.refuse(&Error::SessionNotFound(id)));
            }
        }
        result => result.map_err(|error| convert::error::from_engine(call.action, &error))?,
    }
    Ok(wire::EndGameServerSessionAndProcessResponse {})
}
