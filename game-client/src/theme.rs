//! Colours, sizes and the few pieces of interface that every screen uses.
//!
//! Colour never carries meaning alone: a player has a colour, a shape and a letter (`palette.rs`), a coin has a colour
//! and a shape.

use bevy::prelude::*;

use crate::palette::{self, Rgb, Shape};

/// Size of the canvas that everything is laid out on; a window of another size scales it.
pub(crate) const CANVAS: Vec2 = Vec2::new(1360.0, 740.0);
/// Width of the panel at the right edge.
pub(crate) const PANEL_WIDTH: f32 = 276.0;
/// Distance of things from the edges of the canvas.
pub(crate) const MARGIN: f32 = 20.0;
/// Height of the strip above the arena.
pub(crate) const HEADER_HEIGHT: f32 = 60.0;

/// Behind everything.
pub(crate) const BACKGROUND: Color = Color::srgb(0.055, 0.067, 0.098);
/// Behind text.
pub(crate) const PANEL: Color = Color::srgb(0.098, 0.118, 0.169);
/// A row of a list that is about this player.
pub(crate) const PANEL_OWN: Color = Color::srgb(0.165, 0.200, 0.290);
/// Floor of the arena.
pub(crate) const FLOOR: Color = Color::srgb(0.118, 0.145, 0.208);
/// Every other square of the floor.
pub(crate) const FLOOR_CHECK: Color = Color::srgb(0.130, 0.160, 0.228);
/// Walls and the arena's edge.
pub(crate) const WALL: Color = Color::srgb(0.220, 0.260, 0.360);
/// Upper face of a wall.
pub(crate) const WALL_TOP: Color = Color::srgb(0.320, 0.370, 0.500);
/// Coins.
pub(crate) const COIN: Color = Color::srgb(1.0, 0.800, 0.200);
/// Rim of a coin.
pub(crate) const COIN_RIM: Color = Color::srgb(0.780, 0.550, 0.080);
/// The mark of a heart.
pub(crate) const HEART: Color = Color::srgb(0.860, 0.180, 0.270);
/// A line of a menu that is not selected.
pub(crate) const PANEL_RAISED: Color = Color::srgb(0.122, 0.147, 0.208);
/// Ordinary text.
pub(crate) const TEXT: Color = Color::srgb(0.900, 0.925, 0.965);
/// Text that explains.
pub(crate) const TEXT_FAINT: Color = Color::srgb(0.560, 0.610, 0.710);
/// Text of what cannot be chosen.
pub(crate) const TEXT_OFF: Color = Color::srgb(0.350, 0.390, 0.470);
/// Text that warns.
pub(crate) const TEXT_ALARM: Color = Color::srgb(1.0, 0.480, 0.420);

/// A colour of the palette as bevy has colours.
pub(crate) fn color(Rgb(red, green, blue): Rgb) -> Color {
    Color::srgb_u8(red, green, blue)
}

/// Colour of a seat.
pub(crate) fn player_color(slot: u8) -> Color {
    color(palette::mark(slot).color)
}

/// The mark of a seat: its colour, its shape and its letter, so many pixels wide.
pub(crate) fn token(slot: u8, size: f32) -> impl Bundle {
    let mark = palette::mark(slot);
    // A square on its corner is wider than on its side; a disc looks smaller than a square.
    let (side, radius, turn) = match mark.shape {
        Shape::Circle => (size, size / 2.0, 0.0),
        Shape::Square => (size * 0.9, size * 0.16, 0.0),
        Shape::Diamond => (size * 0.78, size * 0.12, 45.0),
    };
    (
        Node {
            width: px(size),
            height: px(size),
            flex_shrink: 0.0,
            align_items: AlignItems::Center,
            justify_content: JustifyContent::Center,
            ..default()
        },
        children![
            (
                Node {
                    position_type: PositionType::Absolute,
                    width: px(side),
                    height: px(side),
                    left: px((size - side) / 2.0),
                    top: px((size - side) / 2.0),
                    border_radius: BorderRadius::all(px(radius)),
                    ..default()
                },
                UiTransform::from_rotation(Rot2::degrees(turn)),
                BackgroundColor(color(mark.color)),
            ),
            label(mark.letter, size * 0.62, color(palette::ink(mark.color))),
        ],
    )
}

/// A name that fits: the last part of a long id is cut off, and the cut is shown.
pub(crate) fn short_name(name: &str, width_max: usize) -> String {
    if width(name) <= width_max {
        return name.to_owned();
    }
    format!("{}..", beginning(name, width_max.saturating_sub(2)))
}

/// How many characters of the built-in font a text is wide at most. Letters of Chinese, Japanese and Korean, and
/// pictures, are wider than those: up to two thirds more, and are counted twice.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

fn character_width(c: char) -> usize {
    let is_wide = matches!(
        u32::from(c),
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60
            | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd
    );
    if is_wide { 2 } else { 1 }
}

/// As much of the beginning of a text as fits.
fn beginning(text: &str, width_max: usize) -> &str {
    let mut room = width_max;
    let fits = |c: &char| {
        let is_in = character_width(*c) <= room;
        room = room.saturating_sub(character_width(*c));
        is_in
    };
    &text[..text.chars().take_while(fits).map(char::len_utf8).sum()]
}

/// As much of the end of a text as fits: of a line that is written, that is what one looks at.
pub(crate) fn end(text: &str, width_max: usize) -> &str {
    let too_much = width(text).saturating_sub(width_max);
    let mut left_out = 0;
    let is_out = |c: &char| {
        let is_out = left_out < too_much;
        left_out += character_width(*c);
        is_out
    };
    &text[text.chars().take_while(is_out).map(char::len_utf8).sum()..]
}

/// Text of the interface. What cannot be shown of it is replaced when it is drawn (`fonts.rs`).
pub(crate) fn label(text: impl Into<String>, size: f32, color: Color) -> impl Bundle {
    (Text::new(text), TextFont { font_size: FontSize::Px(size), ..default() }, TextColor(color))
}

/// A column over the whole canvas with its content in the middle.
pub(crate) fn centered() -> Node {
    Node {
        width: percent(100),
        height: percent(100),
        flex_direction: FlexDirection::Column,
        align_items: AlignItems::Center,
        justify_content: JustifyContent::Center,
        row_gap: px(16),
        ..default()
    }
}

/// A panel that holds a column, from the top.
pub(crate) fn panel(width: Val) -> impl Bundle {
    (panel_node(width), BackgroundColor(PANEL))
}

/// The layout of a [`panel`].
pub(crate) fn panel_node(width: Val) -> Node {
    Node {
        width,
        flex_direction: FlexDirection::Column,
        padding: UiRect::all(px(24)),
        row_gap: px(10),
        border_radius: BorderRadius::all(px(12)),
        ..default()
    }
}

/// A screen of its own: it covers the canvas, with a margin.
pub(crate) fn page() -> Node {
    Node {
        width: percent(100),
        height: percent(100),
        padding: UiRect::axes(px(80), px(56)),
        flex_direction: FlexDirection::Column,
        row_gap: px(20),
        ..default()
    }
}

/// A column without a ground.
pub(crate) fn column(gap: f32) -> Node {
    Node { flex_direction: FlexDirection::Column, row_gap: px(gap), ..default() }
}

/// Text cut into lines of at most this width.
pub(crate) fn wrapped(text: &str, width_max: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && width(&line) + 1 + width(word) > width_max {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    // A word may be longer than a line: an address, an id, and a sentence of Chinese is one word.
    let cut = |line: &String| -> Vec<String> {
        let (mut rest, mut parts) = (line.as_str(), Vec::new());
        while parts.is_empty() || !rest.is_empty() {
            let part = beginning(rest, width_max.max(2));
            parts.push(part.to_owned());
            rest = &rest[part.len()..];
        }
        parts
    };
    lines.iter().flat_map(cut).collect::<Vec<_>>().join("\n")
}

/// A rounded box that holds a column.
pub(crate) fn card() -> impl Bundle {
    (
        Node {
            flex_direction: FlexDirection::Column,
            align_items: AlignItems::Center,
            padding: UiRect::axes(px(48), px(32)),
            row_gap: px(10),
            border_radius: BorderRadius::all(px(12)),
            ..default()
        },
        BackgroundColor(PANEL),
    )
}

#[cfg(test)]
mod tests {
    use super::{FLOOR, color, end, short_name, width, wrapped};
    use crate::palette::Rgb;

    #[test]
    fn the_floor_is_the_one_that_the_palette_is_tested_on() {
        use bevy::color::ColorToPacked;
        assert_eq!(FLOOR.to_srgba().to_u8_array(), color(Rgb(30, 37, 53)).to_srgba().to_u8_array());
    }

    #[test]
    fn what_is_too_long_is_cut_by_its_width() {
        assert_eq!(short_name("a-long-name", 8), "a-long..");
        assert_eq!(short_name("Zoë", 3), "Zoë");
        assert_eq!((width("Zoë"), width("王小明")), (3, 6));
        assert_eq!(short_name("王小明", 6), "王小明");
        assert_eq!(short_name("王小明", 5), "王..");
        assert_eq!((end("王小明", 5), end("abc", 2), end("abc", 5)), ("小明", "bc", "abc"));
    }

    #[test]
    fn lines_are_cut_between_words_or_where_they_must_be() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("a\nhint: b", 20), "a\nhint: b");
        assert_eq!(wrapped("abcdefgh i", 5), "abcde\nfgh\ni");
        assert_eq!(wrapped("", 5), "");
        assert_eq!(wrapped("有人要玩吗", 4), "有人\n要玩\n吗");
    }
}
