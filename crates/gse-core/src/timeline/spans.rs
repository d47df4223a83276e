//! A session's way as spans of its trace (W3C, OpenTelemetry): one for each hop below one for the whole way.
//!
//! A span is told once, when it is over. Its id follows from the trace and its name, so the parent may be told after its
//! children, after a restart, or never, and nothing has to be remembered.

use super::told::{Hop, Teller, Told, tell};
use crate::game_server_session::{GameServerSession, GameServerSessionStatus};
use crate::placement::{Placement, PlacementStatus};
use crate::state::{Change, Row, State};
use crate::time::Timestamp;
use crate::trace_context::TraceContext;

use super::FIRST_TICK;

/// A stretch of time that belongs to a trace, and is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The trace, with this span's own id as its span.
    pub context: TraceContext,
    /// The span that it is below; `None`: the trace begins with it.
    pub parent: Option<String>,
    /// What it is called.
    pub name: String,
    /// When it began.
    pub from: Timestamp,
    /// When it was over.
    pub to: Timestamp,
    /// Why it failed; `None`: it did not.
    pub error: Option<String>,
    /// Names and values.
    pub attributes: Vec<(&'static str, String)>,
}

/// The spans that are over with a change, before `state` follows it.
pub fn of_change(state: &State, change: &Change) -> Vec<Span> {
    match change {
        Change::Put(Row::GameServerSession(after)) => {
            of_session(state.game_server_sessions.get(&after.id), after)
        }
        Change::Put(Row::Placement(after)) => of_placement(state.placements.get(&after.key()), after),
        Change::Put(_) | Change::Delete(..) | Change::Archive { .. } => Vec::new(),
    }
}

/// The hops that were not there before, and the whole way when its last one is.
fn of_session(before: Option<&GameServerSession>, after: &GameServerSession) -> Vec<Span> {
    let Some(trace) = after.timeline.trace.filter(|trace| trace.is_sampled()) else { return Vec::new() };
    let whole = trace.below(after.id.as_str());
    let Told { hops, .. } = tell(after, None);
    let known: Vec<Hop> = before.map_or_else(Vec::new, |before| tell(before, None).hops);
    let is_new =
        |hop: &&Hop| !known.iter().any(|known| (known.teller, &known.name) == (hop.teller, &hop.name));
    let first = hops.first().map_or(after.created, |hop| hop.at);
    // A hop that ends nothing has no length: the request is where the whole way begins.
    let new = hops.iter().skip(1).filter(is_new);
    let mut spans: Vec<Span> = new.clone().map(|hop| of_hop(whole, after, hop)).collect();
    let is_last = |hop: &Hop| {
        let is_tick = hop.teller == Teller::GameServer && hop.name == FIRST_TICK;
        is_tick || hop.name == "ended" && hop.teller == Teller::Service
    };
    let was_told = known.iter().any(is_last);
    if let Some(last) = new.clone().find(|hop| is_last(hop)).filter(|_| !was_told) {
        spans.push(Span {
            context: whole,
            parent: trace.span_id(),
            name: "game server session".into(),
            from: first,
            to: last.at,
            error: failure(after),
            attributes: attributes(after),
        });
    }
    spans
}

fn of_hop(whole: TraceContext, session: &GameServerSession, hop: &Hop) -> Span {
    let from = Timestamp::from_millis(
        hop.at.millis().saturating_sub(i64::try_from(hop.took.as_millis()).unwrap_or(i64::MAX)),
    );
    Span {
        context: whole.below(&format!("{}/{}/{}", session.id, hop.teller, hop.name)),
        parent: whole.span_id(),
        name: hop.name.clone(),
        from,
        to: hop.at,
        error: failure(session).filter(|_| hop.name == "ended" && hop.teller == Teller::Service),
        attributes: vec![
            ("gse.game_server_session.id", session.id.to_string()),
            ("gse.told_by", hop.teller.to_string()),
        ],
    }
}

fn failure(session: &GameServerSession) -> Option<String> {
    (session.status == GameServerSessionStatus::Error).then(|| session.status_reason.clone())
}

fn attributes(session: &GameServerSession) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("gse.game_server_session.id", session.id.to_string()),
        ("gse.fleet.id", session.fleet.to_string()),
        ("gse.instance.id", session.instance.to_string()),
        ("gse.process.id", session.process.to_string()),
        ("gse.region", session.scope.region.to_string()),
    ];
    attributes.extend(session.placement.as_ref().map(|id| ("gse.placement.id", id.to_string())));
    attributes
}

/// A placement that is over: what it waited, and what came of it.
fn of_placement(before: Option<&Placement>, after: &Placement) -> Vec<Span> {
    let Some(trace) = after.trace_context.filter(|trace| trace.is_sampled()) else { return Vec::new() };
    let Some(ended) = after.ended else { return Vec::new() };
    if before.is_some_and(|before| before.started == after.started && before.ended.is_some()) {
        return Vec::new();
    }
    let error = match after.status {
        PlacementStatus::Failed | PlacementStatus::TimedOut => Some(after.reason.clone()),
        PlacementStatus::Pending | PlacementStatus::Fulfilled | PlacementStatus::Cancelled => None,
    };
    vec![Span {
        context: trace.below(&format!("placement/{}", after.key())),
        parent: trace.span_id(),
        name: "placement".into(),
        from: after.started,
        to: ended,
        error,
        attributes: vec![
            ("gse.placement.id", after.id.to_string()),
            ("gse.placement.status", after.status.to_string()),
            ("gse.placement.attempts", after.trace.attempts.to_string()),
            ("gse.queue.name", after.request.queue.to_string()),
            ("gse.region", after.scope.region.to_string()),
        ],
    }]
}
