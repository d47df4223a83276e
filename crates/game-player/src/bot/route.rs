//! Ways around the walls, tile by tile.

use game_sim::{
    Direction, PLAYER_HALF, SHOT_HALF, WALK,
    arena::{self, COLUMNS, Position, ROWS, TILE},
};

/// How far from the middle of a tile still counts as there, in units: less than a step.
const NEAR: i32 = WALK.0 - 8;
/// Tiles in all.
const TILES: usize = (COLUMNS * ROWS) as usize;

/// Which way to press to come nearer.
pub(super) fn heading(from: Position, to: Position) -> Direction {
    let part = |distance: i32| if distance.abs() <= NEAR { 0 } else { distance.signum() as i8 };
    Direction { x: part(to.x - from.x), y: part(to.y - from.y) }
}

/// Where to walk next on the way to `target`: the middle of the next tile of a shortest path around the walls.
pub(super) fn next_stop(from: Position, target: Position) -> Position {
    let tile = |place: Position| (place.x.div_euclid(TILE), place.y.div_euclid(TILE));
    let index = |(column, row): (i32, i32)| (row * COLUMNS + column) as usize;
    let (start, goal) = (tile(from), tile(target));
    if start == goal || arena::is_wall(goal.0, goal.1) {
        return target;
    }
    // Breadth first from the goal: the tile from which the start is reached is the next one to walk to.
    let mut seen = [false; TILES];
    let mut queue = std::collections::VecDeque::from([goal]);
    seen[index(goal)] = true;
    while let Some((column, row)) = queue.pop_front() {
        for next in [(column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)] {
            if next == start {
                return towards_tile(from, (column, row), start);
            }
            if !arena::is_wall(next.0, next.1) && !seen[index(next)] {
                seen[index(next)] = true;
                queue.push_back(next);
            }
        }
    }
    target
}

/// The middle of the next tile; but first the middle of the own lane, so that no corner is cut and no wall is hit.
fn towards_tile(from: Position, next: (i32, i32), own: (i32, i32)) -> Position {
    let (here, there) = (arena::centre(own.0, own.1), arena::centre(next.0, next.1));
    // A tile is wider than a player: so far beside the middle they pass.
    let fits = |beside: i32| beside.abs() <= TILE / 2 - PLAYER_HALF - NEAR / 2;
    let lane_kept = if next.0 == own.0 { fits(from.x - here.x) } else { fits(from.y - here.y) };
    if lane_kept { there } else { here }
}

/// How many tiles there are to walk from a place to each other one; [`u16::MAX`] where no way leads.
pub(super) struct Ways([u16; TILES]);

impl Ways {
    /// Counted from here.
    pub(super) fn from(place: Position) -> Ways {
        let mut steps = [u16::MAX; TILES];
        let start = (place.x.div_euclid(TILE), place.y.div_euclid(TILE));
        let index = |(column, row): (i32, i32)| (row * COLUMNS + column) as usize;
        if arena::is_wall(start.0, start.1) {
            return Ways(steps);
        }
        steps[index(start)] = 0;
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some((column, row)) = queue.pop_front() {
            let walked = steps[index((column, row))];
            for next in [(column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)] {
                if !arena::is_wall(next.0, next.1) && steps[index(next)] == u16::MAX {
                    steps[index(next)] = walked + 1;
                    queue.push_back(next);
                }
            }
        }
        Ways(steps)
    }

    /// Tiles to walk to a place.
    pub(super) fn to(&self, place: Position) -> u16 {
        let (column, row) = (place.x.div_euclid(TILE), place.y.div_euclid(TILE));
        if arena::is_wall(column, row) { u16::MAX } else { self.0[(row * COLUMNS + column) as usize] }
    }
}

/// Whether nothing but floor lies between two places, for something as wide as a shot.
pub(super) fn sees(from: Position, to: Position) -> bool {
    let (x, y) = (to.x - from.x, to.y - from.y);
    let steps = x.abs().max(y.abs()) / (TILE / 4) + 1;
    (0..=steps).all(|step| {
        let place = Position { x: from.x + x * step / steps, y: from.y + y * step / steps };
        !arena::blocked(place, SHOT_HALF)
    })
}
