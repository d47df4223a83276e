//! The regions: how far away each is, and where to play.

use bevy::prelude::*;

use crate::{
    menu::{self, Menu},
    navigation::Screen,
    regions::{Known, Regions},
    settings::Settings,
    theme,
};

/// Holds what changes when the regions were measured.
#[derive(Component)]
struct Body;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Regions), spawn).add_systems(
        Update,
        show.run_if(in_state(Screen::Regions).and_then(resource_exists_and_changed::<Regions>)),
    );
}

fn spawn(mut commands: Commands, mut regions: ResMut<Regions>) {
    // Shown once, also when nothing is new.
    regions.set_changed();
    commands.spawn((
        DespawnOnExit(Screen::Regions),
        theme::page(),
        children![
            theme::label("Regions", 48.0, theme::TEXT),
            theme::label(
                "How long a message takes there and back. Below 60 ms a match feels at home.",
                19.0,
                theme::TEXT_FAINT
            ),
            (theme::column(8.0), Body),
        ],
    ));
}

fn show(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    regions: Res<Regions>,
    settings: Res<Settings>,
    body: Single<Entity, With<Body>>,
) {
    let chosen = settings.region.as_deref();
    let mut items = regions.menu();
    for item in &mut items {
        if let crate::navigation::Choice::Region(region) = &item.choice {
            let mark = if region.as_deref() == chosen { "> " } else { "  " };
            item.label = format!("{mark}{}", item.label);
        }
    }
    commands.entity(*body).despawn_children().with_children(|body| {
        menu::spawn(body, &mut menu, &items, 820.0);
        let (said, color) = match &regions.known {
            Known::Measuring => ("measuring ...".to_owned(), theme::TEXT),
            Known::Failed(problem) => (theme::wrapped(problem, 90), theme::TEXT_ALARM),
            Known::Rows(rows) if rows.is_empty() => {
                ("no region says where it can be measured".to_owned(), theme::TEXT_FAINT)
            }
            Known::Nothing | Known::Rows(_) => (String::new(), theme::TEXT_FAINT),
        };
        body.spawn(theme::label(said, 18.0, color));
    });
}
