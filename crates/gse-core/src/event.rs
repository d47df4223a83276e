//! Fleet events: what happened to a fleet, for people (operations.md 2.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::archive::{self, ArchiveProperties, ArchiveQuestion};
use crate::cx::Cx;
use crate::error::Error;
use crate::id::{EventId, FleetId, IdKind, Scope};
use crate::observation::EventObservations;
use crate::page::OffsetPage;
use crate::state::{Row, RowKind, State};
use crate::time::Timestamp;
use crate::words::words;

words! {
    /// The codes of operations.md 2.3, in the API's spelling (C-2, C-4).
    #[expect(missing_docs, reason = "the table of operations.md 2.3 says when each is written")]
    pub enum EventCode {
        FleetCreated = "FLEET_CREATED",
        FleetStateDownloading = "FLEET_STATE_DOWNLOADING",
        FleetBinaryDownloadFailed = "FLEET_BINARY_DOWNLOAD_FAILED",
        FleetCreationExtractingBuild = "FLEET_CREATION_EXTRACTING_BUILD",
        FleetCreationRunningInstaller = "FLEET_CREATION_RUNNING_INSTALLER",
        FleetCreationValidatingRuntimeConfig = "FLEET_CREATION_VALIDATING_RUNTIME_CONFIG",
        FleetStateValidating = "FLEET_STATE_VALIDATING",
        FleetValidationLaunchPathNotFound = "FLEET_VALIDATION_LAUNCH_PATH_NOT_FOUND",
        FleetStateBuilding = "FLEET_STATE_BUILDING",
        FleetValidationExecutableRuntimeFailure = "FLEET_VALIDATION_EXECUTABLE_RUNTIME_FAILURE",
        FleetValidationTimedOut = "FLEET_VALIDATION_TIMED_OUT",
        FleetStateActivating = "FLEET_STATE_ACTIVATING",
        FleetInitializationFailed = "FLEET_INITIALIZATION_FAILED",
        FleetActivationFailed = "FLEET_ACTIVATION_FAILED",
        FleetActivationFailedNoInstances = "FLEET_ACTIVATION_FAILED_NO_INSTANCES",
        FleetStateActive = "FLEET_STATE_ACTIVE",
        FleetStateError = "FLEET_STATE_ERROR",
        FleetScalingEvent = "FLEET_SCALING_EVENT",
        FleetNewGameSessionProtectionPolicyUpdated = "FLEET_NEW_GAME_SESSION_PROTECTION_POLICY_UPDATED",
        FleetStateDeleting = "FLEET_STATE_DELETING",
        FleetDeleted = "FLEET_DELETED",
        FleetVpcPeeringSucceeded = "FLEET_VPC_PEERING_SUCCEEDED",
        FleetVpcPeeringFailed = "FLEET_VPC_PEERING_FAILED",
        FleetVpcPeeringDeleted = "FLEET_VPC_PEERING_DELETE",
        ServerProcessInvalidPath = "SERVER_PROCESS_INVALID_PATH",
        ServerProcessPullFailed = "SERVER_PROCESS_PULL_FAILED",
        ServerProcessSdkInitializationTimeout = "SERVER_PROCESS_SDK_INITIALIZATION_TIMEOUT",
        ServerProcessProcessReadyTimeout = "SERVER_PROCESS_PROCESS_READY_TIMEOUT",
        ServerProcessCrashed = "SERVER_PROCESS_CRASHED",
        ServerProcessTerminatedUnhealthy = "SERVER_PROCESS_TERMINATED_UNHEALTHY",
        ServerProcessForceTerminated = "SERVER_PROCESS_FORCE_TERMINATED",
        ServerProcessProcessExitTimeout = "SERVER_PROCESS_PROCESS_EXIT_TIMEOUT",
        GameSessionActivationTimeout = "GAME_SESSION_ACTIVATION_TIMEOUT",
        ServerDown = "SERVER_DOWN",
        GenericEvent = "GENERIC_EVENT",
    }
}

/// One event. What it tells never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The fleet that it is about.
    pub fleet: FleetId,
    /// Its place in the fleet's history, from 0.
    pub sequence: u64,
    /// What happened.
    pub code: EventCode,
    /// When.
    pub time: Timestamp,
    /// What happened, in words, with the reason.
    pub message: String,
    /// Details to download, bounded by the host; `None` where there are none.
    pub log: Option<String>,
    /// When it leaves memory. The newest event of a fleet stays: the next one's place follows from it.
    #[serde(default)]
    pub archive_at: Option<Timestamp>,
    /// What it is about, for a diagnosis.
    #[serde(default)]
    pub observations: EventObservations,
}

impl Event {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.archive_at
    }
}

/// It leaves memory.
pub(crate) fn on_deadline(state: &mut State, cx: &Cx<'_>, id: &EventId) {
    if let Some(event) = state.events.get_shared(id).cloned() {
        let time = event.time;
        archive::leave(state, cx, Row::Event(event), time);
    }
}

impl EventQuery {
    fn matches(&self, event: &Event) -> bool {
        self.code.is_none_or(|code| code == event.code)
            && self.from.is_none_or(|from| event.time.seconds() >= from.seconds())
            && self.to.is_none_or(|to| event.time.seconds() <= to.seconds())
    }
}

/// Writes an event of a fleet.
pub(crate) fn write(
    state: &mut State,
    cx: &mut Cx<'_>,
    fleet: &FleetId,
    code: EventCode,
    message: impl Into<String>,
) {
    write_with_log(state, cx, fleet, code, message, String::new());
}

/// Writes an event of a fleet with details; an empty log counts as none.
pub(crate) fn write_with_log(
    state: &mut State,
    cx: &mut Cx<'_>,
    fleet: &FleetId,
    code: EventCode,
    message: impl Into<String>,
    log: String,
) {
    write_observed(state, cx, fleet, code, message, log, EventObservations::default());
}

/// Writes an event of a fleet that says what it is about.
pub(crate) fn write_observed(
    state: &mut State,
    cx: &mut Cx<'_>,
    fleet: &FleetId,
    code: EventCode,
    message: impl Into<String>,
    log: String,
    observations: EventObservations,
) {
    let history = state.index.events_of_fleet.get(fleet);
    let newest = history.and_then(|events| events.last_key_value());
    let (sequence, newest) = (newest.map_or(0, |(last, _)| last + 1), newest.map(|(_, id)| id.clone()));
    if let Some(event) = newest.and_then(|id| state.events.get_mut(&id)) {
        event.archive_at = Some(cx.now.plus(cx.clocks.archive_after));
    }
    let id = EventId::new(format!("event-{}", cx.suffix(IdKind::Event)));
    let log = (!log.is_empty()).then_some(log);
    state.insert_event(Event {
        id,
        fleet: fleet.clone(),
        sequence,
        code,
        time: cx.now,
        message: message.into(),
        log,
        archive_at: None,
        observations,
    });
}

/// What DescribeFleetEvents asks for.
#[derive(Clone, Debug)]
pub struct EventQuery {
    /// Who asks.
    pub scope: Scope,
    /// The fleet; a terminated one keeps its events.
    pub fleet: FleetId,
    /// Only this code.
    pub code: Option<EventCode>,
    /// Not before, inclusive.
    pub from: Option<Timestamp>,
    /// Not after, inclusive.
    pub to: Option<Timestamp>,
    /// Records to leave out.
    pub offset: usize,
    /// Records at most.
    pub limit: usize,
}

/// The events of a fleet in memory that match, newest first, and what to look for in the archive: every event that is
/// not in memory is older than those that are.
pub fn select(state: &State, query: &EventQuery) -> Result<(OffsetPage<Arc<Event>>, ArchiveQuestion), Error> {
    if let (Some(from), Some(to)) = (query.from, query.to)
        && from > to
    {
        return Err(Error::Invalid {
            member: "StartTime",
            value: from.to_iso(),
            expected: "a time not after EndTime".into(),
        });
    }
    crate::fleet::find(state, &query.scope, &query.fleet)?;
    let history = state.index.events_of_fleet.get(&query.fleet);
    let ids = history.into_iter().flat_map(|events| events.values().rev());
    let events = ids.filter_map(|id| state.events.get_shared(id)).filter(|event| query.matches(event));
    let page = OffsetPage::cut(events.cloned(), query.offset, query.limit);
    let oldest = history.and_then(BTreeMap::first_key_value);
    let archive = ArchiveQuestion {
        kind: RowKind::Event,
        properties: ArchiveProperties {
            fleet: Some(query.fleet.to_string()),
            status: query.code.map(|code| code.to_string()),
            ..ArchiveProperties::default()
        },
        after: oldest.map(|(sequence, id)| (i64::try_from(*sequence).unwrap_or(i64::MAX), id.to_string())),
        limit: usize::MAX,
    };
    Ok((page, archive))
}

/// The page of the events in memory and those that the archive gave.
pub fn page(
    query: &EventQuery,
    selected: OffsetPage<Arc<Event>>,
    archived: Vec<Row>,
) -> OffsetPage<Arc<Event>> {
    let archived = archived.into_iter().filter_map(|row| match row {
        Row::Event(row) => Some(row),
        _ => None,
    });
    let OffsetPage { mut items, total } = selected;
    let offset = query.offset.saturating_sub(total);
    let archived = archived.filter(|event| query.matches(event));
    let older = OffsetPage::cut(archived, offset, query.limit - items.len());
    items.extend(older.items);
    OffsetPage { items, total: total + older.total }
}

/// The events of a fleet in memory, newest first. What is archived is not in it: see `select` and `page`.
pub fn describe(state: &State, query: &EventQuery) -> Result<OffsetPage<Arc<Event>>, Error> {
    select(state, query).map(|(page, _)| page)
}
