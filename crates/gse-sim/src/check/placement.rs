//! Checkers of placements (operations.md 5.2 to 5.4).

use gse_core::Row;
use gse_core::game_server_session::GameServerSessionStatus;
use gse_core::placement::PlacementStatus;

use super::{Look, ensure};

pub(super) fn fulfilment(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        let was = matches!(before, Some(Row::Placement(before)) if before.status == placement.status);
        if placement.status != PlacementStatus::Fulfilled || was {
            continue;
        }
        let got = placement.fulfilment.as_ref().ok_or("it got nothing")?;
        let session = look.state.game_server_sessions.get(&got.session).ok_or("it got no session")?;
        ensure(session.status == GameServerSessionStatus::Active, || {
            format!("its session is {}", session.status)
        })?;
        ensure((session.ip_address.as_str(), session.port) == (got.ip_address.as_str(), got.port), || {
            "its address is not that of the session".into()
        })?;
        let seated: Vec<_> = got.players.iter().map(|seat| seat.player.as_str()).collect();
        let wanted: Vec<_> =
            placement.request.players.iter().map(|joining| joining.player.as_str()).collect();
        ensure(seated == wanted, || format!("seats for {seated:?}, wanted {wanted:?}"))?;
    }
    Ok(())
}

pub(super) fn latency(look: &Look<'_>) -> Result<(), String> {
    for (before, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        let before = match before {
            Some(Row::Placement(before)) => before.activating.as_ref(),
            _ => None,
        };
        let Some(session) = placement.activating.as_ref().filter(|session| before != Some(*session)) else {
            continue;
        };
        let Some(session) = look.state.game_server_sessions.get(session) else { continue };
        let key = gse_core::queue::QueueKey {
            scope: placement.scope.clone(),
            name: placement.request.queue.clone(),
        };
        let last = look.state.queues.get(&key).and_then(|queue| queue.policies.last());
        let most_ms = last.map_or(999_999, |policy| policy.maximum_latency_ms);
        let here =
            placement.request.latencies.iter().filter(|latency| latency.region == session.scope.region);
        let mut here = here.map(|latency| latency.latency_ms);
        ensure(here.all(|ms| ms > 0 && ms <= most_ms), || {
            format!("placement {} went to {}", placement.id, session.scope.region)
        })?;
    }
    Ok(())
}

pub(super) fn lets_go(look: &Look<'_>) -> Result<(), String> {
    for (_, row) in look.changed() {
        let Row::Placement(placement) = row else { continue };
        if placement.status == PlacementStatus::Pending {
            let session =
                placement.activating.as_ref().and_then(|id| look.state.game_server_sessions.get(id));
            let fine = session.is_none_or(|row| row.status == GameServerSessionStatus::Activating);
            ensure(fine && look.now <= placement.timeout, || {
                format!("placement {} waits for {:?}", placement.id, placement.activating)
            })?;
        } else {
            ensure(placement.activating.is_none() && placement.ended.is_some(), || {
                format!(
                    "placement {} is {} and holds {:?}",
                    placement.id, placement.status, placement.activating
                )
            })?;
        }
    }
    Ok(())
}
