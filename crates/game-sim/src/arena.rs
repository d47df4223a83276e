//! The one arena: its measures, its walls, where players start.
//!
//! Lengths are in units of 1/16 pixel; x grows to the right, y grows downward, the origin is the top left corner.

use serde::{Deserialize, Serialize};

/// Units per pixel.
pub const UNITS_PER_PIXEL: i32 = 16;
/// Side of a tile in units (32 pixels).
pub const TILE: i32 = 32 * UNITS_PER_PIXEL;
/// Tiles from left to right.
pub const COLUMNS: i32 = 32;
/// Tiles from top to bottom.
pub const ROWS: i32 = 20;
/// Width of the arena in units.
pub const WIDTH: i32 = COLUMNS * TILE;
/// Height of the arena in units.
pub const HEIGHT: i32 = ROWS * TILE;

/// `#` is wall; a hexadecimal digit is where the player of that slot starts. Equal under a half turn, so that no
/// corner is better than the one across.
const MAP: [&[u8; COLUMNS as usize]; ROWS as usize] = [
    b"################################",
    b"#0............................2#",
    b"#..............8...............#",
    b"#...##....##........##....##...#",
    b"#...#......................#...#",
    b"#...#...4..............6...#...#",
    b"#.........###......###.........#",
    b"#..............##..............#",
    b"#.......#......##......#.......#",
    b"#a......#...e..........#......c#",
    b"#d......#..........f...#......b#",
    b"#.......#......##......#.......#",
    b"#..............##..............#",
    b"#.........###......###.........#",
    b"#...#...7..............5...#...#",
    b"#...#......................#...#",
    b"#...##....##........##....##...#",
    b"#...............9..............#",
    b"#3............................1#",
    b"################################",
];

/// A point in the arena, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// From the left edge, in units.
    pub x: i32,
    /// From the top edge, in units.
    pub y: i32,
}

/// Whether the tile is wall. Everything outside the arena is.
pub fn is_wall(column: i32, row: i32) -> bool {
    if !(0..COLUMNS).contains(&column) || !(0..ROWS).contains(&row) {
        return true;
    }
    MAP[row as usize][column as usize] == b'#'
}

/// The centre of a tile.
pub fn centre(column: i32, row: i32) -> Position {
    Position { x: column * TILE + TILE / 2, y: row * TILE + TILE / 2 }
}

/// Every tile as (column, row), row by row.
pub fn tiles() -> impl Iterator<Item = (i32, i32)> {
    (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (column, row)))
}

/// Where the player of this slot starts; slots are 0 to 15.
pub fn start(slot: usize) -> Position {
    let digit = b"0123456789abcdef"[slot % 16];
    let found = tiles().find(|(column, row)| MAP[*row as usize][*column as usize] == digit);
    let (column, row) = found.expect("the map has all sixteen digits");
    centre(column, row)
}

/// Whether a square with this centre and half side touches a wall.
pub fn blocked(centre: Position, half: i32) -> bool {
    let columns = (centre.x - half).div_euclid(TILE)..=(centre.x + half - 1).div_euclid(TILE);
    let mut rows = (centre.y - half).div_euclid(TILE)..=(centre.y + half - 1).div_euclid(TILE);
    rows.any(|row| columns.clone().any(|column| is_wall(column, row)))
}
