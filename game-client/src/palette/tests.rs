//! The colours through the eyes of others: simulated after Machado, Oliveira and Fernandes (2009), full severity, and
//! compared as CIE 1976 Lab distances. A distance of 2 is just seen side by side, 10 at a glance.

use super::{COLORS, Rgb, contrast, ink, linear, mark};

type Matrix = [[f32; 3]; 3];

const EYES: [(&str, Matrix); 4] = [
    ("trichromat", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanope",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranope",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_82, 0.042_94, 0.968_881],
        ],
    ),
    (
        "tritanope",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_9],
        ],
    ),
];

/// The floor of the arena, `theme::FLOOR`.
const FLOOR: Rgb = Rgb(30, 37, 53);

fn lab(color: Rgb, eye: &Matrix) -> [f32; 3] {
    let light = linear(color);
    let [r, g, b] = eye.map(|row| {
        let seen: f32 = row.iter().zip(light).map(|(share, part)| share * part).sum();
        seen.clamp(0.0, 1.0)
    });
    let (x, y, z) = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    );
    let root = |part: f32| if part > 0.008_856 { part.cbrt() } else { 7.787 * part + 16.0 / 116.0 };
    let (x, y, z) = (root(x), root(y), root(z));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn distance(one: Rgb, other: Rgb, eye: &Matrix) -> f32 {
    let (one, other) = (lab(one, eye), lab(other, eye));
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f32>().sqrt()
}

/// The two colours among these that are nearest to each other, for whom they are, and how near.
fn nearest(colors: &[Rgb]) -> (f32, String) {
    let mut found = (f32::MAX, String::new());
    for (who, eye) in &EYES {
        for (index, one) in colors.iter().enumerate() {
            for other in &colors[..index] {
                let distance = distance(*one, *other, eye);
                if distance < found.0 {
                    found = (distance, format!("{one:?} and {other:?} for a {who}: {distance}"));
                }
            }
        }
    }
    found
}

#[test]
fn everybody_can_tell_the_colours_apart() {
    for (players, apart) in [(2, 50.0), (4, 24.0), (6, 20.0), (8, 16.0)] {
        let (distance, pair) = nearest(&COLORS[..players]);
        assert!(distance >= apart, "{players} players: {pair}");
    }
}

/// The test above finds colours that only some can tell apart.
#[test]
fn red_and_green_of_traffic_lights_would_be_found() {
    let (distance, pair) = nearest(&[Rgb(255, 107, 107), Rgb(150, 150, 80)]);
    assert!(distance < 16.0, "{pair}");
    assert!(pair.contains("anope"), "{pair}");
}

#[test]
fn no_two_seats_look_the_same() {
    let marks: Vec<_> = (0..16).map(mark).collect();
    for (slot, one) in marks.iter().enumerate() {
        for other in &marks[..slot] {
            assert_ne!(one.letter, other.letter);
            assert!(one.color != other.color || one.shape != other.shape, "{one:?} {other:?}");
        }
    }
    let neighbours_differ = marks.windows(2).all(|pair| pair[0].shape != pair[1].shape);
    assert!(neighbours_differ, "who differs least by number differs by shape");
}

#[test]
fn letters_are_read_and_marks_are_seen() {
    for color in COLORS {
        assert!(contrast(color, ink(color)) >= 4.5, "{color:?}: {}", contrast(color, ink(color)));
        assert!(contrast(color, FLOOR) >= 2.9, "{color:?}: {}", contrast(color, FLOOR));
    }
}
