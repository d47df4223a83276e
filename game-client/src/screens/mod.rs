//! What is on the canvas: one screen per state, one file per screen.
//!
//! The states themselves exist in every view, headless too (`navigation.rs`); what this folder adds is only seen.

use bevy::prelude::*;

mod banner;
mod connecting;
mod ended;
mod lobby;
mod playing;
mod regions;
mod settings;
mod title;
mod trouble;
mod watch;

/// Adds the drawing of all screens.
pub(crate) fn plugin(app: &mut App) {
    app.add_plugins((
        banner::plugin,
        title::plugin,
        regions::plugin,
        settings::plugin,
        watch::plugin,
        connecting::plugin,
        playing::plugin,
        lobby::plugin,
        ended::plugin,
        trouble::plugin,
    ));
}

/// Puts other children below a list.
fn replace_children(commands: &mut Commands, list: Entity, rows: Vec<impl Bundle>) {
    commands.entity(list).despawn_children().with_children(|parent| {
        for row in rows {
            parent.spawn(row);
        }
    });
}
