//! Finding sessions by id, fleet or alias: those in memory, and what to look for in the archive (G-18).

use std::cmp::Reverse;
use std::ops::Bound;
use std::sync::Arc;

use super::{GameServerSession, GameServerSessionStatus, Target};
use crate::archive::{ArchiveProperties, ArchiveQuestion, scope_text};
use crate::error::Error;
use crate::fleet;
use crate::id::{GameServerSessionId, Scope};
use crate::page::{Selection, TokenPage, merge, position};
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
    let after = position(&question, query.next_token.as_deref())?;
    let mut properties = ArchiveProperties {
        scope: Some(scope_text(&query.scope)),
        status: query.status.map(|status| status.to_string()),
        ..ArchiveProperties::default()
    };
    let matches = |session: &&Arc<GameServerSession>| {
        session.scope == query.scope && query.status.is_none_or(|status| session.status == status)
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
            let from = after.as_ref().map(|(key, id)| {
                (Reverse(Timestamp::from_millis(*key)), GameServerSessionId::new(id.as_str()))
            });
            let range = (from.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
            let ids = ids.into_iter().flat_map(|ids| ids.range(range.clone()));
            let sessions = ids.filter_map(|(_, id)| state.game_server_sessions.get_shared(id));
            sessions.filter(matches).take(query.limit + 1).cloned().collect()
        }
    };
    let after = after.filter(|_| query.session.is_none());
    let limit = query.limit + 1;
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
    let mut page = merge(selected, archived, &question, query.limit, |session| {
        (session.created.millis(), session.id.to_string())
    });
    if let Some(id) = &query.session {
        if page.items.is_empty() {
            return Err(Error::SessionNotFound(id.clone()));
        }
        let is_first = position(&question, query.next_token.as_deref())?.is_none();
        page.items.retain(|session| is_first && query.status.is_none_or(|status| session.status == status));
    }
    Ok(page)
}

/// The sessions in memory that match. What is archived is not in it: see `select` and `page`.
pub fn describe(state: &State, query: &SessionQuery) -> Result<TokenPage<Arc<GameServerSession>>, Error> {
    page(query, select(state, query)?.rows, Vec::new())
}
