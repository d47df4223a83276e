//! Whether two pictures show the same.
//!
//! Another version of the renderer rounds a colour or the edge of a letter otherwise; a player who stands elsewhere, a
//! line that is missing or a colour that changed is something else. So both are made half as large, which evens the
//! edges out, and of what is left only a few pixels may differ, and those by a colour that one would see.

use std::fmt;

use super::picture::Picture;

/// Up to here two colours are the same, by the part that differs most.
const SAME: u8 = 28;
/// So many of ten thousand pixels of the smaller picture may differ: 70 of 141,270, an eighth of a player's mark.
const DIFFERING_MAX: usize = 5;

/// What the comparison found.
pub(super) enum Verdict {
    /// The pictures show the same; so many pixels differ all the same.
    Same {
        /// Of a million.
        differing: usize,
    },
    /// They do not.
    Differs {
        /// Pixels of a million that differ.
        differing: usize,
        /// The reference in the dark, and in red what differs.
        difference: Picture,
    },
    /// They are not even of one size.
    OtherSize {
        /// Width and height of the new one.
        new: (usize, usize),
        /// Width and height of the reference.
        reference: (usize, usize),
    },
}

/// Compares a picture with what it should look like.
pub(super) fn compare(new: &Picture, reference: &Picture) -> Verdict {
    let size = |picture: &Picture| (picture.width, picture.height());
    if size(new) != size(reference) {
        return Verdict::OtherSize { new: size(new), reference: size(reference) };
    }
    let (new, reference) = (halved(new), halved(reference));
    let pairs = || new.bytes.chunks_exact(3).zip(reference.bytes.chunks_exact(3));
    let count = pairs().filter(|(new, reference)| differs(new, reference)).count();
    let differing = count * 1_000_000 / pairs().count().max(1);
    if differing <= DIFFERING_MAX * 100 {
        return Verdict::Same { differing };
    }
    let marked = |(new, reference): (&[u8], &[u8])| match differs(new, reference) {
        true => [255, 40, 40],
        false => [reference[0] / 3, reference[1] / 3, reference[2] / 3],
    };
    let bytes = pairs().flat_map(marked).collect();
    Verdict::Differs { differing, difference: Picture { width: new.width, bytes } }
}

fn differs(new: &[u8], reference: &[u8]) -> bool {
    new.iter().zip(reference).any(|(new, reference)| new.abs_diff(*reference) > SAME)
}

/// Each four pixels become one, their average.
fn halved(picture: &Picture) -> Picture {
    let (width, height) = (picture.width / 2, picture.height() / 2);
    let part =
        |x: usize, y: usize, channel: usize| u32::from(picture.bytes[(y * picture.width + x) * 3 + channel]);
    let mut bytes = Vec::with_capacity(width * height * 3);
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (2 * x, 2 * y))) {
        for channel in 0..3 {
            let sum = part(x, y, channel) + part(x + 1, y, channel);
            let sum = sum + part(x, y + 1, channel) + part(x + 1, y + 1, channel);
            bytes.push(u8::try_from(sum / 4).unwrap_or(u8::MAX));
        }
    }
    Picture { width, bytes }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Same { differing: 0 } => write!(f, "the same"),
            Verdict::Same { differing } => write!(f, "the same but for {differing} of a million pixels"),
            Verdict::Differs { differing, .. } => {
                write!(f, "{differing} of a million pixels differ, {} may", DIFFERING_MAX * 100)
            }
            Verdict::OtherSize { new, reference } => {
                write!(f, "{} × {}, expected {} × {}", new.0, new.1, reference.0, reference.1)
            }
        }
    }
}

#[cfg(test)]
mod tests;
