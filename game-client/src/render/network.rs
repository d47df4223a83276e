//! What the network does, for those who ask: a key shows and hides it, F3 unless the settings say otherwise.

use std::time::Duration;

use bevy::prelude::*;
use game_net::client::Statistics;
use game_sim::{TICKS_PER_SECOND, arena::UNITS_PER_PIXEL};

use super::OfMatch;
use crate::{
    bindings::{Action, Trigger},
    navigation::Screen,
    prediction::Match,
    session::Session,
    settings::Settings,
    theme,
};

/// Time over which bytes and snapshots are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// Whether the figures are shown; stays so from match to match.
#[derive(Resource, Default)]
pub(crate) struct IsShown(pub(crate) bool);

#[derive(Component)]
struct Overlay;

#[derive(Component)]
struct Figures;

/// What was counted when the present second began, and what the one before it brought.
#[derive(Resource, Default)]
pub(crate) struct Rates {
    since: Duration,
    before: Statistics,
    bytes: u64,
    snapshots: u32,
}

impl Rates {
    /// Rates that nobody measured.
    pub(crate) fn made_up(snapshots: u32, bytes: u64) -> Rates {
        Rates { snapshots, bytes, ..Rates::default() }
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<IsShown>()
        .init_resource::<Rates>()
        .add_systems(OnEnter(Screen::Playing), spawn)
        .add_systems(
            Update,
            (
                toggle.run_if(
                    in_state(Screen::Playing)
                        .and_then(resource_exists::<ButtonInput<KeyCode>>)
                        .and_then(resource_exists::<Settings>),
                ),
                show.run_if(resource_exists::<Match>),
            )
                .chain(),
        );
}

fn spawn(mut commands: Commands) {
    commands.spawn((
        OfMatch,
        Overlay,
        Visibility::Hidden,
        Node {
            position_type: PositionType::Absolute,
            right: px(2.0 * theme::MARGIN + theme::PANEL_WIDTH + 16.0),
            bottom: px(theme::MARGIN + 16.0),
            padding: UiRect::all(px(16)),
            border: UiRect::all(px(1)),
            border_radius: BorderRadius::all(px(8)),
            ..default()
        },
        BackgroundColor(theme::BACKGROUND.with_alpha(0.95)),
        BorderColor::all(theme::WALL_TOP),
        children![(Figures, theme::label("", 16.0, theme::TEXT))],
    ));
}

fn toggle(
    keys: Res<ButtonInput<KeyCode>>,
    buttons: Res<ButtonInput<MouseButton>>,
    settings: Res<Settings>,
    mut is_shown: ResMut<IsShown>,
) {
    let just_pressed = |trigger| match trigger {
        Trigger::Key(key) => keys.just_pressed(key),
        Trigger::Button(button) => buttons.just_pressed(button),
    };
    if settings.bindings.any(Action::Network, just_pressed) {
        is_shown.0 = !is_shown.0;
    }
}

fn show(
    match_: Res<Match>,
    session: Res<Session>,
    // Not the time of the game, which stands still while a frame takes long.
    time: Res<Time<Real>>,
    is_shown: Res<IsShown>,
    overlay: Single<&mut Visibility, With<Overlay>>,
    mut text: Single<&mut Text, With<Figures>>,
    mut rates: ResMut<Rates>,
) {
    // The result is read without it.
    let is_shown = is_shown.0 && session.verdict.is_none();
    let wanted = if is_shown { Visibility::Inherited } else { Visibility::Hidden };
    overlay.into_inner().set_if_neq(wanted);
    let now = match_.statistics();
    let passed = time.elapsed().saturating_sub(rates.since);
    // The next match counts from the start.
    if passed >= WINDOW || now.snapshots < rates.before.snapshots {
        rates.bytes = now.snapshot_bytes.saturating_sub(rates.before.snapshot_bytes);
        rates.snapshots = now.snapshots.saturating_sub(rates.before.snapshots);
        (rates.since, rates.before) = (time.elapsed(), now);
    }
    let shown = figures(&match_, &session, &rates);
    if text.0 != shown {
        text.0 = shown;
    }
}

/// The text, a figure per line. Spectators predict nothing, so they have fewer.
fn figures(match_: &Match, session: &Session, rates: &Rates) -> String {
    let now = match_.statistics();
    let ms = |ticks: u32| ticks * 1000 / TICKS_PER_SECOND;
    let rtt = session.rtt.map_or("-".to_owned(), |rtt| format!("{:.1} ms", rtt.as_micros() as f32 / 1000.0));
    let loss = session.loss_percent.map_or("-".to_owned(), |percent| format!("{percent:.1} %"));
    let place = &session.place;
    let or_dash = |text: Option<&str>| theme::short_name(text.unwrap_or("-"), 34);
    let mut rows = vec![("round trip", rtt), ("loss, sent", loss)];
    if let Some(client) = match_.client() {
        let ahead = client.ahead_ticks();
        rows.push(("ahead", format!("{ahead} ticks, {} ms", ms(ahead))));
        rows.push(("others", format!("{} ms in the past", ms(client.rewind_ticks().into()))));
    }
    rows.extend([
        ("snapshots", format!("{} a second, {} B a second", rates.snapshots, rates.bytes)),
        ("not used", format!("{} late, {} without base", now.stale_snapshots, now.unusable_snapshots)),
    ]);
    if match_.client().is_some() {
        let longest = now.correction_units_max / UNITS_PER_PIXEL;
        rows.push(("corrections", format!("{}, longest {longest} px", now.mispredictions)));
        rows.push(("pace", format!("{} corrections", now.pace_corrections)));
    }
    rows.extend([
        ("session", or_dash(place.short_session())),
        ("fleet", or_dash(place.fleet())),
        ("alias", or_dash(place.alias.as_deref())),
        ("region", or_dash(place.region.as_deref())),
    ]);
    rows.iter().map(|(name, figure)| format!("{name:<13}{figure}")).collect::<Vec<_>>().join("\n")
}
