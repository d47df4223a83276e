//! Ended rows leave memory for the archive: the store keeps them readable for the retention time.
//!
//! `archive.after` is how long an ended row stays in memory, `retention` how long it is readable at all (operations.md
//! 0.3). A read looks into memory first and then into the archive, because a row is in the archive before it leaves
//! memory; a row that is found in both is given once. Here is what is asked of an archive; a store answers it.

use crate::cx::Cx;
use crate::id::Scope;
use crate::state::{Row, RowKind, State};
use crate::time::Timestamp;

/// What is looked for in the archive: rows of one kind that have every named property, by position downwards and then
/// by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveQuestion {
    /// The kind of row.
    pub kind: RowKind,
    /// Their properties; `None` does not matter.
    pub properties: ArchiveProperties,
    /// Rows after this position and key only.
    pub after: Option<(i64, String)>,
    /// Rows at most.
    pub limit: usize,
}

/// What archived rows are found by. A kind of row has those that make sense for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveProperties {
    /// Its key.
    pub key: Option<String>,
    /// `account/region`.
    pub scope: Option<String>,
    /// The fleet it belongs to.
    pub fleet: Option<String>,
    /// The session it belongs to.
    pub session: Option<String>,
    /// PlayerId.
    pub player: Option<String>,
    /// Its status, or an event's code.
    pub status: Option<String>,
    /// The custom id of a session's request (G-9).
    pub custom_id: Option<String>,
    /// The idempotency token of a session's request (G-9).
    pub token: Option<String>,
}

impl ArchiveQuestion {
    /// Looks for one row.
    pub fn key(kind: RowKind, key: impl Into<String>) -> Self {
        let properties = ArchiveProperties { key: Some(key.into()), ..ArchiveProperties::default() };
        Self { kind, properties, after: None, limit: 1 }
    }
}

/// `account/region`, as `ArchiveProperties::scope` has it.
pub fn scope_text(scope: &Scope) -> String {
    format!("{}/{}", scope.uin, scope.region)
}

impl Row {
    /// What this row is found by in the archive.
    pub fn archive_properties(&self) -> ArchiveProperties {
        let base = ArchiveProperties { key: Some(self.key()), ..ArchiveProperties::default() };
        match self {
            Row::GameServerSession(row) => ArchiveProperties {
                scope: Some(scope_text(&row.scope)),
                fleet: Some(row.fleet.to_string()),
                status: Some(row.status.to_string()),
                custom_id: row.custom_id.clone(),
                token: row.idempotency_token.clone(),
                ..base
            },
            Row::PlayerSession(row) => ArchiveProperties {
                scope: Some(scope_text(&row.scope)),
                fleet: Some(row.fleet.to_string()),
                session: Some(row.session.to_string()),
                player: Some(row.player.clone()),
                status: Some(row.status.to_string()),
                ..base
            },
            Row::Placement(row) => ArchiveProperties {
                scope: Some(scope_text(&row.scope)),
                status: Some(row.status.to_string()),
                ..base
            },
            Row::Event(row) => ArchiveProperties {
                fleet: Some(row.fleet.to_string()),
                status: Some(row.code.to_string()),
                ..base
            },
            Row::Asset(_)
            | Row::Fleet(_)
            | Row::Instance(_)
            | Row::Process(_)
            | Row::Alias(_)
            | Row::Queue(_)
            | Row::RegionFault(_)
            | Row::Timer(_)
            | Row::Scaling(_)
            | Row::DecisionLog(_)
            | Row::Bucket(_)
            | Row::Demo(_)
            | Row::InstanceLife(_) => base,
        }
    }

    /// Where this row stands in the order of the archive: the number that its pages are sorted by.
    pub fn archive_position(&self) -> i64 {
        match self {
            Row::GameServerSession(row) => row.created.millis(),
            Row::PlayerSession(row) => row.created.millis(),
            Row::Placement(row) => row.started.millis(),
            Row::Event(row) => i64::try_from(row.sequence).unwrap_or(i64::MAX),
            Row::Asset(_)
            | Row::Fleet(_)
            | Row::Instance(_)
            | Row::Process(_)
            | Row::Alias(_)
            | Row::Queue(_)
            | Row::RegionFault(_)
            | Row::Timer(_)
            | Row::Scaling(_)
            | Row::DecisionLog(_)
            | Row::Bucket(_)
            | Row::Demo(_)
            | Row::InstanceLife(_) => 0,
        }
    }
}

/// An ended row leaves memory: to the archive, or for ever when its retention time has passed already.
pub(crate) fn leave(state: &mut State, cx: &Cx<'_>, row: Row, ended: Timestamp) {
    let until = ended.plus(cx.clocks.retention);
    if until > cx.now {
        state.archive(row, until);
    } else {
        state.forget(row);
    }
}
