//! What screen follows what: the choices on each screen and what they lead to, without anything that draws or connects.
//!
//! `journey.rs` does what is decided here; the screens show the menus made here.

use bevy::state::state::States;

use crate::{bindings::Action, report::Outcome};

/// What the player looks at.
#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Screen {
    /// Where a window begins that was not told where to go.
    Title,
    /// How far away the regions are.
    Regions,
    /// What can be watched.
    Watch,
    /// Which key does what.
    Settings,
    /// Not let in yet.
    #[default]
    Connecting,
    /// In a lobby.
    Lobby,
    /// In a match.
    Playing,
    /// It went as it should.
    Ended,
    /// It did not.
    Trouble,
}

/// What a player can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Be found a match.
    Play,
    /// Go where people talk.
    Lobby,
    /// See how far away the regions are.
    Regions,
    /// Measure them again.
    Measure,
    /// Play in this region, or in any.
    Region(Option<String>),
    /// See what can be watched.
    Watch,
    /// Watch this one of the list.
    WatchListed(usize),
    /// Write here what is to be watched.
    Write(Field),
    /// Watch what was written.
    WatchWritten,
    /// See which key does what.
    Settings,
    /// Give an action another key, at this place.
    Bind(Action, usize),
    /// All keys as they were at first.
    ResetKeys,
    /// In the lobby: be found a match.
    FindMatch,
    /// In the lobby: give that up.
    StopFinding,
    /// In a match: ask whether to leave it.
    AskLeave,
    /// In a match: do not leave it.
    Stay,
    /// The same again.
    Again,
    /// Leave whatever this is, to the title.
    Title,
    /// Close the window.
    Quit,
}

/// A line that somebody writes on who wants to watch what no list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Address and port of the game server.
    Address,
    /// What lets watch.
    Key,
}

/// What the player set out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The place that the command line named.
    Direct,
    /// A match.
    Play,
    /// The lobby.
    Lobby,
    /// A match of others.
    Watch,
}

/// Where this client can go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ways {
    /// There is somebody to ask for a match.
    pub(crate) play: bool,
    /// There is a lobby.
    pub(crate) lobby: bool,
    /// What this player set out for last.
    pub(crate) last: Option<Purpose>,
}

/// What is to be done about a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Look at another screen.
    Show(Screen),
    /// Look at the regions, and measure them.
    Measure,
    /// Look at what can be watched, and ask what runs.
    ListRunning,
    /// Watch this one of the list, or what was written.
    Watch(Option<usize>),
    /// Nothing: the line that is selected is written on.
    Write,
    /// Prefer a region.
    Prefer(Option<String>),
    /// Go there; a connection that there is ends.
    Start(Purpose),
    /// Say why that cannot be, and what to do.
    Explain(&'static str),
    /// Stay here and look for a match meanwhile.
    Find,
    /// Stop looking.
    StopFinding,
    /// Ask whether to leave, or stop asking.
    AskLeave(bool),
    /// Wait for the key of an action.
    Bind(Action, usize),
    /// Forget all changes of keys.
    ResetKeys,
    /// End the connection that there is, and show the title.
    GoHome,
    /// Close the window.
    Quit,
}

/// Said when nobody knows where to play.
pub(crate) const NOWHERE: &str = "no game service is known\nhint: start one with `cargo xtask play`, or name one: `--matchmaker URL`, or `matchmaker` in the settings file";

/// What a choice leads to.
pub(crate) fn decide(choice: &Choice, ways: Ways) -> Deed {
    match choice {
        Choice::Play if ways.play => Deed::Start(Purpose::Play),
        Choice::Play => Deed::Explain(NOWHERE),
        Choice::Lobby => Deed::Start(Purpose::Lobby),
        Choice::Again => Deed::Start(ways.last.unwrap_or(Purpose::Play)),
        Choice::Regions | Choice::Measure => Deed::Measure,
        Choice::Region(region) => Deed::Prefer(region.clone()),
        Choice::Watch => Deed::ListRunning,
        Choice::WatchListed(number) => Deed::Watch(Some(*number)),
        Choice::WatchWritten => Deed::Watch(None),
        Choice::Write(_) => Deed::Write,
        Choice::Settings => Deed::Show(Screen::Settings),
        Choice::Bind(action, place) => Deed::Bind(*action, *place),
        Choice::ResetKeys => Deed::ResetKeys,
        Choice::FindMatch => Deed::Find,
        Choice::StopFinding => Deed::StopFinding,
        Choice::AskLeave => Deed::AskLeave(true),
        Choice::Stay => Deed::AskLeave(false),
        Choice::Title => Deed::GoHome,
        Choice::Quit => Deed::Quit,
    }
}

/// What Escape means; on the title nothing, so that nobody closes the game by pressing it once too often.
pub(crate) fn escape(screen: Screen, is_leave_asked: bool, is_finding: bool) -> Option<Choice> {
    match screen {
        Screen::Title => None,
        Screen::Playing => Some(if is_leave_asked { Choice::Stay } else { Choice::AskLeave }),
        Screen::Lobby if is_finding => Some(Choice::StopFinding),
        Screen::Regions
        | Screen::Watch
        | Screen::Settings
        | Screen::Connecting
        | Screen::Lobby
        | Screen::Ended
        | Screen::Trouble => Some(Choice::Title),
    }
}

/// Where a session leads that is over.
pub(crate) fn after(outcome: Outcome) -> Screen {
    match outcome {
        Outcome::Won | Outcome::Lost | Outcome::Draw | Outcome::Watched | Outcome::Left => Screen::Ended,
        Outcome::Refused | Outcome::Failed => Screen::Trouble,
    }
}

/// A line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// What it says.
    pub(crate) label: String,
    /// What it does.
    pub(crate) choice: Choice,
    /// Whether it can be chosen.
    pub(crate) is_enabled: bool,
}

impl Item {
    /// One that can be chosen.
    pub(crate) fn new(label: impl Into<String>, choice: Choice) -> Item {
        Item { label: label.into(), choice, is_enabled: true }
    }

    fn enabled(self, is_enabled: bool) -> Item {
        Item { is_enabled, ..self }
    }
}

/// The menu of the title.
pub(crate) fn title_menu(ways: Ways) -> Vec<Item> {
    vec![
        Item::new("Play", Choice::Play),
        Item::new("Lobby", Choice::Lobby).enabled(ways.lobby),
        Item::new("Watch", Choice::Watch),
        Item::new("Regions", Choice::Regions).enabled(ways.play),
        Item::new("Settings", Choice::Settings),
        Item::new("Quit", Choice::Quit),
    ]
}

/// The menu below a result.
pub(crate) fn ended_menu(ways: Ways) -> Vec<Item> {
    let mut menu = Vec::new();
    match ways.last {
        Some(Purpose::Watch) => menu.push(Item::new("Watch more", Choice::Watch)),
        Some(Purpose::Lobby) => {}
        Some(Purpose::Direct | Purpose::Play) | None if ways.play => {
            menu.push(Item::new("Play again", Choice::Play));
        }
        Some(Purpose::Direct | Purpose::Play) | None => {}
    }
    if ways.lobby {
        menu.push(Item::new("To the lobby", Choice::Lobby));
    }
    menu.extend([Item::new("Title", Choice::Title), Item::new("Quit", Choice::Quit)]);
    menu
}

/// The menu below an error. A seat of the command line may still be had after an error, but not after a match.
pub(crate) fn trouble_menu(ways: Ways) -> Vec<Item> {
    let mut menu = Vec::new();
    if ways.last.is_some() {
        menu.push(Item::new("Try again", Choice::Again));
    }
    if ways.last == Some(Purpose::Watch) {
        menu.push(Item::new("Watch more", Choice::Watch));
    }
    menu.extend([Item::new("Title", Choice::Title), Item::new("Quit", Choice::Quit)]);
    menu
}

/// The menu of the lobby.
pub(crate) fn lobby_menu(ways: Ways, is_finding: bool) -> Vec<Item> {
    let find = match is_finding {
        true => Item::new("Stop looking", Choice::StopFinding),
        false => Item::new("Find me a match", Choice::FindMatch).enabled(ways.play),
    };
    vec![find, Item::new("Leave", Choice::Title)]
}

/// The regions to choose from: any first, then those that are known.
pub(crate) fn regions_menu(rows: &[(String, String)]) -> Vec<Item> {
    let any = Item::new("Anywhere, the nearest that has room", Choice::Region(None));
    let rows = rows.iter().map(|(region, label)| Item::new(label, Choice::Region(Some(region.clone()))));
    let last = [Item::new("  Measure again", Choice::Measure), Item::new("  Back", Choice::Title)];
    std::iter::once(any).chain(rows).chain(last).collect()
}

/// What can be watched: the list, whose lines can be chosen if something lets watch; then what can be written.
pub(crate) fn watch_menu(rows: &[(String, bool)]) -> Vec<Item> {
    let listed = rows.iter().enumerate().map(|(number, (label, can_be_watched))| {
        Item::new(label, Choice::WatchListed(number)).enabled(*can_be_watched)
    });
    let written = [
        Item::new("", Choice::Write(Field::Address)),
        Item::new("", Choice::Write(Field::Key)),
        Item::new("Watch this address", Choice::WatchWritten),
        Item::new("Look again", Choice::Watch),
        Item::new("Back", Choice::Title),
    ];
    listed.chain(written).collect()
}

/// A key that moves through a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// A row up.
    Up,
    /// A row down.
    Down,
    /// To the left.
    Left,
    /// To the right.
    Right,
}

/// The line that is selected next, in a menu of so many columns; it goes round at both ends and passes over what
/// cannot be chosen.
pub(crate) fn step(selected: usize, columns: usize, enabled: &[bool], to: Move) -> usize {
    let count = enabled.len();
    if !enabled.contains(&true) {
        return selected;
    }
    let by = match to {
        Move::Up => count - columns.min(count),
        Move::Down => columns,
        Move::Left => count - 1,
        Move::Right => 1,
    };
    let by = (by % count).max(1);
    let mut next = selected.min(count - 1);
    // Steps of more than one may never meet a line that can be chosen; single ones do.
    for round in 0..2 * count {
        let width = if round < count { by } else { 1 };
        next = (next + width) % count;
        if enabled[next] {
            break;
        }
    }
    next
}

#[cfg(test)]
mod tests;
