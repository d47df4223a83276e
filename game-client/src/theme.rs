//! Colours, sizes and the few pieces of interface that every screen uses.
//!
//! Colour never carries meaning alone: a player has a colour and a name, a coin has a colour and a shape.

use bevy::prelude::*;

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
/// Ordinary text.
pub(crate) const TEXT: Color = Color::srgb(0.900, 0.925, 0.965);
/// Text that explains.
pub(crate) const TEXT_FAINT: Color = Color::srgb(0.560, 0.610, 0.710);
/// Text that warns.
pub(crate) const TEXT_ALARM: Color = Color::srgb(1.0, 0.480, 0.420);

/// Colour of a seat. Sixteen that differ in brightness as well as in hue.
pub(crate) fn player_color(slot: u8) -> Color {
    const COLORS: [(u8, u8, u8); 16] = [
        (77, 171, 247),
        (255, 107, 107),
        (81, 207, 102),
        (204, 93, 232),
        (255, 146, 43),
        (34, 211, 238),
        (247, 131, 172),
        (169, 227, 75),
        (132, 94, 247),
        (255, 212, 181),
        (32, 178, 140),
        (230, 73, 128),
        (165, 216, 255),
        (190, 140, 80),
        (216, 245, 162),
        (222, 226, 230),
    ];
    let (red, green, blue) = COLORS[usize::from(slot) % COLORS.len()];
    Color::srgb_u8(red, green, blue)
}

/// A name that fits: the last part of a long id is cut off, and the cut is shown.
pub(crate) fn short_name(name: &str, length_max: usize) -> String {
    // The built-in font has the printable ASCII characters only.
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    if name.chars().count() <= length_max {
        return name.chars().map(printable).collect();
    }
    name.chars().take(length_max.saturating_sub(2)).map(printable).chain("..".chars()).collect()
}

/// Text of the interface in the built-in font.
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
