use bevy::input::keyboard::KeyCode;

use super::Settings;
use crate::bindings::{Action, Trigger};

#[test]
fn what_is_written_is_read_again() {
    let mut settings = Settings {
        name: Some("ada \"the first\"".to_owned()),
        matchmaker: Some("http://127.0.0.1:9000".to_owned()),
        region: Some("eu-frankfurt".to_owned()),
        ..Settings::default()
    };
    settings.bindings.bind(Action::Dash, 0, Trigger::Key(KeyCode::KeyE));
    assert_eq!(Settings::from_text(&settings.to_text()), Ok(settings));
    assert_eq!(Settings::from_text("{}"), Ok(Settings::default()));
    assert_eq!(Settings::from_text(&Settings::default().to_text()), Ok(Settings::default()));
}

#[test]
fn bad_files_are_told_in_words() {
    for (text, expected) in [
        ("", "EOF while parsing"),
        ("{\n \"name\": 7\n}", "line 2 column"),
        ("{\"nmae\": \"ada\"}", "unknown field `nmae`, expected one of `name`"),
        ("{\"name\": \"\"}", "`name` must have 1 to 1024 bytes, it has 0"),
        ("{\"matchmaker\": \"example.org\"}", "`matchmaker` must be `http://HOST:PORT`"),
        ("{\"matchmaker\": \"http://\"}", "`matchmaker` must be `http://HOST:PORT`"),
        ("{\"keys\": {\"fly\": [\"F\"]}}", "`fly` is nothing that can be done"),
    ] {
        let problem = Settings::from_text(text).unwrap_err();
        assert!(problem.contains(expected), "{text}: {problem}");
    }
    let both = Settings::from_text("{\"name\": \"\", \"keys\": {\"fly\": []}}").unwrap_err();
    assert_eq!(both.lines().count(), 2, "all problems at once: {both}");
}
