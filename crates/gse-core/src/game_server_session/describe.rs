//! Finding sessions by id, fleet or alias: those in memory, and what to look for in the archive (G-18).

use std::cmp::Reverse;
use std::ops::Bound;
use std::sync::Arc;

use super::{GameServerSession, GameServerSessionStatus, Target};
use crate::archive::{ArchiveProperties, ArchiveQuestion, scope_text};
use crate::error::Error;
use crate::fleet;
use crate::id::{GameServerSessionId, Scope};
use crate::page::{Position, Selection, TokenPage, merge, position};
use crate::state::{Row, RowKind, State};
use crate::time::Timestamp;

/// What DescribeGameServerSessions asks for. One of the three selectors is needed; the first in this order wins.
#[derive(Clone, Debug)]
pub struct SessionQuery {
    /// Who asks.
    pub scope: Scope,
    /// GameServerSessionId.
    pub session: Option<GameServerSessionId>,
    /// FleetId or AliasId.
    pub target: Target,
    /// StatusFilter.
    pub status: Option<GameServerSessionStatus>,
    /// NextToken.
    pub next_token: Option<String>,
    /// Records at most, 1–100.
    pub limit: usize,
}

impl SessionQuery {
    /// Everything that the caller must repeat with a token.
    fn question(&self) -> String {
        format!("sessions {:?} {:?} {:?} {:?}", self.scope, self.session, self.target, self.status)
    }
}

/// The sessions in memory that match, newest first, then by id (G-18), and what to look for in the archive.
pub fn select(state: &State, query: &SessionQuery) -> Result<Selection<GameServerSession>, Error> {
    let question = query.question();
    let mut after = position(&question, query.next_token.as_deref())?;
    let mut properties = ArchiveProperties {
        scope: Some(scope_text(&query.scope)),
        status: query.status.map(|status| status.to_string()),
        ..ArchiveProperties::default()
    };
    let matches = |session: &&Arc<GameServerSession>| {
        // What a long list is thinned by comes first.
        query.status.is_none_or(|status| session.status == status) && session.scope == query.scope
    };
    let rows: Vec<_> = match &query.session {
        // Whether it exists comes before whether it passes the filter.
        Some(id) => {
            (properties.key, properties.status) = (Some(id.to_string()), None);
            let session = state.game_server_sessions.get_shared(id);
            session.filter(|session| session.scope == query.scope).cloned().into_iter().collect()
        }
        None => {
            let fleet = match &query.target {
                // Ended sessions of a fleet that is gone stay readable.
                Target { fleet: Some(fleet), .. } => fleet::find(state, &query.scope, fleet)?,
                target => target.resolve(state, &query.scope)?,
            };
            properties.fleet = Some(fleet.id.to_string());
            let ids = state.index.sessions_of_fleet.get(&fleet.id);
            let beyond = |position: &Position| {
                let place = (
                    Reverse(Timestamp::from_millis(position.key)),
                    GameServerSessionId::new(position.id.as_str()),
                );
                ids.into_iter()
                    .flat_map(move |ids| ids.range((Bound::Excluded(place.clone()), Bound::Unbounded)))
            };
            after = after.map(|position| {
                let same = beyond(&position).take_while(|(created, _)| created.0.millis() == position.key);
                position.clone().complete(same.map(|(_, id)| id.as_str()))
            });
            let ids: Box<dyn Iterator<Item = _>> = match &after {
                Some(position) => Box::new(beyond(position)),
                None => Box::new(ids.into_iter().flatten()),
            };
            let sessions = ids.filter_map(|(_, id)| state.game_server_sessions.get_shared(id));
            let most = query.limit + 1 + after.as_ref().map_or(0, Position::alike);
            sessions.filter(matches).take(most).cloned().collect()
        }
    };
    let after = after.filter(|_| query.session.is_none());
    let limit = query.limit + 1 + after.as_ref().map_or(0, Position::alike);
    let after = after.map(|position| (position.key, position.id));
    let archive = ArchiveQuestion { kind: RowKind::GameServerSession, properties, after, limit };
    Ok(Selection { rows, archive })
}

/// The page of the sessions in memory and those that the archive gave.
pub fn page(
    query: &SessionQuery,
    selected: Vec<Arc<GameServerSession>>,
    archived: Vec<Row>,
) -> Result<TokenPage<Arc<GameServerSession>>, Error> {
    let archived = archived.into_iter().filter_map(|row| match row {
        Row::GameServerSession(row) => Some(row),
        _ => None,
    });
    let question = query.question();
    let last = position(&question, query.next_token.as_deref())?;
    let mut page = merge(selected, archived, &question, last.as_ref(), query.limit, |session| {
        (session.created.millis(), session.id.to_string())
    });
    if let Some(id) = &query.session {
        if page.items.is_empty() {
            return Err(Error::SessionNotFound(id.clone()));
        }
        page.items
            .retain(|session| last.is_none() && query.status.is_none_or(|status| session.status == status));
    }
    Ok(page)
}

/// The sessions in memory that match. What is archived is not in it: see `select` and `page`.
pub fn describe(state: &State, query: &SessionQuery) -> Result<TokenPage<Arc<GameServerSession>>, Error> {
    page(query, select(state, query)?.rows, Vec::new())
}
