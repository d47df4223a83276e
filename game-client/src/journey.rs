//! Does what `navigation.rs` decides: starts and ends connections, and changes screens. Only in a window; a headless
//! run goes one way.

use std::thread::JoinHandle;

use bevy::prelude::*;

use crate::{
    bindings::{Action, Bindings},
    lookup::Place,
    navigation::{Choice, Deed, Purpose, Screen, Ways, decide},
    net::{Link, Received},
    options::{CloudDestination, Config, Destination, Matchmaker},
    prediction::Match,
    regions::Regions,
    report::Outcome,
    session::{STEPS_KEPT_MAX, Session, keep_last},
    settings::Settings,
    settings_file::{self, SettingsFile},
    watching::Watching,
};

/// What the player has chosen on a menu, or with Escape.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen(pub(crate) Choice);

/// Where this client can go, and where it is on its way.
#[derive(Resource, Debug, Default)]
pub(crate) struct Journey {
    direct: Option<Destination>,
    play: Option<Destination>,
    lobby: Option<Destination>,
    /// Where matches are that can be watched and not played.
    watched: Option<CloudDestination>,
    /// What was chosen to be watched.
    watch: Option<Destination>,
    /// What this player set out for last.
    last: Option<Purpose>,
    /// Whether the player is asked about leaving the match.
    pub(crate) is_leave_asked: bool,
    /// The key of this action is waited for.
    pub(crate) binding: Option<(Action, usize)>,
    leaving: Goodbyes,
}

/// Connections that say goodbye; the last of them is heard before the program ends.
#[derive(Debug, Default)]
struct Goodbyes(Vec<JoinHandle<()>>);

impl Goodbyes {
    fn add(&mut self, link: Link) {
        self.0.retain(|leaving| !leaving.is_finished());
        self.0.extend(link.leave());
    }
}

impl Drop for Goodbyes {
    fn drop(&mut self) {
        for leaving in self.0.drain(..) {
            if leaving.join().is_err() {
                error!("a net thread panicked");
            }
        }
    }
}

/// The search for a match that goes on while the player is in the lobby.
#[derive(Resource, Default)]
pub(crate) struct Finder {
    link: Option<Link>,
    /// What was done so far, in words.
    pub(crate) steps: Vec<String>,
    /// Why it did not work, in words.
    pub(crate) problem: Option<String>,
    /// Where it led.
    place: Place,
}

impl Finder {
    /// A search over this connection.
    #[cfg(test)]
    pub(crate) fn following(link: Link) -> Finder {
        Finder { link: Some(link), ..Finder::default() }
    }

    /// A search that got so far and goes on for ever.
    pub(crate) fn make_up(&mut self, steps: &[&str]) {
        self.steps = steps.iter().map(|step| (*step).to_owned()).collect();
        self.link = Some(Link::idle());
    }

    /// Whether it goes on.
    pub(crate) fn is_finding(&self) -> bool {
        self.link.is_some()
    }
}

impl Journey {
    /// What the command line and the settings say.
    pub(crate) fn new(config: &Config, settings: &Settings) -> Journey {
        let named = config.destination.clone();
        let (direct, play) = match named {
            Some(Destination::Address { .. } | Destination::Watch { .. }) => (named, None),
            Some(Destination::Cloud(_) | Destination::Matchmaker(_)) => (None, named),
            None => (None, None),
        };
        let from_settings = || {
            let url = settings.matchmaker.clone()?;
            Some(Destination::Matchmaker(Matchmaker { url, skill: SKILL, region: None }))
        };
        let lobby = config.lobby.clone().map(Destination::Cloud);
        let watched = config.watched.clone();
        Journey { direct, play: play.or_else(from_settings), lobby, watched, ..Journey::default() }
    }

    /// Ways that lead nowhere, for pictures.
    pub(crate) fn made_up() -> Journey {
        let nowhere =
            || Some(Destination::Matchmaker(Matchmaker { url: String::new(), skill: SKILL, region: None }));
        let last = Some(Purpose::Play);
        Journey { play: nowhere(), lobby: nowhere(), last, ..Journey::default() }
    }

    /// Where a window goes that does not begin with the title.
    pub(crate) fn first(&mut self, config: &Config) -> Option<Destination> {
        if config.begins_at_title {
            return None;
        }
        let destination = config.destination.clone()?;
        self.last = Some(match destination {
            Destination::Address { .. } | Destination::Watch { .. } => Purpose::Direct,
            Destination::Cloud(_) | Destination::Matchmaker(_) => Purpose::Play,
        });
        Some(destination)
    }

    /// Where this client can go.
    pub(crate) fn ways(&self) -> Ways {
        Ways { play: self.play.is_some(), lobby: self.lobby.is_some(), last: self.last }
    }

    /// Where matches are that can be watched, as far as the cloud API can be asked: a matchmaker tells of none.
    fn watchable(&self, region: Option<&str>) -> Vec<CloudDestination> {
        let cloud = |destination| match destination {
            Some(Destination::Cloud(cloud)) => Some(cloud),
            Some(Destination::Address { .. } | Destination::Watch { .. } | Destination::Matchmaker(_))
            | None => None,
        };
        let ways = [
            self.watched.clone(),
            cloud(self.destination(Purpose::Play, region)),
            cloud(self.destination(Purpose::Lobby, region)),
        ];
        ways.into_iter().flatten().collect()
    }

    fn destination(&self, purpose: Purpose, region: Option<&str>) -> Option<Destination> {
        let destination = match purpose {
            Purpose::Direct => self.direct.clone(),
            Purpose::Play => self.play.clone(),
            Purpose::Lobby => return self.lobby.clone(),
            Purpose::Watch => return self.watch.clone(),
        };
        let region = region.map(str::to_owned);
        match (destination, region) {
            (Some(Destination::Cloud(cloud)), Some(region)) => {
                Some(Destination::Cloud(CloudDestination { region, ..cloud }))
            }
            (Some(Destination::Matchmaker(matchmaker)), region) => {
                Some(Destination::Matchmaker(Matchmaker { region, ..matchmaker }))
            }
            (destination, _) => destination,
        }
    }
}

/// How good a player is of whom nothing is known; the default of `--skill`.
const SKILL: u32 = 1000;

pub(crate) fn plugin(app: &mut App) {
    app.add_message::<Chosen>()
        .init_resource::<Finder>()
        .add_systems(PreUpdate, find.before(crate::net::receive))
        .add_systems(Update, obey);
}

/// Does what was chosen. Exclusive: almost anything may change.
fn obey(world: &mut World) {
    let chosen: Vec<Chosen> = world.resource_mut::<Messages<Chosen>>().drain().collect();
    for Chosen(choice) in chosen {
        let ways = world.resource::<Journey>().ways();
        match decide(&choice, ways) {
            Deed::Show(screen) => show(world, screen),
            Deed::Measure => measure(world),
            Deed::ListRunning => list_running(world),
            Deed::Watch(number) => watch(world, number),
            Deed::Write => {}
            Deed::Prefer(region) => {
                world.resource_mut::<Settings>().region = region;
                save(world);
                show(world, Screen::Title);
            }
            Deed::Start(purpose) => start(world, purpose),
            Deed::Explain(reason) => {
                forget_session(world);
                world.resource_mut::<Session>().end(Outcome::Failed, reason.to_owned());
            }
            Deed::Find => find_match(world),
            Deed::StopFinding => drop_finder(world),
            Deed::AskLeave(is_asked) => world.resource_mut::<Journey>().is_leave_asked = is_asked,
            Deed::Bind(action, place) => world.resource_mut::<Journey>().binding = Some((action, place)),
            Deed::ResetKeys => {
                world.resource_mut::<Settings>().bindings = Bindings::default();
                save(world);
            }
            Deed::GoHome => {
                forget_session(world);
                world.resource_mut::<Journey>().last = None;
                show(world, Screen::Title);
            }
            Deed::Quit => {
                world.write_message(AppExit::Success);
            }
        }
    }
}

fn show(world: &mut World, screen: Screen) {
    world.resource_mut::<NextState<Screen>>().set(screen);
}

/// Writes the settings down; what became of that is on the settings screen.
fn save(world: &mut World) {
    let written = settings_file::save(world.resource::<Settings>(), world.resource::<SettingsFile>());
    *world.resource_mut::<SettingsFile>() = written;
}

fn measure(world: &mut World) {
    if let Some(play) = world.resource::<Journey>().play.clone() {
        world.resource_mut::<Regions>().measure(&play);
    }
    show(world, Screen::Regions);
}

/// Shows what runs, asked anew each time: a match is over soon.
fn list_running(world: &mut World) {
    forget_session(world);
    let region = world.resource::<Settings>().region.clone();
    let clouds = world.resource::<Journey>().watchable(region.as_deref());
    world.resource_mut::<Watching>().ask(clouds);
    show(world, Screen::Watch);
}

/// Goes to watch, if what was chosen or written says where.
fn watch(world: &mut World, number: Option<usize>) {
    let watching = world.resource::<Watching>();
    let chosen = match number {
        Some(number) => watching.listed(number),
        None => watching.written(),
    };
    match chosen {
        Ok(destination) => {
            world.resource_mut::<Journey>().watch = Some(destination);
            start(world, Purpose::Watch);
        }
        Err(problem) => world.resource_mut::<Watching>().problem = Some(problem),
    }
}

fn start(world: &mut World, purpose: Purpose) {
    forget_session(world);
    let region = world.resource::<Settings>().region.clone();
    let player_id = world.resource::<Session>().player_id.clone();
    world.resource_mut::<Journey>().last = Some(purpose);
    let destination = world.resource::<Journey>().destination(purpose, region.as_deref());
    let started = match destination {
        Some(destination) => Link::start(destination, player_id)
            .map_err(|error| format!("the system gives no thread for the network: {error}")),
        None => Err("that way is not known any more".to_owned()),
    };
    match started {
        Ok(link) => {
            world.insert_resource(link);
            show(world, Screen::Connecting);
        }
        Err(reason) => world.resource_mut::<Session>().end(Outcome::Failed, reason),
    }
}

/// Ends the connection, if there is one, and forgets what was known of its session.
fn forget_session(world: &mut World) {
    drop_finder(world);
    replace_link(world, Link::idle());
    let player_id = world.resource::<Session>().player_id.clone();
    world.insert_resource(Session::new(player_id));
    world.remove_resource::<Match>();
    world.resource_mut::<Messages<Received>>().clear();
    world.resource_mut::<Journey>().is_leave_asked = false;
}

fn replace_link(world: &mut World, link: Link) {
    let old = std::mem::replace(&mut *world.resource_mut::<Link>(), link);
    world.resource_mut::<Journey>().leaving.add(old);
}

fn drop_finder(world: &mut World) {
    let finder = std::mem::take(&mut *world.resource_mut::<Finder>());
    if let Some(link) = finder.link {
        world.resource_mut::<Journey>().leaving.add(link);
    }
}

/// Looks for a match while the lobby goes on: a second connection, which becomes the only one when it is let in.
fn find_match(world: &mut World) {
    drop_finder(world);
    let region = world.resource::<Settings>().region.clone();
    let player_id = world.resource::<Session>().player_id.clone();
    let Some(play) = world.resource::<Journey>().destination(Purpose::Play, region.as_deref()) else {
        return;
    };
    let mut finder = world.resource_mut::<Finder>();
    match Link::start(play, player_id) {
        Ok(link) => finder.link = Some(link),
        Err(error) => {
            finder.problem = Some(format!("the system gives no thread for the network: {error}"));
        }
    }
}

/// Follows the search, and changes over to the match that it found.
fn find(world: &mut World) {
    let mut found = None;
    let mut finder = world.resource_mut::<Finder>();
    while let Some(received) = finder.bypass_change_detection().link.as_mut().and_then(Link::try_receive) {
        finder.set_changed();
        match received {
            Received::Searching { news } => keep_last(&mut finder.steps, STEPS_KEPT_MAX, news),
            Received::Placed(place) => finder.place = place,
            Received::Refused { reason } | Received::Closed { reason } => {
                finder.problem = Some(reason);
                finder.link = None;
            }
            welcome @ Received::Welcome { .. } => {
                found = finder.link.take().map(|link| (link, std::mem::take(&mut finder.place), welcome));
            }
            // Nothing else comes before the Welcome, and what follows it belongs to the match.
            _ => {}
        }
    }
    if let Some((link, place, welcome)) = found {
        forget_session(world);
        replace_link(world, link);
        world.resource_mut::<Journey>().last = Some(Purpose::Play);
        world.write_message(Received::Placed(place));
        world.write_message(welcome);
        show(world, Screen::Connecting);
    }
}
