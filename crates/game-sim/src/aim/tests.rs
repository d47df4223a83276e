//! The table against what it must be, without a sine to compare with.

use super::*;

#[test]
fn every_direction_is_one_unit_long_and_has_one_across() {
    for step in 0..=u8::MAX {
        let (x, y) = Aim(step).vector();
        let length_squared = i64::from(x) * i64::from(x) + i64::from(y) * i64::from(y);
        let unit_squared = i64::from(AIM_UNIT) * i64::from(AIM_UNIT);
        // Rounding moves each part by half at most.
        assert!((length_squared - unit_squared).abs() <= 2 * i64::from(AIM_UNIT), "step {step}: {x}, {y}");
        assert_eq!(Aim(step.wrapping_add(128)).vector(), (-x, -y), "step {step}");
        assert_eq!(Aim(step.wrapping_add(64)).vector(), (-y, x), "step {step}");
    }
    assert_eq!(Aim(0).vector(), (AIM_UNIT, 0));
    assert_eq!(Aim(64).vector(), (0, AIM_UNIT));
}

#[test]
fn steps_go_round_evenly() {
    // The way from one step to the next is the same all around, so no step is missing or twice.
    for step in 0..=u8::MAX {
        let ((x, y), (then_x, then_y)) = (Aim(step).vector(), Aim(step.wrapping_add(1)).vector());
        let chord = (then_x - x).abs().max((then_y - y).abs());
        assert!((280..=404).contains(&chord), "step {step}: {chord}");
    }
}

#[test]
fn towards_finds_the_nearest_step() {
    for step in 0..=u8::MAX {
        let (x, y) = Aim(step).vector();
        assert_eq!(Aim::towards(x, y), Some(Aim(step)));
        assert_eq!(Aim::towards(x / 16, y / 16), Some(Aim(step)), "also nearby");
    }
    assert_eq!(Aim::towards(0, 0), None);
    assert_eq!(Aim::towards(i32::MIN, i32::MAX), Some(Aim(96)));
}

#[test]
fn the_eight_directions_are_steps() {
    for (x, y) in [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)] {
        let aim = Aim::from(Direction { x, y });
        assert_eq!(Some(aim), Aim::towards(x.into(), y.into()));
    }
    assert_eq!(Aim::from(Direction::default()), Aim(0));
}

#[test]
fn distances_go_the_short_way() {
    for (one, other, expected) in [(0, 0, 0), (0, 10, 10), (250, 4, 10), (4, 250, 10), (0, 128, 128)] {
        assert_eq!(Aim(one).distance(Aim(other)), expected);
    }
}
