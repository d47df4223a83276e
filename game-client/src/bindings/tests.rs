use std::collections::BTreeMap;

use bevy::input::{keyboard::KeyCode, mouse::MouseButton};

use super::{Action, Bindings, NAMES, Trigger};

fn written(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    pairs.iter().map(|(word, keys)| ((*word).to_owned(), names(keys))).collect()
}

#[test]
fn what_is_written_is_read_again() {
    let mut bindings = Bindings::default();
    bindings.bind(Action::Shoot, 0, Trigger::Key(KeyCode::KeyJ));
    bindings.bind(Action::Dash, 1, Trigger::Button(MouseButton::Middle));
    assert_eq!(Bindings::read(&bindings.written()), Ok(bindings));
    assert_eq!(Bindings::read(&BTreeMap::new()), Ok(Bindings::default()));
}

#[test]
fn every_name_means_one_trigger() {
    for (index, (name, trigger)) in NAMES.iter().enumerate() {
        assert_eq!(Trigger::of_name(&name.to_lowercase()), Some(*trigger));
        assert_eq!(trigger.name(), Some(*name));
        assert!(NAMES[..index].iter().all(|(other, _)| other != name));
    }
    assert_eq!(Trigger::Key(KeyCode::Escape).name(), None, "escape always leads back");
}

/// Walking up with `Space` swaps: otherwise nothing would shoot.
#[test]
fn a_trigger_has_one_action_and_swaps() {
    let mut bindings = Bindings::default();
    let space = Trigger::Key(KeyCode::Space);
    assert_eq!(bindings.bind(Action::Up, 0, space), Some(Action::Shoot));
    assert_eq!(bindings.action(space), Some(Action::Up));
    assert_eq!(bindings.action(Trigger::Key(KeyCode::KeyW)), Some(Action::Shoot));
    assert_eq!(bindings.bind(Action::Up, 0, space), None, "it is there already");
    assert_eq!(bindings.of(Action::Up), [Some(space), Some(Trigger::Key(KeyCode::ArrowUp))]);
    assert_eq!(bindings.bind(Action::Up, 1, space), None, "its own two places swap");
    assert_eq!(bindings.of(Action::Up), [Some(Trigger::Key(KeyCode::ArrowUp)), Some(space)]);
}

#[test]
fn actions_that_are_not_named_keep_their_keys() {
    let bindings = Bindings::read(&written(&[("shoot", &["W"])])).unwrap();
    assert_eq!(bindings.action(Trigger::Key(KeyCode::KeyW)), Some(Action::Shoot));
    assert_eq!(bindings.of(Action::Up), [None, Some(Trigger::Key(KeyCode::ArrowUp))]);
    assert_eq!(bindings.of(Action::Left), Bindings::default().of(Action::Left));
}

#[test]
fn bad_bindings_are_told_in_words() {
    let problems = Bindings::read(&written(&[
        ("dash", &["Left shift", "Right shift", "Q"]),
        ("jump", &["J"]),
        ("shoot", &["Hyper"]),
        ("up", &["left SHIFT"]),
    ]))
    .unwrap_err();
    for expected in [
        "`dash` has 3 keys, at most 2",
        "`jump` is nothing that can be done; that is `up`, `down`",
        "`Hyper` is no key that can be bound\nhint:",
        "`left SHIFT` is given to two actions, one is `up`",
    ] {
        assert!(problems.contains(expected), "{problems}");
    }
}
