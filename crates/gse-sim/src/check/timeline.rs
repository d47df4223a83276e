//! The timeline of a session (R120): in order, bounded, and of the trace of its placement (R121).

use gse_core::Row;
use gse_core::game_server_session::GameServerSessionStatus;

use super::{Look, ensure};

/// Moments that a game server may name.
const MILESTONES_MOST: usize = 16;

pub(super) fn order(look: &Look<'_>) -> Result<(), String> {
    for (_, session) in look.sessions() {
        let timeline = &session.timeline;
        let heard = [
            timeline.requested,
            Some(session.created),
            timeline.ordered,
            timeline.sent,
            timeline.activated,
            timeline.reserved,
            timeline.accepted,
        ];
        let heard: Vec<_> = heard.into_iter().flatten().collect();
        let named: Vec<_> = timeline.milestones.iter().map(|milestone| milestone.at).collect();
        ensure(heard.is_sorted() && named.is_sorted(), || {
            format!("session {} went {heard:?}, {named:?}", session.id)
        })?;
        let last = heard.iter().chain(&named).max();
        ensure(last.is_none_or(|last| *last <= look.now), || {
            format!("session {} has {last:?} at {:?}", session.id, look.now)
        })?;
        let is_active = session.status == GameServerSessionStatus::Active;
        ensure(!is_active || timeline.activated.is_some(), || {
            format!("session {} is ACTIVE and never was activated", session.id)
        })?;
        ensure(named.len() <= MILESTONES_MOST, || {
            format!("session {} keeps {} milestones", session.id, named.len())
        })?;
    }
    Ok(())
}

pub(super) fn trace(look: &Look<'_>) -> Result<(), String> {
    for (_, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        let id = placement.activating.as_ref().or(placement.fulfilment.as_ref().map(|got| &got.session));
        let Some(session) = id.and_then(|id| look.state.game_server_sessions.get(id)) else { continue };
        let (asked, made) = (placement.trace_context, session.timeline.trace);
        ensure(asked.is_some() && asked == made, || {
            format!("placement {} of trace {asked:?} has a session of {made:?}", placement.id)
        })?;
        ensure(session.timeline.requested == Some(placement.started), || {
            format!("session {} does not know when placement {} was asked for", session.id, placement.id)
        })?;
    }
    Ok(())
}
