//! Whole clients without a display and without sockets, stepped by hand against a server of game-net.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bevy::{prelude::*, state::app::StatesPlugin, time::TimeUpdateStrategy};
use game_net::{
    protocol::{ClientMessage, Hosting, Presence, Score, ServerMessage, SnapshotRate},
    server::{self, Server, WatcherId},
};
use game_player::bot::BotKind;
use game_sim::{MatchConfig, PlayerSlot};
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender};

use super::gameplay;
use crate::{
    journey::{self, Chosen, Finder, Journey},
    navigation::{Choice, Field, Purpose, Screen},
    net::{Link, Outgoing, Received},
    options::{Config, Destination, View},
    outlet::Outlet,
    regions,
    session::Session,
    settings::Settings,
    settings_file::SettingsFile,
    watching::{self, Watching},
};

/// No run here takes so many frames; one that does has failed.
const FRAMES_MAX: u32 = 60 * 120;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A client and the server's ends of its channels.
struct Player {
    app: App,
    to_app: Sender<Received>,
    from_app: Receiver<Outgoing>,
    stdout: Buffer,
    stderr: Buffer,
}

fn config(player_id: &str) -> Config {
    Config {
        destination: Some(Destination::Address {
            address: "127.0.0.1:1".parse().unwrap(),
            player_session_id: "not used here".to_owned(),
            session: None,
        }),
        lobby: None,
        watched: None,
        spectator_key: None,
        begins_at_title: false,
        settings: None,
        font: None,
        player_id: Some(player_id.to_owned()),
        view: View::Headless,
        bot: Some(BotKind::Wander),
        seed: player_id.len() as u64,
        say: None,
        expect_peers: None,
        deadline: Some(Duration::from_secs(100)),
        verbose: false,
    }
}

impl Player {
    fn new(config: &Config) -> Player {
        Player::with(config, |_| {})
    }

    /// As in a window that begins with the title, but for the window.
    fn at_title() -> Player {
        let config =
            Config { view: View::Window, destination: None, bot: None, deadline: None, ..config("ada") };
        Player::with(&config, |app| {
            app.insert_resource(Settings::default())
                .insert_resource(SettingsFile::default())
                .insert_resource(Journey::new(&config, &Settings::default()))
                .insert_resource(Watching::new(&config))
                .add_plugins((journey::plugin, regions::plugin, watching::plugin))
                .insert_state(Screen::Title);
        })
    }

    fn with(config: &Config, more: impl FnOnce(&mut App)) -> Player {
        let (link, to_app, from_app) = Link::in_memory();
        let (stdout, stderr) = (Buffer::default(), Buffer::default());
        let outlet = Outlet::new(stdout.clone(), stderr.clone(), config.verbose);
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .insert_resource(TimeUpdateStrategy::FixedTimesteps(1));
        gameplay(&mut app, config, config.player_id.clone().unwrap(), link, outlet);
        more(&mut app);
        app.finish();
        app.cleanup();
        Player { app, to_app, from_app, stdout, stderr }
    }

    fn tell(&self, received: Received) {
        self.to_app.try_send(received).unwrap();
    }

    fn tell_message(&self, message: ServerMessage) {
        self.tell(Received::Message(message));
    }

    /// Steps until the app asks to exit; `each_frame` is what happens outside meanwhile.
    fn run(&mut self) -> AppExit {
        for _ in 0..FRAMES_MAX {
            self.app.update();
            if let Some(exit) = self.app.should_exit() {
                return exit;
            }
        }
        panic!("no end after {FRAMES_MAX} frames");
    }

    fn choose(&mut self, choice: Choice) {
        self.app.world_mut().write_message(Chosen(choice));
        self.app.update();
        self.app.update();
    }

    fn screen(&self) -> Screen {
        *self.app.world().resource::<State<Screen>>().get()
    }

    fn session(&self) -> &Session {
        self.app.world().resource()
    }

    /// The lines on stdout.
    fn lines(&self) -> Vec<Value> {
        self.stdout.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn two_clients_play_a_match_to_its_end() {
    let names = ["ada", "grace"];
    let mut players = names.map(|name| Player::new(&config(name)));
    let rules =
        MatchConfig { players: names.map(str::to_owned).to_vec(), ticks_max: 60 * 60, score_to_win: 5 };
    let mut server = Server::new(&rules, 3, SnapshotRate::Hz20).unwrap();
    for (slot, player) in (0..).map(PlayerSlot).zip(&players) {
        player.tell(Received::Welcome { hosting: Hosting::Match { players_wanted: 2 } });
        player.tell_message(ServerMessage::MatchStart {
            slot,
            config: rules.clone(),
            snapshot_rate: SnapshotRate::Hz20,
        });
    }
    let outcome = loop {
        for outgoing in server.tick() {
            let datagram = Received::Datagram(outgoing.datagram.into());
            let server::Receiver::Player(slot) = outgoing.receiver else { panic!("nobody watches") };
            players[usize::from(slot.0)].tell(datagram);
        }
        if let Some(outcome) = server.outcome() {
            break outcome;
        }
        for (slot, player) in (0..).map(PlayerSlot).zip(&mut players) {
            player.app.update();
            while let Ok(outgoing) = player.from_app.try_recv() {
                let Outgoing::Datagram(datagram) = outgoing else { panic!("{outgoing:?}") };
                server.on_datagram(slot, &datagram).unwrap();
            }
        }
    };
    let winner = names[usize::from(outcome.winner.0)];
    let scores: Vec<Score> = names
        .iter()
        .zip(&outcome.scores)
        .map(|(name, score)| Score { player_id: (*name).to_owned(), score: *score })
        .collect();
    for (name, player) in names.into_iter().zip(&mut players) {
        let end = ServerMessage::MatchEnd {
            winner: winner.to_owned(),
            scores: scores.clone(),
            reason: outcome.reason,
        };
        player.tell_message(end);
        player.tell(Received::Closed { reason: "too late to change anything".to_owned() });
        assert_eq!(player.run(), AppExit::Success);
        let [joined, ended] = player.lines().try_into().expect("two lines");
        assert_eq!(joined["event"], "joined");
        assert_eq!(ended["event"], "ended");
        assert_eq!(ended["outcome"], if name == winner { "won" } else { "lost" });
        assert_eq!(ended["winner"], winner);
        assert_eq!(ended["scores"][winner], 5);
        assert_eq!(ended["reason"], "the winner has the points that win");
        assert!(ended["snapshots"].as_u64().unwrap() > 20, "{ended}");
        assert_eq!(ended["ticks"].as_u64(), Some(u64::from(server.world().tick())));
        assert_eq!(player.stderr.text(), "");
    }
    let [ada, grace] = players.map(|player| player.lines().pop().unwrap()["states"].clone());
    assert_eq!(ada, grace, "both know the same states");
    assert_eq!(ada.as_object().map(|states| states.contains_key("60")), Some(true), "{ada}");
}

/// The spectator has the name of a player: what that player does is not their own.
#[test]
fn a_spectator_sees_a_match_to_its_end() {
    let mut spectator = Player::new(&Config { bot: None, ..config("ada") });
    let rules = MatchConfig {
        players: ["ada", "grace"].map(str::to_owned).to_vec(),
        ticks_max: 240,
        score_to_win: 5,
    };
    let mut server = Server::new(&rules, 3, SnapshotRate::Hz20).unwrap();
    let id = WatcherId(7);
    server.watch(id);
    spectator.tell(Received::Watching);
    spectator.tell(Received::Welcome { hosting: Hosting::Match { players_wanted: 2 } });
    spectator.tell_message(ServerMessage::WatchStart { config: rules, snapshot_rate: SnapshotRate::Hz20 });
    let mut told = 0;
    while server.outcome().is_none() {
        for outgoing in server.tick() {
            if outgoing.receiver == server::Receiver::Watcher(id) {
                spectator.tell(Received::Datagram(outgoing.datagram.into()));
            }
        }
        spectator.app.update();
        while let Ok(outgoing) = spectator.from_app.try_recv() {
            let Outgoing::Datagram(datagram) = outgoing else { panic!("{outgoing:?}") };
            server.on_watcher_datagram(id, &datagram).unwrap();
            told += 1;
        }
    }
    assert_eq!((spectator.screen(), spectator.session().slot), (Screen::Playing, None));
    assert!(told > 20, "the server was told {told} times what was seen");
    spectator.tell_message(ServerMessage::MatchEnd {
        winner: "ada".to_owned(),
        scores: vec![
            Score { player_id: "ada".to_owned(), score: 2 },
            Score { player_id: "grace".to_owned(), score: 1 },
        ],
        reason: game_sim::EndReason::TimeUp,
    });
    assert_eq!(spectator.run(), AppExit::Success);
    let [watching, ended] = spectator.lines().try_into().expect("two lines");
    assert_eq!(watching, serde_json::json!({ "event": "watching", "hosting": "match" }));
    assert_eq!((&ended["outcome"], &ended["winner"]), (&"watched".into(), &"ada".into()));
    assert_eq!((&ended["slot"], &ended["scores"]["ada"]), (&Value::Null, &2.into()));
    assert_eq!(ended["peers"], serde_json::json!(["ada", "grace"]));
    assert_eq!(ended["ticks"].as_u64(), Some(u64::from(server.world().tick())));
    assert!(ended["snapshots"].as_u64().unwrap() > 20, "{ended}");
}

#[test]
fn lobby_clients_meet_and_leave() {
    let names = ["ada", "grace", "linus"];
    let goal = |name: &str| Config {
        bot: Some(BotKind::Idle),
        say: Some(format!("{name} says hello")),
        expect_peers: Some(2),
        ..config(name)
    };
    let mut players = names.map(|name| Player::new(&goal(name)));
    let mut is_here = [false; 3];
    // They come one after the other: the first has spoken long before the last can hear it.
    for frame in 0..200 {
        if frame % 20 == 0 && frame / 20 < 3 {
            let newcomer = frame / 20;
            let here = (0..3).filter(|index| is_here[*index] || *index == newcomer);
            let player_ids = here.clone().map(|index| names[index].to_owned()).collect();
            players[newcomer].tell(Received::Welcome { hosting: Hosting::Lobby });
            players[newcomer].tell_message(ServerMessage::Presence(Presence::Here { player_ids }));
            for index in here.filter(|index| *index != newcomer) {
                let player_id = names[newcomer].to_owned();
                players[index].tell_message(ServerMessage::Presence(Presence::Joined { player_id }));
            }
            is_here[newcomer] = true;
        }
        for index in 0..3 {
            players[index].app.update();
            while let Ok(outgoing) = players[index].from_app.try_recv() {
                let Outgoing::Message(ClientMessage::ChatSend { text }) = outgoing else {
                    panic!("{outgoing:?}")
                };
                for other in (0..3).filter(|other| is_here[*other]) {
                    let from = names[index].to_owned();
                    players[other].tell_message(ServerMessage::Chat { from, text: text.clone() });
                }
            }
        }
    }
    for (name, player) in names.into_iter().zip(&players) {
        let lines = player.lines();
        let ended = lines.last().unwrap();
        assert_eq!(ended["outcome"], "left", "{ended}");
        let others: Vec<&str> = names.into_iter().filter(|other| *other != name).collect();
        assert_eq!(ended["peers"], serde_json::json!(others));
        for other in others {
            let heard = serde_json::json!({ "from": other, "text": format!("{other} says hello") });
            assert!(ended["chat"].as_array().unwrap().contains(&heard), "{name} hears {other}: {ended}");
        }
    }
}

/// Whoever leaves while its own words are under way may not be heard: the last one to come would leave the others
/// waiting for it.
#[test]
fn nobody_leaves_a_lobby_before_being_heard() {
    let config = Config {
        bot: Some(BotKind::Idle),
        say: Some("hello".to_owned()),
        expect_peers: Some(1),
        ..config("dan")
    };
    let mut dan = Player::new(&config);
    dan.tell(Received::Welcome { hosting: Hosting::Lobby });
    let player_ids = vec!["cleo".to_owned(), "dan".to_owned()];
    dan.tell_message(ServerMessage::Presence(Presence::Here { player_ids }));
    let chat = |from: &str| ServerMessage::Chat { from: from.to_owned(), text: "hello".to_owned() };
    dan.tell_message(chat("cleo"));
    let is_over = |dan: &Player| dan.lines().iter().any(|line| line["event"] == "ended");
    for _ in 0..100 {
        dan.app.update();
    }
    assert!(matches!(dan.from_app.try_recv(), Ok(Outgoing::Message(ClientMessage::ChatSend { .. }))));
    assert!(!is_over(&dan), "dan left before his words came back");
    dan.tell_message(chat("dan"));
    for _ in 0..10 {
        dan.app.update();
    }
    assert_eq!(dan.lines().last().unwrap()["outcome"], "left");
}

/// What the app makes of this, as (exit, outcome, reason).
fn check_end(config: &Config, received: impl IntoIterator<Item = Received>) -> (AppExit, String, String) {
    let mut player = Player::new(config);
    received.into_iter().for_each(|received| player.tell(received));
    let exit = player.run();
    let ended = player.lines().pop().unwrap();
    let reason = ended["reason"].as_str().unwrap().to_owned();
    let said = player.stderr.text();
    assert_eq!(exit.is_success(), said.is_empty(), "failures and only failures are told on stderr: {said}");
    assert!(exit.is_success() || said.contains(&reason), "{said}");
    (exit, ended["outcome"].as_str().unwrap().to_owned(), reason)
}

#[test]
fn ends_that_are_not_victories() {
    let welcome = |hosting| Received::Welcome { hosting };
    let wanted = Hosting::Match { players_wanted: 2 };
    let impossible = MatchConfig { players: vec!["ada".to_owned()], ticks_max: 60, score_to_win: 1 };
    let start = ServerMessage::MatchStart {
        slot: PlayerSlot(0),
        config: impossible,
        snapshot_rate: SnapshotRate::Hz20,
    };
    let closing = ServerMessage::Closing { reason: "maintenance".to_owned() };
    let lone = Config { deadline: Some(Duration::from_secs(2)), ..config("ada") };
    let peers = Config { expect_peers: Some(1), ..lone.clone() };
    let refused = Received::Refused { reason: "the match is full".to_owned() };
    let closed = Received::Closed { reason: "the connection was lost".to_owned() };
    let cases: Vec<(&Config, Vec<Received>, &str, &str)> = vec![
        (&lone, vec![refused], "refused", "the match is full"),
        (&lone, vec![closed.clone()], "failed", "the connection was lost"),
        (&lone, vec![], "failed", "not joined within 2 s"),
        (&lone, vec![welcome(wanted)], "failed", "the match did not start within 2 s: 1 of 2 players came"),
        (
            &lone,
            vec![welcome(wanted), Received::Message(start)],
            "failed",
            "the server began a match that cannot be: `1` players, expected 2 to 16",
        ),
        (
            &lone,
            vec![welcome(wanted), Received::Message(closing), closed],
            "failed",
            "the server ended the session: maintenance",
        ),
        (&lone, vec![welcome(Hosting::Lobby)], "left", "stayed for 2 s"),
        (&peers, vec![welcome(Hosting::Lobby)], "failed", "saw and heard 0 of 1 others within 2 s"),
    ];
    for (config, received, outcome, reason) in cases {
        let (exit, found, words) = check_end(config, received);
        assert_eq!((found.as_str(), words.as_str()), (outcome, reason));
        assert_eq!(exit.is_success(), outcome == "left");
    }
}

#[test]
fn closing_the_app_is_reported() {
    let interrupted = |view| {
        let mut player = Player::new(&Config { view, ..config("ada") });
        player.tell(Received::Welcome { hosting: Hosting::Lobby });
        player.app.update();
        player.app.world_mut().write_message(AppExit::Success);
        player.run();
        player.lines().pop().unwrap()["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(interrupted(View::Window), "left");
    assert_eq!(interrupted(View::Headless), "failed");
}

#[test]
fn errors_lead_to_a_screen_and_back_to_the_title() {
    let mut player = Player::at_title();
    player.app.update();
    player.choose(Choice::Play);
    assert_eq!(player.screen(), Screen::Trouble, "nobody knows where to play");
    assert!(player.session().verdict.as_ref().unwrap().reason.contains("\nhint: "));
    assert_eq!(player.app.should_exit(), None, "an error is no reason to close the window");
    player.choose(Choice::Title);
    assert_eq!(player.screen(), Screen::Title);
    assert_eq!(player.session().verdict, None);
    player.choose(Choice::Settings);
    assert_eq!(player.screen(), Screen::Settings);
    player.app.world_mut().write_message(Chosen(Choice::Quit));
    assert_eq!(player.run(), AppExit::Success);
    assert_eq!(player.lines().last().unwrap()["outcome"], "left");
}

/// A connection that ends is told, and what was known of it is gone with the next choice.
#[test]
fn a_connection_that_ends_leads_to_the_error_screen() {
    let mut player = Player::at_title();
    player.tell(Received::Welcome { hosting: Hosting::Lobby });
    player.app.update();
    player.app.update();
    assert_eq!(player.screen(), Screen::Lobby);
    let here = |names: &[&str]| {
        let player_ids = names.iter().map(|name| (*name).to_owned()).collect();
        Received::Message(ServerMessage::Presence(Presence::Here { player_ids }))
    };
    player.tell(here(&["ada", "grace"]));
    player.tell(Received::Lost);
    player.app.update();
    assert!(player.session().seconds_to_come_back().is_some(), "the player is told that it is lost");
    assert_eq!(player.screen(), Screen::Lobby, "and waits where they were");
    player.tell(Received::Resumed);
    player.app.update();
    assert_eq!(player.session().seconds_to_come_back(), None);
    player.tell(here(&["ada"]));
    player.app.update();
    assert!(!player.session().present.contains("grace"), "who left meanwhile is not here any more");
    player.tell(Received::Closed { reason: "the server closed the connection".to_owned() });
    player.app.update();
    player.app.update();
    assert_eq!(player.screen(), Screen::Trouble);
    player.choose(Choice::Title);
    assert_eq!((player.session().hosting, player.screen()), (None, Screen::Title));
}

/// The search goes on beside the lobby, tells its steps, and takes the player over when it has led somewhere.
#[test]
fn a_match_is_found_from_the_lobby() {
    let mut player = Player::at_title();
    player.tell(Received::Welcome { hosting: Hosting::Lobby });
    player.app.update();
    let (link, to_finder, _from_finder) = Link::in_memory();
    player.app.insert_resource(Finder::following(link));
    to_finder.try_send(Received::Searching { news: "SearchGameServerSessions".to_owned() }).unwrap();
    player.app.update();
    assert_eq!(player.screen(), Screen::Lobby);
    assert_eq!(player.app.world().resource::<Finder>().steps, ["SearchGameServerSessions"]);
    to_finder.try_send(Received::Welcome { hosting: Hosting::Match { players_wanted: 2 } }).unwrap();
    let players = ["ada", "grace"].map(str::to_owned).to_vec();
    let config = MatchConfig { players, ticks_max: 600, score_to_win: 5 };
    let snapshot_rate = SnapshotRate::Hz20;
    let start = ServerMessage::MatchStart { slot: PlayerSlot(0), config, snapshot_rate };
    to_finder.try_send(Received::Message(start)).unwrap();
    for _ in 0..3 {
        player.app.update();
    }
    assert_eq!(player.screen(), Screen::Playing);
    assert!(!player.app.world().resource::<Finder>().is_finding());
    assert!(player.to_app.is_closed(), "the lobby was left");
}

#[test]
fn a_search_that_fails_leaves_the_player_in_the_lobby() {
    let mut player = Player::at_title();
    player.tell(Received::Welcome { hosting: Hosting::Lobby });
    player.app.update();
    let (link, to_finder, _from_finder) = Link::in_memory();
    player.app.insert_resource(Finder::following(link));
    drop(to_finder);
    player.app.update();
    let finder = player.app.world().resource::<Finder>();
    assert!(!finder.is_finding());
    assert!(finder.problem.as_ref().unwrap().contains("has stopped"));
    assert_eq!(player.screen(), Screen::Lobby);
}

/// A bug in the part that talks to the network: the player is told, with a next step, and the game goes on.
#[test]
fn a_panic_of_the_net_thread_is_an_error_screen_with_the_reason() {
    let mut player = Player::at_title();
    let link = Link::over(|to_app, _from_app| {
        to_app.blocking_send(Received::Welcome { hosting: Hosting::Lobby }).unwrap();
        panic!("a datagram of {} bytes", -1);
    });
    player.app.insert_resource(link.unwrap());
    let deadline = Instant::now() + Duration::from_secs(20);
    while player.screen() != Screen::Trouble {
        assert!(Instant::now() < deadline, "the player looks at {:?}", player.screen());
        player.app.update();
    }
    let reason = player.session().verdict.as_ref().unwrap().reason.clone();
    let (what, hint) = reason.split_once("\nhint: ").expect("there is a next step");
    assert_eq!(what, "the part of the game that talks to the network has stopped: a datagram of -1 bytes");
    assert!(hint.starts_with("try again"), "{hint}");
    assert_eq!(player.app.should_exit(), None, "the window stays open");
    player.choose(Choice::Title);
    assert_eq!(player.screen(), Screen::Title);
}

/// What is chosen from the list or written is gone to; what cannot be watched is told where it was chosen.
#[test]
fn from_the_title_to_a_match_of_others_and_back() {
    let mut player = Player::at_title();
    player.app.update();
    player.choose(Choice::Watch);
    assert_eq!(player.screen(), Screen::Watch);
    player.choose(Choice::WatchWritten);
    assert_eq!(player.screen(), Screen::Watch, "nothing is written yet");
    let problem = |player: &Player| player.app.world().resource::<Watching>().problem.clone();
    assert!(problem(&player).is_some_and(|problem| problem.contains("\nhint: ")));
    // A socket that answers nothing: the way there is what counts here.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut watching = player.app.world_mut().resource_mut::<Watching>();
    watching.write(Field::Address, &silent.local_addr().unwrap().to_string());
    watching.write(Field::Key, "0123456789abcdef");
    player.choose(Choice::WatchWritten);
    assert_eq!((player.screen(), problem(&player)), (Screen::Connecting, None));
    assert!(player.to_app.is_closed(), "what there was before is left");
    let (link, to_app, _from_app) = Link::in_memory();
    player.app.insert_resource(link);
    for received in [Received::Watching, Received::Refused { reason: "no place is left".to_owned() }] {
        to_app.try_send(received).unwrap();
    }
    player.app.update();
    player.app.update();
    assert_eq!(player.screen(), Screen::Trouble);
    let ways = player.app.world().resource::<Journey>().ways();
    assert_eq!(ways.last, Some(Purpose::Watch), "it can be tried again");
    player.choose(Choice::Watch);
    assert_eq!((player.screen(), &player.session().verdict), (Screen::Watch, &None));
}
