//! On the committed pictures themselves: what must be caught, and what must not.

use std::path::Path;

use super::{Verdict, compare};
use crate::screenshot::picture::Picture;

fn reference(name: &str) -> Picture {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Picture::read(&root.join("docs/pictures").join(format!("{name}.png"))).unwrap()
}

fn is_same(new: &Picture, reference: &Picture) -> bool {
    matches!(compare(new, reference), Verdict::Same { .. })
}

/// Swaps two parts of a picture of this size, as if what is in one stood in the other.
fn swap(picture: &mut Picture, one: (usize, usize), other: (usize, usize), side: usize) {
    for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
        for channel in 0..3 {
            let at = |(left, top): (usize, usize)| ((top + y) * picture.width + left + x) * 3 + channel;
            let (one, other) = (at(one), at(other));
            picture.bytes.swap(one, other);
        }
    }
}

/// Where there is most to see in a square of this side: a player with name and health is brighter than the floor.
fn brightest(picture: &Picture, side: usize, within: (usize, usize)) -> (usize, usize) {
    let light = |left: usize, top: usize| -> u64 {
        let rows = (top..top + side).map(|y| {
            let row = &picture.bytes[(y * picture.width + left) * 3..][..side * 3];
            row.iter().map(|part| u64::from(*part)).sum::<u64>()
        });
        rows.sum()
    };
    let places =
        (80..within.1 - side).step_by(4).flat_map(|y| (40..within.0 - side).step_by(4).map(move |x| (x, y)));
    places.max_by_key(|&(x, y)| light(x, y)).unwrap()
}

#[test]
fn a_picture_is_itself() {
    let picture = reference("match");
    assert!(matches!(compare(&picture, &picture), Verdict::Same { differing: 0 }));
}

/// Half the size of the noise of another renderer would be felt at every edge.
#[test]
fn another_rounding_is_the_same() {
    for name in ["match", "title", "lobby"] {
        let picture = reference(name);
        let mut rounded = picture.clone();
        for (index, part) in rounded.bytes.iter_mut().enumerate() {
            *part = part.saturating_add([0, 3, 0, 1, 4, 2, 0][index % 7]);
        }
        assert!(is_same(&rounded, &picture), "{name}");
        // Every edge is smeared by half of what is beside it.
        let mut smeared = picture.clone();
        for index in 3..smeared.bytes.len() {
            let (here, beside) = (u16::from(picture.bytes[index]), u16::from(picture.bytes[index - 3]));
            smeared.bytes[index] = ((here * 7 + beside) / 8) as u8;
        }
        assert!(is_same(&smeared, &picture), "{name}: {}", compare(&smeared, &picture));
    }
}

#[test]
fn a_player_who_stands_elsewhere_is_caught() {
    let picture = reference("match");
    let player = brightest(&picture, 24, (760, 520));
    let mut moved = picture.clone();
    let elsewhere = if player.0 > 400 { player.0 - 60 } else { player.0 + 60 };
    swap(&mut moved, player, (elsewhere, player.1), 24);
    let Verdict::Differs { difference, differing } = compare(&moved, &picture) else {
        panic!("the player at {player:?} moved unseen")
    };
    assert!(differing > 500);
    assert_eq!((difference.width, difference.height()), (picture.width / 2, picture.height() / 2));
    assert!(difference.bytes.chunks_exact(3).any(|pixel| pixel == [255, 40, 40]));
}

#[test]
fn another_screen_is_caught() {
    let names =
        ["title", "regions", "settings", "connecting", "lobby", "match", "network", "result", "error"];
    for (index, one) in names.iter().enumerate() {
        for other in &names[..index] {
            assert!(!is_same(&reference(one), &reference(other)), "{one} and {other}");
        }
    }
    let mut black = reference("title");
    black.bytes.fill(0);
    assert!(!is_same(&black, &reference("title")));
    let small = Picture { width: 2, bytes: vec![0; 12] };
    assert!(matches!(compare(&small, &black), Verdict::OtherSize { .. }));
}
