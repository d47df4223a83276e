//! Time, scores and the state of the connection, around the arena.

use bevy::prelude::*;
use game_sim::TICKS_PER_SECOND;

use crate::{prediction::Match, screens::Screen, session::Session, theme};

/// Below so many seconds the time is shown as an alarm.
const ALARM_SECONDS: u32 = 10;

#[derive(Component)]
struct Clock;

#[derive(Component)]
struct Scores;

#[derive(Component)]
struct Link;

/// Sixteen rows fit, and four do not look lost.
const ROWS_HEIGHT: f32 = 460.0;
const ROW_HEIGHT_MAX: f32 = 50.0;
/// Height of the bar that shows how near somebody is to winning.
const BAR_HEIGHT: f32 = 4.0;

/// One row of the score list, in the order of display.
#[derive(Clone, PartialEq, Eq)]
struct Row {
    slot: u8,
    name: String,
    score: u16,
    is_own: bool,
    is_present: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), spawn)
        .add_systems(Update, (show_clock, show_scores, show_link).run_if(resource_exists::<Match>));
}

fn spawn(mut commands: Commands, match_: Res<Match>) {
    spawn_header(&mut commands, match_.world().score_to_win());
    spawn_panel(&mut commands);
}

fn spawn_header(commands: &mut Commands, score_to_win: u16) {
    let third = |justify_content| Node {
        width: percent(33.3),
        align_items: AlignItems::Center,
        justify_content,
        ..default()
    };
    commands.spawn((
        Node {
            position_type: PositionType::Absolute,
            left: px(theme::MARGIN),
            top: px(theme::MARGIN / 2.0),
            width: px(theme::CANVAS.x - theme::PANEL_WIDTH - 3.0 * theme::MARGIN),
            height: px(theme::HEADER_HEIGHT),
            align_items: AlignItems::Center,
            ..default()
        },
        children![
            (third(JustifyContent::Start), children![theme::label("OpenGSE arena", 26.0, theme::TEXT)]),
            (third(JustifyContent::Center), children![(Clock, theme::label("", 42.0, theme::TEXT))]),
            (
                third(JustifyContent::End),
                children![theme::label(
                    format!("first to {score_to_win} points wins"),
                    20.0,
                    theme::TEXT_FAINT
                )],
            ),
        ],
    ));
}

fn spawn_panel(commands: &mut Commands) {
    let column = |row_gap| Node { flex_direction: FlexDirection::Column, row_gap: px(row_gap), ..default() };
    commands.spawn((
        Node {
            position_type: PositionType::Absolute,
            right: px(theme::MARGIN),
            top: px(theme::MARGIN),
            bottom: px(theme::MARGIN),
            width: px(theme::PANEL_WIDTH),
            flex_direction: FlexDirection::Column,
            justify_content: JustifyContent::SpaceBetween,
            padding: UiRect::all(px(14)),
            border_radius: BorderRadius::all(px(12)),
            ..default()
        },
        BackgroundColor(theme::PANEL),
        children![
            (column(10.0), children![theme::label("Score", 26.0, theme::TEXT), (Scores, column(2.0))],),
            (
                column(4.0),
                children![
                    theme::label("collect coins", 15.0, theme::TEXT_FAINT),
                    theme::label("dash into others: 1 point", 15.0, theme::TEXT_FAINT),
                    theme::label("3 hits: knock-out, 2 points", 15.0, theme::TEXT_FAINT),
                    theme::label("WASD or arrows: walk", 15.0, theme::TEXT_FAINT),
                    theme::label("space: shoot, shift: dash", 15.0, theme::TEXT_FAINT),
                    theme::label("F3: network", 15.0, theme::TEXT_FAINT),
                    (Link, theme::label("", 13.0, theme::TEXT_FAINT)),
                ],
            ),
        ],
    ));
}

fn show_clock(match_: Res<Match>, clock: Single<(&mut Text, &mut TextColor), With<Clock>>) {
    let world = match_.world();
    let seconds = world.ticks_max().saturating_sub(world.tick()).div_ceil(TICKS_PER_SECOND);
    let (mut text, mut color) = clock.into_inner();
    let shown = format!("{}:{:02}", seconds / 60, seconds % 60);
    if text.0 != shown {
        text.0 = shown;
        color.0 = if seconds <= ALARM_SECONDS { theme::TEXT_ALARM } else { theme::TEXT };
    }
}

fn show_scores(
    mut commands: Commands,
    match_: Res<Match>,
    list: Single<Entity, With<Scores>>,
    mut shown: Local<Vec<Row>>,
) {
    let rows = rows(&match_);
    if *shown == rows {
        return;
    }
    let goal = match_.world().score_to_win();
    let height = (ROWS_HEIGHT / rows.len() as f32).min(ROW_HEIGHT_MAX);
    commands.entity(*list).despawn_children().with_children(|parent| {
        for row in &rows {
            parent.spawn(score_row(row, goal, height));
        }
    });
    *shown = rows;
}

/// Highest score first; of equals the lower slot, so that rows do not swap back and forth.
fn rows(match_: &Match) -> Vec<Row> {
    let mut rows: Vec<Row> = (match_.world().players().iter().zip(match_.names()).enumerate())
        .map(|(slot, (player, name))| Row {
            slot: slot as u8,
            name: name.clone(),
            score: player.score,
            is_own: slot == usize::from(match_.own().0),
            is_present: player.present,
        })
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.score), row.slot));
    rows
}

/// Colour, name, points, and below them how near that is to winning.
fn score_row(row: &Row, goal: u16, height: f32) -> impl Bundle {
    let mut name = theme::short_name(&row.name, if row.is_own { 11 } else { 16 });
    if row.is_own {
        name.push_str(" (you)");
    }
    let color = if row.is_present { theme::TEXT } else { theme::TEXT_FAINT };
    let seat_color = theme::player_color(row.slot);
    (
        Node {
            flex_direction: FlexDirection::Column,
            justify_content: JustifyContent::Center,
            row_gap: px(2),
            height: px(height),
            padding: UiRect::horizontal(px(8)),
            border_radius: BorderRadius::all(px(6)),
            ..default()
        },
        BackgroundColor(if row.is_own { theme::PANEL_OWN } else { theme::PANEL }),
        children![
            (
                Node { align_items: AlignItems::Center, column_gap: px(10), ..default() },
                children![
                    (
                        Node {
                            width: px(14),
                            height: px(14),
                            border_radius: BorderRadius::all(px(7)),
                            ..default()
                        },
                        BackgroundColor(seat_color),
                    ),
                    (Node { flex_grow: 1.0, ..default() }, children![theme::label(name, 17.0, color)]),
                    theme::label(row.score.to_string(), 20.0, color),
                ],
            ),
            (
                Node { height: px(BAR_HEIGHT), border_radius: BorderRadius::all(px(2)), ..default() },
                BackgroundColor(theme::BACKGROUND),
                children![(
                    Node {
                        width: percent(100.0 * f32::from(row.score.min(goal)) / f32::from(goal.max(1))),
                        height: px(BAR_HEIGHT),
                        border_radius: BorderRadius::all(px(2)),
                        ..default()
                    },
                    BackgroundColor(seat_color),
                )],
            ),
        ],
    )
}

fn show_link(session: Res<Session>, mut text: Single<&mut Text, With<Link>>) {
    let shown = match session.rtt {
        Some(rtt) => format!("round trip {:.1} ms", rtt.as_micros() as f32 / 1000.0),
        None => String::new(),
    };
    if text.0 != shown {
        text.0 = shown;
    }
}
