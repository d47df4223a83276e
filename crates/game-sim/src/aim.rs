//! Where somebody aims: one of 256 directions, apart from where they walk.
//!
//! Integers out of a table, because sines of two machines may differ in the last bit. The table is of a quarter, and
//! the other three mirror it, so that no direction flies further than the one across.

use serde::{Deserialize, Serialize};

use crate::world::Direction;

/// A direction out of 256, clockwise on the screen: 0 right, 64 down, 128 left, 192 up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Aim(pub u8);

/// The length of [`Aim::vector`].
pub const AIM_UNIT: i32 = 1 << 14;

/// The sine of so many 256ths of a turn, times [`AIM_UNIT`], rounded.
const QUARTER: [i32; 65] = [
    0, 402, 804, 1205, 1606, 2006, 2404, 2801, 3196, 3590, 3981, 4370, 4756, 5139, 5520, 5897, 6270, 6639,
    7005, 7366, 7723, 8076, 8423, 8765, 9102, 9434, 9760, 10080, 10394, 10702, 11003, 11297, 11585, 11866,
    12140, 12406, 12665, 12916, 13160, 13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978, 15137,
    15286, 15426, 15557, 15679, 15791, 15893, 15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379,
    16384,
];

impl Aim {
    /// The direction as (x, y), [`AIM_UNIT`] long but for rounding; y grows downward.
    pub fn vector(self) -> (i32, i32) {
        (sine(self.0.wrapping_add(64)), sine(self.0))
    }

    /// The step nearest to the way from a point to another that lies `x` and `y` away; `None`: there is no way to go.
    /// Distances of an arena fit; larger ones count as [`i32::MAX`]` / 4`.
    pub fn towards(x: i32, y: i32) -> Option<Aim> {
        let bound = i32::MAX / 4;
        let (x, y) = (i64::from(x.clamp(-bound, bound)), i64::from(y.clamp(-bound, bound)));
        if (x, y) == (0, 0) {
            return None;
        }
        let along = |aim: &Aim| {
            let (ahead_x, ahead_y) = aim.vector();
            x * i64::from(ahead_x) + y * i64::from(ahead_y)
        };
        (0..=u8::MAX).map(Aim).max_by_key(along)
    }

    /// How far this is from another, in steps, 0 to 128.
    pub fn distance(self, other: Aim) -> u8 {
        let turn = self.0.wrapping_sub(other.0);
        turn.min(turn.wrapping_neg())
    }
}

impl From<Direction> for Aim {
    /// Standing still counts as right.
    fn from(direction: Direction) -> Aim {
        let Direction { x, y } = direction.signs();
        Aim(match (x, y) {
            (1, 1) => 32,
            (0, 1) => 64,
            (-1, 1) => 96,
            (-1, 0) => 128,
            (-1, -1) => 160,
            (0, -1) => 192,
            (1, -1) => 224,
            _ => 0,
        })
    }
}

/// The sine of so many 256ths of a turn, times [`AIM_UNIT`].
fn sine(step: u8) -> i32 {
    let (half, within) = (step / 128, usize::from(step % 128));
    let sine = QUARTER[within.min(128 - within)];
    if half == 0 { sine } else { -sine }
}

#[cfg(test)]
mod tests;
