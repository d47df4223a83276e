//! Shots, and by how much the past counts.

use crate::arena::{self, Position, TILE};
use crate::tests::{STILL, duel, edit};
use crate::*;

const SHOOT: PlayerInput = PlayerInput { shoot: true, ..STILL };

/// Steps until the second player has lost health or nothing is in flight any more.
fn fly(world: &mut World, second: PlayerInput) {
    let before = world.players()[1].health;
    while world.players()[1].health == before && !world.shots().is_empty() {
        world.step(&[(PlayerSlot(0), STILL), (PlayerSlot(1), second)]);
    }
}

#[test]
fn a_shot_hits_who_stands_in_its_way() {
    let mut world = duel(arena::centre(2, 9), arena::centre(6, 9));
    world.step(&[(PlayerSlot(0), SHOOT)]);
    assert_eq!((world.shots().len(), world.players()[0].reload_ticks), (1, RELOAD_TICKS));
    fly(&mut world, STILL);
    assert_eq!(world.players()[1].health, HEALTH_MAX - 1);
    assert!(world.shots().is_empty(), "a shot hits once");
    assert_eq!(world.players()[0].health, HEALTH_MAX, "not its owner");
}

#[test]
fn a_shot_flies_where_it_was_aimed_and_not_where_its_owner_walks() {
    let up = Direction { x: 0, y: -1 };
    for step in 0..=u8::MAX {
        let mut world = duel(arena::centre(4, 9), arena::centre(25, 17));
        let aim = Some(Aim(step));
        world.step(&[(PlayerSlot(0), PlayerInput { direction: up, aim, ..SHOOT })]);
        let shot = world.shots()[0];
        assert_eq!((shot.aim, world.players()[0].aims()), (Aim(step), Aim(step)));
        let place = shot.position(world.tick() + 20);
        let (x, y) = (place.x - shot.origin.x, place.y - shot.origin.y);
        assert_eq!(Aim::towards(x, y), Some(Aim(step)));
        // 21 ticks of 160 units, whatever the direction.
        let length_squared = x * x + y * y;
        assert!((3358 * 3358..=3362 * 3362).contains(&length_squared), "step {step}: {x}, {y}");
        // The aim is kept when nothing is heard, and given up by an input without one.
        world.step(&[]);
        assert_eq!(world.players()[0].aims(), Aim(step));
        world.step(&[(PlayerSlot(0), PlayerInput { direction: up, ..STILL })]);
        assert_eq!(world.players()[0].aims(), up.into());
    }
}

#[test]
fn walls_shields_dashes_and_the_range_stop_a_hit() {
    let check = |world: World, why| {
        let mut world = world;
        world.step(&[(PlayerSlot(0), SHOOT), (PlayerSlot(1), STILL)]);
        fly(&mut world, STILL);
        assert_eq!(world.players()[1].health, HEALTH_MAX, "{why}");
    };
    check(duel(arena::centre(5, 9), arena::centre(10, 9)), "a wall is at column 8");
    let near = duel(arena::centre(2, 9), arena::centre(6, 9));
    check(edit(&near, |state| state.players[1].shield_ticks = 250), "shielded");
    check(edit(&near, |state| state.players[1].dash_ticks = 250), "dashing");
    check(edit(&near, |state| state.players[1].present = false), "gone");
    // 50 ticks of 160 units are not quite 16 tiles.
    check(duel(arena::centre(2, 7), arena::centre(19, 7)), "too far");
    check(edit(&near, |state| state.players[0].stun_ticks = 200), "who is stunned does not fire");
}

#[test]
fn a_player_reloads() {
    let mut world = duel(arena::centre(2, 2), arena::centre(25, 17));
    let mut fired = Vec::new();
    for _ in 0..100 {
        let tick = world.tick();
        world.step(&[(PlayerSlot(0), SHOOT)]);
        fired.extend(world.shots().iter().filter(|shot| shot.fired_at_tick == tick).map(|_| tick));
    }
    assert_eq!(fired, [0, 24, 48, 72, 96]);
}

#[test]
fn three_hits_knock_out_and_are_worth_points() {
    let mut world =
        edit(&duel(arena::centre(2, 9), arena::centre(6, 9)), |state| state.players[1].health = 1);
    world.step(&[(PlayerSlot(0), SHOOT)]);
    while world.players()[0].score == 0 && world.tick() < 60 {
        world.step(&[(PlayerSlot(0), STILL)]);
    }
    let [shooter, victim] = world.players() else { panic!("two players") };
    assert_eq!((shooter.score, shooter.scored_at_tick), (KNOCK_OUT_POINTS, world.tick() - 1));
    assert_eq!((victim.position, victim.health), (arena::start(1), HEALTH_MAX));
    assert!(victim.stun_ticks > 0 && victim.shield_ticks > victim.stun_ticks);
}

#[test]
fn hearts_heal_whom_they_can() {
    let place = arena::centre(2, 9);
    let world = edit(&duel(place, arena::centre(25, 10)), |state| state.pickups[COINS] = Some(place));
    let mut healthy = world.clone();
    healthy.step(&[]);
    assert_eq!(healthy.state().pickups[COINS], Some(place), "who lacks nothing leaves it");
    let mut hurt = edit(&world, |state| state.players[0].health = 1);
    hurt.step(&[]);
    assert_eq!((hurt.players()[0].health, hurt.players()[0].score), (2, 0));
    assert_ne!(hurt.state().pickups[COINS], Some(place));
}

#[test]
fn a_world_without_the_seed_does_not_know_where_things_appear() {
    let place = arena::centre(2, 9);
    let world = edit(&duel(place, arena::centre(25, 10)), |state| state.pickups[0] = Some(place));
    let mut blind = world.with_state(world.state().clone()).unwrap();
    blind.step(&[]);
    assert_eq!((blind.players()[0].score, blind.state().pickups[0]), (1, None));
    assert_eq!(blind.coins().count(), COINS - 1);
}

/// Health of somebody who walked down out of the line of fire for `gone_ticks`, when hit by a shot whose owner sees the
/// others `rewind_ticks` in the past.
fn health_after_getting_away(gone_ticks: u32, rewind_ticks: u8) -> u8 {
    let down = PlayerInput { direction: Direction { x: 0, y: 1 }, ..STILL };
    let origin = arena::centre(2, 7);
    // A shot takes three ticks here; half a player and half a shot are 256 units, and a step is 48.
    let mut world = duel(origin, Position { x: origin.x + TILE + 300, ..origin });
    for _ in 0..gone_ticks {
        world.step(&[(PlayerSlot(1), down)]);
    }
    world.step(&[(PlayerSlot(0), PlayerInput { rewind_ticks, ..SHOOT }), (PlayerSlot(1), down)]);
    fly(&mut world, down);
    world.players()[1].health
}

#[test]
fn a_shot_meets_others_where_its_owner_saw_them() {
    for gone_ticks in 4..10 {
        assert_eq!(
            health_after_getting_away(gone_ticks, 0),
            HEALTH_MAX,
            "{gone_ticks} ticks away, no rewind"
        );
        assert_eq!(
            health_after_getting_away(gone_ticks, gone_ticks as u8 + 2),
            HEALTH_MAX - 1,
            "{gone_ticks}"
        );
    }
}

#[test]
fn the_past_counts_up_to_its_bound() {
    let bound = u32::from(REWIND_TICKS_MAX);
    assert_eq!(health_after_getting_away(bound, u8::MAX), HEALTH_MAX - 1);
    for gone_ticks in bound + 6..bound + 20 {
        assert_eq!(health_after_getting_away(gone_ticks, u8::MAX), HEALTH_MAX, "{gone_ticks} ticks away");
    }
}
