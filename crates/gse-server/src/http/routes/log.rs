//! Where the logs of sessions can be read (G-22, G-23).

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::error::Error;
use gse_core::id::GameServerSessionId;
use gse_core::log;
use gse_core::state::{Row, RowKind};

use crate::cos;
use crate::http::Call;
use crate::http::convert;

pub(super) async fn session_url(
    call: &Call<'_>,
    request: wire::GetGameServerSessionLogUrlRequest,
) -> Result<wire::GetGameServerSessionLogUrlResponse, ApiError> {
    let id = GameServerSessionId::new(request.game_server_session_id);
    let (scope, wanted) = (call.scope.clone(), id.clone());
    let found = call.query(move |state| Ok(state.game_server_sessions.get_shared(&wanted).cloned())).await?;
    let found = match found {
        Some(session) => Some(session),
        None => match call.archived_row(RowKind::GameServerSession, id.as_str()).await? {
            Some(Row::GameServerSession(session)) => Some(session),
            _ => None,
        },
    };
    let session = found.filter(|session| session.scope == scope);
    let session = session.ok_or_else(|| call.refuse(&Error::SessionNotFound(id)))?;
    let now = call.api.clock.now();
    let log = session.log.as_ref();
    let pre_signed_url = log.map(|log| cos::session_log::presigned_url(call.api, &session, log, now));
    Ok(wire::GetGameServerSessionLogUrlResponse { pre_signed_url })
}

pub(super) async fn instance_urls(
    call: &Call<'_>,
    request: wire::GetGameServerInstanceLogUrlRequest,
) -> Result<wire::GetGameServerInstanceLogUrlResponse, ApiError> {
    let query = convert::log::query(request, call.scope.clone()).map_err(|error| call.refuse(&error))?;
    let question = query.clone();
    let (selected, archive) = call.query(move |state| log::select(state, &question)).await?;
    let page = log::page(&query, selected, call.archived(archive).await?);
    let now = call.api.clock.now();
    let url = |session: &gse_core::game_server_session::GameServerSession| {
        Some(cos::session_log::presigned_url(call.api, session, session.log.as_ref()?, now))
    };
    let presigned_urls: Vec<String> = page.items.iter().filter_map(|session| url(session)).collect();
    let has_next =
        query.offset.saturating_add(presigned_urls.len()) < page.total && !presigned_urls.is_empty();
    Ok(wire::GetGameServerInstanceLogUrlResponse { has_next, presigned_urls, total: page.total as u64 })
}
