//! What the network does, for those who ask: F3 shows and hides it.

use std::time::Duration;

use bevy::prelude::*;
use game_net::client::Statistics;
use game_sim::{TICKS_PER_SECOND, arena::UNITS_PER_PIXEL};

use crate::{prediction::Match, screens::Screen, session::Session, theme};

/// Time over which bytes and snapshots are counted.
const WINDOW: Duration = Duration::from_secs(1);

#[derive(Component)]
struct Overlay;

#[derive(Component)]
struct Figures;

/// What was counted when the present second began, and what the one before it brought.
#[derive(Default)]
struct Rates {
    since: Duration,
    before: Statistics,
    bytes: u64,
    snapshots: u32,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), spawn).add_systems(
        Update,
        (toggle.run_if(resource_exists::<ButtonInput<KeyCode>>), show.run_if(resource_exists::<Match>)),
    );
}

fn spawn(mut commands: Commands) {
    commands.spawn((
        Overlay,
        Visibility::Hidden,
        Node {
            position_type: PositionType::Absolute,
            left: px(theme::MARGIN + 40.0),
            top: px(theme::MARGIN + theme::HEADER_HEIGHT + 40.0),
            padding: UiRect::all(px(12)),
            border_radius: BorderRadius::all(px(8)),
            ..default()
        },
        BackgroundColor(theme::BACKGROUND.with_alpha(0.85)),
        children![(Figures, theme::label("", 16.0, theme::TEXT))],
    ));
}

fn toggle(keys: Res<ButtonInput<KeyCode>>, overlay: Single<&mut Visibility, With<Overlay>>) {
    if keys.just_pressed(KeyCode::F3) {
        let mut visibility = overlay.into_inner();
        *visibility = match *visibility {
            Visibility::Hidden => Visibility::Visible,
            Visibility::Visible | Visibility::Inherited => Visibility::Hidden,
        };
    }
}

fn show(
    match_: Res<Match>,
    session: Res<Session>,
    time: Res<Time>,
    text: Option<Single<&mut Text, With<Figures>>>,
    mut rates: Local<Rates>,
) {
    let client = match_.client();
    let now = client.statistics();
    let passed = time.elapsed().saturating_sub(rates.since);
    if passed >= WINDOW {
        rates.bytes = now.snapshot_bytes.saturating_sub(rates.before.snapshot_bytes);
        rates.snapshots = now.snapshots.saturating_sub(rates.before.snapshots);
        (rates.since, rates.before) = (time.elapsed(), now);
    }
    let Some(mut text) = text else { return };
    let rtt = session.rtt.map_or("-".to_owned(), |rtt| format!("{:.1} ms", rtt.as_micros() as f32 / 1000.0));
    let ms = |ticks: u32| ticks * 1000 / TICKS_PER_SECOND;
    let shown = format!(
        "round trip       {rtt}\n\
         ahead            {} ticks, {} ms\n\
         others           {} ms in the past\n\
         snapshots        {} a second, {} B a second\n\
         late, unusable   {}, {}, differing {}\n\
         corrections      {}, longest {} px\n\
         pace corrections {}",
        client.ahead_ticks(),
        ms(client.ahead_ticks()),
        ms(client.rewind_ticks().into()),
        rates.snapshots,
        rates.bytes,
        now.stale_snapshots,
        now.unusable_snapshots,
        now.differing_snapshots,
        now.mispredictions,
        now.correction_units_max / UNITS_PER_PIXEL,
        now.pace_corrections,
    );
    if text.0 != shown {
        text.0 = shown;
    }
}
