//! What tells players apart: a colour, a shape and a letter for each seat, so that colour is never alone.
//!
//! The colours are those of Okabe and Ito, chosen to differ for people with any kind of colour blindness; black, which
//! would not be seen on the dark floor, is white. They come in the order in which small matches get those that differ
//! most. The tests look at all pairs through the eyes of the three kinds of dichromats. Not here: how a mark is drawn.

/// A colour as sRGB, 0 to 255 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// The colours of the seats, by slot; those of the ninth to sixteenth are the same again.
pub(crate) const COLORS: [Rgb; 8] = [
    Rgb(86, 180, 233),
    Rgb(213, 94, 0),
    Rgb(240, 228, 66),
    Rgb(0, 114, 178),
    Rgb(204, 121, 167),
    Rgb(245, 245, 245),
    Rgb(230, 159, 0),
    Rgb(0, 158, 115),
];

/// The outline of a seat's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A disc.
    Circle,
    /// A square on its side.
    Square,
    /// A square on its corner.
    Diamond,
}

const SHAPES: [Shape; 3] = [Shape::Circle, Shape::Square, Shape::Diamond];

/// How a seat is marked wherever it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Filled with this.
    pub(crate) color: Rgb,
    /// In this outline.
    pub(crate) shape: Shape,
    /// With this letter on it.
    pub(crate) letter: char,
}

/// The mark of a seat. No two of sixteen seats share both colour and shape, and none shares its letter.
pub(crate) fn mark(slot: u8) -> Mark {
    let of = usize::from(slot);
    Mark {
        color: COLORS[of % COLORS.len()],
        shape: SHAPES[of % SHAPES.len()],
        letter: char::from(b'A' + slot % 26),
    }
}

/// Black or white: what is read better on this.
pub(crate) fn ink(on: Rgb) -> Rgb {
    const BLACK: Rgb = Rgb(14, 17, 25);
    const WHITE: Rgb = Rgb(255, 255, 255);
    if contrast(on, BLACK) >= contrast(on, WHITE) { BLACK } else { WHITE }
}

/// How far apart two colours are in brightness, from 1 to 21 (WCAG 2).
pub(crate) fn contrast(one: Rgb, other: Rgb) -> f32 {
    let luminance = |color| {
        let [red, green, blue] = linear(color);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The parts of a colour as light, 0 to 1.
fn linear(Rgb(red, green, blue): Rgb) -> [f32; 3] {
    [red, green, blue].map(|part| {
        let part = f32::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

#[cfg(test)]
mod tests;
