//! The logs of a session: which files are collected, how much of them, and finding what was stored (G-21 to G-23).
//!
//! Pure: files are read and packed by the host, and stored by who keeps objects.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::archive::{ArchiveProperties, ArchiveQuestion, scope_text};
use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::fleet;
use crate::game_server_session::GameServerSession;
use crate::id::{BlobId, FleetId, GameServerSessionId, InstanceId, Scope};
use crate::page::OffsetPage;
use crate::state::{Row, RowKind, State};
use crate::supervisor::launch::{LaunchProblem, below_root};

/// G-21: the most that is collected of one session, bytes before packing.
pub const SESSION_LOG_BYTES: u64 = 200_000_000;

/// A zip with the logs of one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLog {
    /// The object that holds it.
    pub blob: BlobId,
    /// Its length.
    pub bytes: u64,
    /// What the quota or the time left out, bytes before packing.
    pub left_out_bytes: u64,
}

/// Why a log path is not collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPathProblem(LaunchProblem);

impl fmt::Display for LogPathProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            LaunchProblem::Climbs => "it leaves the package root by `..`",
            LaunchProblem::ControlCharacter => "it has a control character",
            LaunchProblem::OutsideRoot
            | LaunchProblem::Empty
            | LaunchProblem::UnclosedQuote
            | LaunchProblem::TrailingBackslash => "it is outside the package root",
        })
    }
}

/// The path below the package root that a log path means, `/` between its parts and empty for the root itself. `game` is
/// where the package root really lies on the host: a process that asks for its own directory hears that.
pub fn log_target(path: &str, game: &str) -> Result<String, LogPathProblem> {
    if path.chars().any(char::is_control) {
        return Err(LogPathProblem(LaunchProblem::ControlCharacter));
    }
    let real = path.strip_prefix(game).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let below = match real {
        Some(rest) => rest.to_owned(),
        // The root itself, which no launch path can be.
        None if path.trim_end_matches(['/', '\\']) == "/local/game" => String::new(),
        None if path.trim_end_matches(['/', '\\']).eq_ignore_ascii_case("C:\\game") => String::new(),
        None => below_root(path).map_err(LogPathProblem)?,
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in below.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or(LogPathProblem(LaunchProblem::Climbs))?),
            name => parts.push(name),
        }
    }
    Ok(parts.join("/"))
}

/// How many bytes at the beginning of each file are left out so that all fit; files come in the order of their worth, the
/// newest first. `None`: nothing of it is kept. Of the file that does not fit, the end is worth most (G-21).
pub fn fit(sizes: impl IntoIterator<Item = u64>, most: u64) -> Vec<Option<u64>> {
    let mut room = most;
    let keep = |size: u64| {
        let kept = size.min(room);
        room -= kept;
        (kept > 0 || size == 0).then_some(size - kept)
    };
    sizes.into_iter().map(keep).collect()
}

/// The host has stored the logs of a session, or could not.
pub(crate) fn on_collected(
    state: &mut State,
    cx: &mut Cx<'_>,
    session: &GameServerSessionId,
    outcome: Result<SessionLog, String>,
) {
    let Some(row) = state.game_server_sessions.get(session).filter(|row| row.log.is_none()) else { return };
    let fleet = row.fleet.clone();
    let trouble = match &outcome {
        Ok(log) if log.left_out_bytes == 0 => None,
        Ok(log) => {
            Some(format!("were too large: {} bytes were left out, the oldest first", log.left_out_bytes))
        }
        Err(reason) => Some(format!("could not be kept: {reason}")),
    };
    if let (Ok(log), Some(row)) = (outcome, state.game_server_sessions.get_mut(session)) {
        row.log = Some(log);
    }
    if let Some(trouble) = trouble {
        let message = format!("the logs of session {session} {trouble}");
        event::write(state, cx, &fleet, EventCode::GenericEvent, message);
    }
}

/// What GetGameServerInstanceLogUrl asks for; conditions are combined with AND.
#[derive(Clone, Debug)]
pub struct LogQuery {
    /// Who asks.
    pub scope: Scope,
    /// FleetId; a terminated fleet keeps its logs.
    pub fleet: FleetId,
    /// InstanceId; it may be gone.
    pub instance: Option<InstanceId>,
    /// ServerIp.
    pub ip_address: Option<String>,
    /// Records to leave out.
    pub offset: usize,
    /// Records at most.
    pub limit: usize,
}

impl LogQuery {
    fn matches(&self, session: &GameServerSession) -> bool {
        session.scope == self.scope
            && session.log.is_some()
            && self.instance.as_ref().is_none_or(|instance| session.instance == *instance)
            && self.ip_address.as_ref().is_none_or(|ip| session.ip_address == *ip)
    }
}

/// The sessions in memory that match and have a log, newest first, and what to look for in the archive: sessions leave
/// memory in the order of their end and not of their beginning, so both are looked at as a whole.
pub fn select(
    state: &State,
    query: &LogQuery,
) -> Result<(Vec<Arc<GameServerSession>>, ArchiveQuestion), Error> {
    fleet::find(state, &query.scope, &query.fleet)?;
    let ids = state.index.sessions_of_fleet.get(&query.fleet).into_iter().flatten();
    let rows = ids.filter_map(|(_, id)| state.game_server_sessions.get_shared(id));
    let rows = rows.filter(|session| query.matches(session)).cloned().collect();
    let properties = ArchiveProperties {
        scope: Some(scope_text(&query.scope)),
        fleet: Some(query.fleet.to_string()),
        ..ArchiveProperties::default()
    };
    let kind = RowKind::GameServerSession;
    Ok((rows, ArchiveQuestion { kind, properties, after: None, limit: usize::MAX }))
}

/// The page of the sessions in memory and those that the archive gave. One that is found in both is given once.
pub fn page(
    query: &LogQuery,
    selected: Vec<Arc<GameServerSession>>,
    archived: Vec<Row>,
) -> OffsetPage<Arc<GameServerSession>> {
    let archived = archived.into_iter().filter_map(|row| match row {
        Row::GameServerSession(row) if query.matches(&row) => Some(row),
        _ => None,
    });
    let mut all: Vec<_> = selected.into_iter().chain(archived).collect();
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all.dedup_by(|a, b| a.id == b.id);
    OffsetPage::cut(all.into_iter(), query.offset, query.limit)
}

#[cfg(test)]
mod tests;
