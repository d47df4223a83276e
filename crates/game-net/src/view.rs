//! The others as they were a moment ago: between two snapshots that are known.

use std::collections::BTreeMap;

use game_sim::{Player, Position, WorldState};

use crate::protocol::SnapshotRate;

/// The others are drawn at least so many ticks before the newest snapshot, because of jitter.
const DELAY_TICKS_MIN: u32 = 4;
/// No correction while the distance from that is within so many ticks: snapshots come in steps, and with jitter.
const SLACK_TICKS: i64 = 4;
/// So far off it jumps.
const JUMP_TICKS: i64 = 30;
/// Nobody goes faster, in units per tick: more is a jump, and is drawn as one.
const UNITS_PER_TICK_MAX: i32 = 200;

/// The tick of the view one tick later: one further, or none, or two, to stay near the snapshots.
pub(crate) fn advance(
    view_tick: Option<u32>,
    received: &BTreeMap<u32, WorldState>,
    rate: SnapshotRate,
) -> Option<u32> {
    let (newest, _) = received.last_key_value()?;
    // Two snapshots before the newest: one that is lost or late leaves no gap.
    let wanted = newest.saturating_sub((2 * rate.ticks()).max(DELAY_TICKS_MIN));
    let Some(view_tick) = view_tick else { return Some(wanted) };
    let behind = i64::from(wanted) - i64::from(view_tick);
    Some(match behind {
        _ if behind.abs() > JUMP_TICKS => wanted,
        _ if behind > SLACK_TICKS => view_tick + 2,
        _ if behind < -SLACK_TICKS => view_tick,
        _ => view_tick + 1,
    })
}

/// The players at a tick: of the snapshot before, with the positions between it and the one after.
pub(crate) fn at(received: &BTreeMap<u32, WorldState>, tick: u32) -> Option<Vec<Player>> {
    let before = received.range(..=tick).next_back().map(|(_, state)| state);
    let after = received.range(tick + 1..).next().map(|(_, state)| state);
    let (Some(before), Some(after)) = (before, after) else {
        return before.or(after).map(|state| state.players.clone());
    };
    let (span, part) = ((after.tick - before.tick) as i32, (tick - before.tick) as i32);
    let between = |from: Position, to: Position| {
        let (x, y) = (to.x - from.x, to.y - from.y);
        if x.abs().max(y.abs()) > UNITS_PER_TICK_MAX * span {
            return from;
        }
        Position { x: from.x + x * part / span, y: from.y + y * part / span }
    };
    let players = before.players.iter().zip(&after.players);
    Some(players.map(|(a, b)| Player { position: between(a.position, b.position), ..a.clone() }).collect())
}
