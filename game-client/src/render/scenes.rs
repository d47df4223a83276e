//! Every screen from made-up states, drawn without a window, a network and a clock, for `cargo xtask screenshot`.
//!
//! The same program makes the same pictures: time stands still, and the match is played by a script from a fixed seed.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use bevy::{
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
    time::TimeUpdateStrategy,
};
use game_net::{
    client::Client,
    protocol::{Hosting, Score, SnapshotRate},
    server::{Receiver, Server},
};
use game_sim::{Aim, Direction, MatchConfig, PlayerInput, PlayerSlot, arena::Position};

use super::{
    Canvas,
    network::{IsShown, Rates},
    screenshot::{create_canvas, write_png},
};
use crate::{
    chat::Draft,
    fonts::Fallbacks,
    journey::Finder,
    lookup::{Place, Running},
    navigation::{Field, Screen},
    prediction::Match,
    regions::{Known, Regions, Row},
    report::{ChatLine, Outcome},
    session::Session,
    theme,
    watching::{self, Watching},
};

/// Frames between two screens of a scene: what a change of state sets off is there then.
const SETTLE_FRAMES: u32 = 6;
/// Frames between asking for a picture and giving up.
const PATIENCE_FRAMES: u32 = 600;
/// Size of the pictures, as a part of the canvas.
const SCALE: f32 = 0.75;
/// Who these pictures are drawn for.
const YOU: &str = "ada";
const OTHERS: [&str; 5] = ["grace", "linus", "margaret", "Edsger", "barbara"];

/// A picture: its name, the screens that lead to it, and the state that it shows.
struct Scene {
    name: &'static str,
    screens: &'static [Screen],
    prepare: fn(&mut World),
}

const SCENES: &[Scene] = &[
    Scene { name: "title", screens: &[Screen::Title], prepare: |_| {} },
    Scene { name: "regions", screens: &[Screen::Regions], prepare: regions },
    Scene { name: "watch", screens: &[Screen::Watch], prepare: watch },
    Scene { name: "settings", screens: &[Screen::Settings], prepare: |_| {} },
    Scene { name: "connecting", screens: &[Screen::Connecting], prepare: connecting },
    Scene { name: "lobby", screens: &[Screen::Lobby], prepare: lobby },
    Scene { name: "match", screens: &[Screen::Playing], prepare: |world| play(world, 420) },
    Scene { name: "network", screens: &[Screen::Playing], prepare: network },
    Scene { name: "result", screens: &[Screen::Playing, Screen::Ended], prepare: result },
    Scene { name: "error", screens: &[Screen::Trouble], prepare: trouble },
];

/// Drawn as well when a font was named that has these letters (`--font`); not compared, for no font is like another.
const WITH_A_FONT: &[Scene] = &[Scene { name: "names", screens: &[Screen::Lobby], prepare: names }];

fn scenes(world: &World) -> Vec<&'static Scene> {
    let more = if world.resource::<Fallbacks>().have('王') { WITH_A_FONT } else { &[] };
    SCENES.iter().chain(more).collect()
}

/// How far the drawing has come.
#[derive(Resource)]
struct Course {
    folder: PathBuf,
    scene: usize,
    /// Screens of the scene that were entered.
    entered: usize,
    frames: u32,
    is_asked: bool,
    /// Why there is no picture, in words.
    failure: Option<String>,
    is_taken: bool,
}

pub(crate) fn plugin(folder: PathBuf) -> impl Plugin {
    move |app: &mut App| {
        let course = Course {
            folder: folder.clone(),
            scene: 0,
            entered: 0,
            frames: 0,
            is_asked: false,
            failure: None,
            is_taken: false,
        };
        app.insert_resource(course)
            .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::ZERO))
            .insert_resource(UiScale(SCALE))
            .add_systems(PreStartup, create_canvas(theme::CANVAS * SCALE))
            .add_systems(Last, draw);
    }
}

/// One frame of the course: enter, settle, ask for the picture, wait for it, go on.
fn draw(world: &mut World) {
    let mut course = world.remove_resource::<Course>().expect("it is put back below");
    course.frames += 1;
    let scenes = scenes(world);
    let Some(scene) = scenes.get(course.scene) else {
        world.insert_resource(course);
        return;
    };
    if let Some(failure) = &course.failure {
        eprintln!("error: {failure}");
        world.write_message(AppExit::error());
        course.scene = scenes.len();
    } else if course.is_taken {
        course = Course {
            scene: course.scene + 1,
            entered: 0,
            frames: 0,
            is_asked: false,
            is_taken: false,
            ..course
        };
        if course.scene == scenes.len() {
            world.write_message(AppExit::Success);
        }
    } else if course.entered == 0 && course.frames == 1 {
        clear(world);
        world.resource_mut::<NextState<Screen>>().set(Screen::Connecting);
    } else if course.frames >= SETTLE_FRAMES && course.entered < scene.screens.len() {
        if course.entered == 0 {
            (scene.prepare)(world);
        }
        world.resource_mut::<NextState<Screen>>().set(scene.screens[course.entered]);
        (course.entered, course.frames) = (course.entered + 1, 1);
    } else if course.frames >= SETTLE_FRAMES && !course.is_asked {
        let canvas = world.resource::<Canvas>().0.clone();
        let path = course.folder.join(format!("{}.png", scene.name));
        world.spawn(Screenshot::image(canvas)).observe(
            move |captured: On<ScreenshotCaptured>, mut course: ResMut<Course>| match keep(
                &captured.image,
                &path,
            ) {
                Ok(()) => course.is_taken = true,
                Err(problem) => course.failure = Some(problem),
            },
        );
        (course.is_asked, course.frames) = (true, SETTLE_FRAMES);
    } else if course.frames > PATIENCE_FRAMES {
        course.failure = Some(format!("the renderer gave no picture of `{}`", scene.name));
    }
    world.insert_resource(course);
}

fn keep(image: &Image, path: &Path) -> Result<(), String> {
    let failed = |problem: String| format!("cannot write `{}`: {problem}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    }
    write_png(image, path).map_err(failed)
}

/// As if the program had just been started.
fn clear(world: &mut World) {
    world.insert_resource(Session::new(YOU.to_owned()));
    world.insert_resource(Finder::default());
    world.insert_resource(Draft::default());
    world.resource_mut::<IsShown>().0 = false;
    world.remove_resource::<Match>();
}

fn regions(world: &mut World) {
    let row = |region: &str, latency_ms| Row { region: region.to_owned(), latency_ms };
    world.resource_mut::<Regions>().known = Known::Rows(vec![
        row("eu-frankfurt", Some(18)),
        row("eu-moscow", Some(47)),
        row("na-ashburn", Some(104)),
        row("ap-shanghai", Some(236)),
        row("sa-saopaulo", None),
    ]);
    world.resource_mut::<crate::settings::Settings>().region = Some("eu-frankfurt".to_owned());
}

fn watch(world: &mut World) {
    let running = |session: &str, name: &str, here, spectator_key: Option<&str>| Running {
        session: session.to_owned(),
        name: name.to_owned(),
        address: SocketAddr::from((Ipv4Addr::new(203, 0, 113, 7), 5001)),
        players: (here, 6),
        spectator_key: spectator_key.map(str::to_owned),
    };
    let mut watching = world.resource_mut::<Watching>();
    watching.known = watching::Known::Rows(vec![
        running("gssess-0a8usrbj-4ew5dbo5", "autumn cup 7", 6, Some("made up")),
        running("gssess-1m0v2q8a-s1x0c4yd", "autumn cup 8", 4, Some("made up")),
        running("gssess-7k2hq9zt-0bd3m6xw", "friends", 3, None),
    ]);
    watching.write(Field::Key, "made up for a picture");
}

fn connecting(world: &mut World) {
    let mut session = world.resource_mut::<Session>();
    session.steps = [
        "SearchGameServerSessions: 1 with a free seat",
        "JoinGameServerSession: gssess-1m0v2q8a-s1x0c4yd is full by now",
        "CreateGameServerSession: gssess-0a8usrbj-4ew5dbo5",
        "DescribeGameServerSessions: it is ACTIVE",
        "JoinGameServerSession: a seat in gssess-0a8usrbj-4ew5dbo5",
    ]
    .map(str::to_owned)
    .to_vec();
    session.present = ["grace", "linus"].map(str::to_owned).into();
    session.hosting = Some(Hosting::Match { players_wanted: 6 });
}

fn lobby(world: &mut World) {
    let mut session = world.resource_mut::<Session>();
    session.hosting = Some(Hosting::Lobby);
    session.present = OTHERS.map(str::to_owned).into();
    let said = [
        ("grace", "hello everybody"),
        ("linus", "hi grace"),
        (YOU, "does anybody play?"),
        ("barbara", "in a minute; the last match was close, 24 to 25"),
        ("margaret", "I would like to, too"),
        ("linus", "then it is four of us"),
        (YOU, "I will look for a match"),
    ];
    session.chat =
        said.map(|(from, text)| ChatLine { from: from.to_owned(), text: text.to_owned() }).to_vec();
    world.resource_mut::<Finder>().make_up(&[
        "SearchGameServerSessions: 0 with a free seat",
        "CreateGameServerSession: gssess-0a8usrbj-4ew5dbo5",
        "DescribeGameServerSessions: it is ACTIVE",
    ]);
    world.resource_mut::<Draft>().write("see you there");
}

fn names(world: &mut World) {
    lobby(world);
    let mut session = world.resource_mut::<Session>();
    session.present = ["王小明", "Łukasz", "Ольга", "はるか", "민준", "Zoë"].map(str::to_owned).into();
    let said = [
        ("王小明", "大家好，有人要玩吗？"),
        ("はるか", "はい、行きます"),
        ("Ольга", "и я"),
        (YOU, "then it is four of us"),
        ("王小明", "好的！上一场比赛非常接近，二十四比二十五，这次我们一定会赢的，请大家准备好，马上开始"),
        ("민준", "좋아요"),
    ];
    session.chat =
        said.map(|(from, text)| ChatLine { from: from.to_owned(), text: text.to_owned() }).to_vec();
}

fn trouble(world: &mut World) {
    let reason = "the game server at `192.0.2.7:5041` does not speak `opengse-arena/4`\nhint: use the client that was built together with it";
    world.resource_mut::<Session>().end(Outcome::Failed, reason.to_owned());
}

fn network(world: &mut World) {
    play(world, 600);
    world.resource_mut::<IsShown>().0 = true;
    world.insert_resource(Rates::made_up(20, 767));
}

fn result(world: &mut World) {
    play(world, 900);
    let match_ = world.resource::<Match>();
    let scores = match_
        .names()
        .iter()
        .zip(match_.world().players())
        .map(|(player_id, player)| Score { player_id: player_id.clone(), score: player.score });
    let scores: Vec<Score> = scores.collect();
    let winner = scores.iter().max_by_key(|score| score.score).map(|score| score.player_id.clone());
    let mut session = world.resource_mut::<Session>();
    session.winner = winner;
    session.final_scores =
        Some(scores.into_iter().map(|score| (score.player_id, u32::from(score.score))).collect());
    let outcome = if session.winner.as_deref() == Some(YOU) { Outcome::Won } else { Outcome::Lost };
    session.end(outcome, "time is up".to_owned());
}

/// A match of six as the first of them sees it, after so many ticks.
fn play(world: &mut World, ticks: u32) {
    let players = std::iter::once(YOU).chain(OTHERS).map(str::to_owned).collect();
    let config = MatchConfig { players, ticks_max: 180 * 60, score_to_win: 25 };
    let client = played(&config, ticks).expect("six players are a match");
    world.insert_resource(Match::made_up(client, config.players));
    let mut session = world.resource_mut::<Session>();
    session.hosting = Some(Hosting::Match { players_wanted: 6 });
    session.present = OTHERS.map(str::to_owned).into();
    session.slot = Some(0);
    session.rtt = Some(Duration::from_micros(34_200));
    session.loss_percent = Some(1.3);
    session.place = Place {
        session: Some("qcs::gse:ap-shanghai:uin/100000000001:gameserversession/fleet-pcwbid39-3za98n52/gssess-0a8usrbj-4ew5dbo5".to_owned()),
        alias: Some("alias-7b0xk2mm-9d1qj5ve".to_owned()),
        region: Some("eu-frankfurt".to_owned()),
    };
}

/// Plays by a script.
fn played(config: &MatchConfig, ticks: u32) -> Result<Client, game_sim::ConfigError> {
    const SEED: u64 = 11;
    let mut server = Server::new(config, SEED, SnapshotRate::Hz20)?;
    let slots = 0..config.players.len() as u8;
    let client = |slot| Client::new(config, PlayerSlot(slot), SnapshotRate::Hz20);
    let mut clients = slots.map(client).collect::<Result<Vec<_>, _>>()?;
    for tick in 0..ticks {
        for outgoing in server.tick() {
            // Nothing is lost between the two; what cannot be read would be missing in the picture.
            let Receiver::Player(slot) = outgoing.receiver else { continue };
            let _ = clients[usize::from(slot.0)].on_datagram(&outgoing.datagram);
        }
        for (slot, client) in (0..).zip(&mut clients) {
            let datagram = client.tick(scripted(slot, tick, client.confirmed()));
            let _ = server.on_datagram(PlayerSlot(slot), &datagram);
        }
    }
    Ok(clients.swap_remove(0))
}

/// Everybody walks to a coin or somewhere, ignores walls, and aims at whoever is next to them.
fn scripted(slot: u8, tick: u32, world: &game_sim::World) -> PlayerInput {
    const WAYS: [(i8, i8); 8] = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];
    let turn = (tick + u32::from(slot) * 17) / 47;
    let mixed = turn.wrapping_mul(2_654_435_761).wrapping_add(u32::from(slot).wrapping_mul(40_503)) >> 7;
    let own = world.players()[usize::from(slot)].position;
    let way = |to: Position| (to.x - own.x, to.y - own.y);
    let length = |to: &Position| way(*to).0.abs() + way(*to).1.abs();
    let coin = world.coins().min_by_key(length).filter(|_| !turn.is_multiple_of(3));
    let (x, y) = match coin.map(way) {
        Some((x, y)) => ((x / 160).signum() as i8, (y / 160).signum() as i8),
        None => WAYS[(mixed % 8) as usize],
    };
    let others = world.players().iter().enumerate().filter(|(other, _)| *other != usize::from(slot));
    let prey = others.map(|(_, other)| other.position).min_by_key(length).map(way);
    PlayerInput {
        direction: Direction { x, y },
        dash: (tick + u32::from(slot) * 31) % 140 == 139,
        shoot: (tick + u32::from(slot) * 13) % 60 < 40,
        aim: prey.and_then(|(x, y)| Aim::towards(x, y)),
        ..PlayerInput::default()
    }
}

#[cfg(test)]
mod tests {
    use game_sim::MatchConfig;

    use super::played;

    #[test]
    fn the_scripted_match_is_worth_a_picture() {
        let players = ["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec();
        let config = MatchConfig { players, ticks_max: 180 * 60, score_to_win: 25 };
        let world = played(&config, 420).unwrap().predicted().clone();
        assert!(world.tick() >= 420, "{}", world.tick());
        assert!(!world.shots().is_empty(), "shots are seen");
        assert!(world.players().iter().any(|player| player.score > 0), "points are seen");
        assert_eq!(world, *played(&config, 420).unwrap().predicted(), "twice the same");
    }
}
