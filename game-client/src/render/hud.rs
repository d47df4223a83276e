//! Time and scores around the arena, and what the player has to know of themselves: health, and when they can dash.

use bevy::prelude::*;
use game_sim::{DASH_COOLDOWN_TICKS, HEALTH_MAX, Player, TICKS_PER_SECOND};

use super::OfMatch;
use crate::{
    bindings::{Action, Bindings, Trigger},
    navigation::Screen,
    prediction::Match,
    session::Session,
    settings::Settings,
    theme,
};

/// Below so many seconds the time is shown as an alarm.
const ALARM_SECONDS: u32 = 10;

#[derive(Component)]
struct Clock;

#[derive(Component)]
struct Scores;

#[derive(Component)]
struct Line;

/// One of the own hits left, by number.
#[derive(Component)]
struct Heart(u8);

/// How near the next dash is.
#[derive(Component)]
struct DashBar;

/// Says so in words.
#[derive(Component)]
struct DashWord;

/// Sixteen rows fit, and four do not look lost.
const ROWS_HEIGHT: f32 = 430.0;
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
    /// The connection is lost and may come back.
    is_away: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), spawn)
        .add_systems(Update, (show_clock, show_scores, show_line, show_own).run_if(resource_exists::<Match>));
}

fn spawn(mut commands: Commands, match_: Res<Match>, settings: Option<Res<Settings>>) {
    spawn_header(&mut commands, match_.world().score_to_win());
    let bindings = settings.map(|settings| settings.bindings.clone()).unwrap_or_default();
    spawn_panel(&mut commands, match_.own().map(|own| own.0), &bindings);
}

fn spawn_header(commands: &mut Commands, score_to_win: u16) {
    let third = |justify_content| Node {
        width: percent(33.3),
        align_items: AlignItems::Center,
        justify_content,
        ..default()
    };
    commands.spawn((
        OfMatch,
        Node {
            position_type: PositionType::Absolute,
            left: px(theme::MARGIN),
            right: px(2.0 * theme::MARGIN + theme::PANEL_WIDTH),
            top: px(theme::MARGIN),
            height: px(theme::HEADER_HEIGHT - 12.0),
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

fn spawn_panel(commands: &mut Commands, own: Option<u8>, bindings: &Bindings) {
    let panel = Node {
        position_type: PositionType::Absolute,
        right: px(theme::MARGIN),
        top: px(theme::MARGIN),
        bottom: px(theme::MARGIN),
        padding: UiRect::all(px(14)),
        justify_content: JustifyContent::SpaceBetween,
        ..theme::panel_node(px(theme::PANEL_WIDTH))
    };
    commands.spawn((OfMatch, panel, BackgroundColor(theme::PANEL))).with_children(|panel| {
        panel.spawn((Scores, theme::column(2.0)));
        panel.spawn(theme::column(8.0)).with_children(|lower| {
            match own {
                Some(own) => {
                    own_state(lower, own);
                    what_to_do(lower, bindings);
                }
                None => {
                    lower.spawn(theme::label("watching", 26.0, theme::COIN));
                }
            }
            lower.spawn((Line, theme::label("", 14.0, theme::TEXT_FAINT)));
        });
    });
}

/// The own mark, the hits left, and the next dash.
fn own_state(parent: &mut ChildSpawnerCommands, own: u8) {
    let across = Node { align_items: AlignItems::Center, column_gap: px(8), ..default() };
    parent.spawn(across.clone()).with_children(|across| {
        across.spawn(theme::token(own, 34.0));
        for number in 0..HEALTH_MAX {
            across.spawn((
                Heart(number),
                Node {
                    width: px(46),
                    height: px(16),
                    border: UiRect::all(px(2)),
                    border_radius: BorderRadius::all(px(4)),
                    ..default()
                },
                BackgroundColor(theme::TEXT),
                BorderColor::all(theme::TEXT),
            ));
        }
    });
    parent.spawn(across).with_children(|across| {
        let ground =
            Node { width: px(150), height: px(10), border_radius: BorderRadius::all(px(5)), ..default() };
        across.spawn((ground.clone(), BackgroundColor(theme::BACKGROUND))).with_child((
            DashBar,
            ground,
            BackgroundColor(theme::COIN),
        ));
        across.spawn((DashWord, theme::label("", 15.0, theme::TEXT)));
    });
}

/// What the keys do.
fn what_to_do(parent: &mut ChildSpawnerCommands, bindings: &Bindings) {
    parent.spawn(Node { height: px(2), ..default() });
    for (action, what) in [(Action::Shoot, "shoot: 3 hits, 2 points"), (Action::Dash, "dash into: 1 point")] {
        let keys = keys(bindings, action);
        parent.spawn(theme::label(format!("{keys}\n  {what}"), 14.0, theme::TEXT_FAINT));
    }
}

/// The keys of an action, as one reads them.
fn keys(bindings: &Bindings, action: Action) -> String {
    let names: Vec<String> =
        bindings.of(action).into_iter().flatten().filter_map(Trigger::name).map(str::to_lowercase).collect();
    names.join(", ")
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
    session: Res<Session>,
    list: Single<Entity, With<Scores>>,
    mut shown: Local<(Option<Entity>, Vec<Row>)>,
) {
    let rows = rows(&match_, &session);
    // The next match has a list of its own.
    if *shown == (Some(*list), rows.clone()) {
        return;
    }
    let goal = match_.world().score_to_win();
    let height = (ROWS_HEIGHT / rows.len() as f32).min(ROW_HEIGHT_MAX);
    commands.entity(*list).despawn_children().with_children(|parent| {
        for row in &rows {
            parent.spawn(score_row(row, goal, height));
        }
    });
    *shown = (Some(*list), rows);
}

/// Highest score first; of equals the lower slot, so that rows do not swap back and forth.
fn rows(match_: &Match, session: &Session) -> Vec<Row> {
    let mut rows: Vec<Row> = (match_.world().players().iter().zip(match_.names()).enumerate())
        .map(|(slot, (player, name))| Row {
            slot: slot as u8,
            name: name.clone(),
            score: player.score,
            is_own: match_.own().is_some_and(|own| slot == usize::from(own.0)),
            is_present: player.present,
            is_away: session.away.contains(name),
        })
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.score), row.slot));
    rows
}

/// Mark, name, points, and below them how near that is to winning.
fn score_row(row: &Row, goal: u16, height: f32) -> impl Bundle {
    let mut name = theme::short_name(&row.name, if row.is_own { 10 } else { 15 });
    if row.is_own {
        name.push_str(" (you)");
    } else if row.is_away {
        name = format!("{} (away)", theme::short_name(&row.name, 9));
    }
    let color = if row.is_present { theme::TEXT } else { theme::TEXT_OFF };
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
                    theme::token(row.slot, (height - BAR_HEIGHT - 6.0).min(22.0)),
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
                    BackgroundColor(theme::player_color(row.slot)),
                )],
            ),
        ],
    )
}

fn show_line(
    session: Res<Session>,
    settings: Option<Res<Settings>>,
    mut text: Single<&mut Text, With<Line>>,
) {
    let rtt = session.rtt.map_or("-".to_owned(), |rtt| format!("{:.0} ms", rtt.as_micros() as f32 / 1000.0));
    let key = settings.map(|settings| keys(&settings.bindings, Action::Network)).unwrap_or_default();
    let shown = format!("round trip {rtt}; {key}: more");
    if text.0 != shown {
        text.0 = shown;
    }
}

fn show_own(
    match_: Res<Match>,
    mut hearts: Query<(&Heart, &mut BackgroundColor)>,
    mut bar: Single<&mut Node, With<DashBar>>,
    mut word: Single<&mut Text, With<DashWord>>,
) {
    let players = match_.players();
    let own = match_.own().map(|own| usize::from(own.0));
    let Some(player) = own.and_then(|own| players.get(own)) else { return };
    for (heart, mut ground) in &mut hearts {
        let is_left = heart.0 < player.health;
        ground.0 = if is_left { theme::TEXT } else { Color::NONE };
    }
    let (share, said) = dash(player);
    bar.width = px(150.0 * share);
    if word.0 != said {
        word.0 = said.to_owned();
    }
}

/// How much of the wait for the next dash is over, and what to say about the player.
fn dash(player: &Player) -> (f32, &'static str) {
    let share = 1.0 - f32::from(player.dash_cooldown_ticks) / f32::from(DASH_COOLDOWN_TICKS);
    let said = match player {
        Player { stun_ticks: 1.., .. } => "stunned",
        Player { shield_ticks: 1.., .. } => "safe",
        Player { dash_cooldown_ticks: 0, .. } => "dash",
        _ => "wait",
    };
    (share.clamp(0.0, 1.0), said)
}
