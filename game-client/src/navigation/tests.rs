use super::{
    Choice, Deed, Item, Move, Purpose, Screen, Ways, after, decide, ended_menu, escape, lobby_menu,
    regions_menu, step, title_menu, trouble_menu, watch_menu,
};
use crate::report::Outcome;

const ALL: Ways = Ways { play: true, lobby: true, last: None };
const NONE: Ways = Ways { play: false, lobby: false, last: None };

fn labels(menu: &[Item]) -> Vec<&str> {
    menu.iter().filter(|item| item.is_enabled).map(|item| item.label.as_str()).collect()
}

#[test]
fn menus_offer_what_there_is() {
    assert_eq!(labels(&title_menu(ALL)), ["Play", "Lobby", "Watch", "Regions", "Settings", "Quit"]);
    assert_eq!(
        labels(&title_menu(NONE)),
        ["Play", "Watch", "Settings", "Quit"],
        "`Play` explains what is missing"
    );
    let after = |ways, purpose| Ways { last: Some(purpose), ..ways };
    let ended = |ways| labels(&ended_menu(ways)).join(", ");
    assert_eq!(ended(after(ALL, Purpose::Play)), "Play again, To the lobby, Title, Quit");
    assert_eq!(ended(after(ALL, Purpose::Lobby)), "To the lobby, Title, Quit");
    assert_eq!(ended(after(NONE, Purpose::Direct)), "Title, Quit", "that seat is used up");
    assert_eq!(ended(after(ALL, Purpose::Watch)), "Watch more, To the lobby, Title, Quit");
    let watched = after(NONE, Purpose::Watch);
    assert_eq!(labels(&trouble_menu(watched)), ["Try again", "Watch more", "Title", "Quit"]);
    assert_eq!(labels(&trouble_menu(after(NONE, Purpose::Direct))), ["Try again", "Title", "Quit"]);
    assert_eq!(labels(&trouble_menu(NONE)), ["Title", "Quit"]);
    assert_eq!(labels(&lobby_menu(ALL, false)), ["Find me a match", "Leave"]);
    assert_eq!(labels(&lobby_menu(ALL, true)), ["Stop looking", "Leave"]);
    assert_eq!(labels(&lobby_menu(NONE, false)), ["Leave"]);
    let rows = [("open".to_owned(), true), ("closed".to_owned(), false)];
    assert_eq!(labels(&watch_menu(&rows)), ["open", "", "", "Watch this address", "Look again", "Back"]);
    let rows = [("eu".to_owned(), "eu  12 ms".to_owned())];
    assert_eq!(labels(&regions_menu(&rows))[1..], ["eu  12 ms", "  Measure again", "  Back"]);
}

#[test]
fn choices_lead_on() {
    assert_eq!(decide(&Choice::Play, ALL), Deed::Start(Purpose::Play));
    let Deed::Explain(reason) = decide(&Choice::Play, NONE) else { panic!("there is nowhere to play") };
    assert!(reason.contains("\nhint: "));
    let lobby = Ways { last: Some(Purpose::Lobby), ..ALL };
    assert_eq!(decide(&Choice::Again, lobby), Deed::Start(Purpose::Lobby));
    let region = Some("eu".to_owned());
    assert_eq!(decide(&Choice::Region(region.clone()), ALL), Deed::Prefer(region));
    assert_eq!(decide(&Choice::Title, ALL), Deed::GoHome);
}

#[test]
fn escape_leads_back_step_by_step() {
    assert_eq!(escape(Screen::Title, false, false), None);
    assert_eq!(
        escape(Screen::Playing, false, false),
        Some(Choice::AskLeave),
        "a match is not left by accident"
    );
    assert_eq!(escape(Screen::Playing, true, false), Some(Choice::Stay));
    assert_eq!(escape(Screen::Lobby, false, true), Some(Choice::StopFinding));
    for screen in
        [Screen::Regions, Screen::Watch, Screen::Settings, Screen::Connecting, Screen::Lobby, Screen::Trouble]
    {
        assert_eq!(escape(screen, false, false), Some(Choice::Title), "{screen:?}");
    }
}

#[test]
fn what_failed_is_told_apart_from_what_ended() {
    for outcome in [Outcome::Won, Outcome::Lost, Outcome::Draw, Outcome::Left] {
        assert_eq!(after(outcome), Screen::Ended);
    }
    for outcome in [Outcome::Refused, Outcome::Failed] {
        assert_eq!(after(outcome), Screen::Trouble);
    }
}

#[test]
fn moving_through_a_menu() {
    let all = [true; 5];
    assert_eq!(step(0, 1, &all, Move::Down), 1);
    assert_eq!(step(0, 1, &all, Move::Up), 4, "it goes round");
    assert_eq!(step(4, 1, &all, Move::Down), 0);
    let gap = [true, false, false, true, true];
    assert_eq!(step(0, 1, &gap, Move::Down), 3);
    assert_eq!(step(3, 1, &gap, Move::Up), 0);
    // Two columns: down is a row, right is the neighbour.
    let grid = [true; 6];
    assert_eq!(step(0, 2, &grid, Move::Down), 2);
    assert_eq!(step(0, 2, &grid, Move::Right), 1);
    assert_eq!(step(1, 2, &grid, Move::Up), 5);
    // Nothing to choose, one thing to choose, and a column in which there is nothing.
    assert_eq!(step(1, 1, &[false; 3], Move::Down), 1);
    assert_eq!(step(0, 1, &[true], Move::Down), 0);
    assert_eq!(step(0, 2, &[true, true, false, false], Move::Down), 0);
    assert_eq!(step(0, 2, &[false, true, false, false], Move::Down), 1);
    assert_eq!(step(7, 1, &all, Move::Down), 0, "the menu became shorter");
}
