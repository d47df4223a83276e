//! Which key or button does what, and how that is written down.
//!
//! Keys are places on the keyboard, not letters: what is `W` on one layout walks up on every other, too.
//! Escape always leads back and cannot be bound.

use std::collections::BTreeMap;

use bevy::input::{keyboard::KeyCode, mouse::MouseButton};

/// What the player can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Action {
    /// Walks up.
    Up,
    /// Walks down.
    Down,
    /// Walks to the left.
    Left,
    /// Walks to the right.
    Right,
    /// Fires a shot.
    Shoot,
    /// Dashes.
    Dash,
    /// Shows what the network does.
    Network,
}

impl Action {
    /// In the order of the settings screen.
    pub(crate) const ALL: [Action; 7] =
        [Action::Up, Action::Down, Action::Left, Action::Right, Action::Shoot, Action::Dash, Action::Network];

    /// The word in the settings file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Action::Up => "up",
            Action::Down => "down",
            Action::Left => "left",
            Action::Right => "right",
            Action::Shoot => "shoot",
            Action::Dash => "dash",
            Action::Network => "network",
        }
    }

    /// What the settings screen says.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Action::Up => "walk up",
            Action::Down => "walk down",
            Action::Left => "walk left",
            Action::Right => "walk right",
            Action::Shoot => "shoot",
            Action::Dash => "dash",
            Action::Network => "network figures",
        }
    }

    fn of_word(word: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.word() == word)
    }
}

/// Something that can be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trigger {
    /// A place on the keyboard.
    Key(KeyCode),
    /// A button of the mouse.
    Button(MouseButton),
}

/// So many triggers an action can have.
pub(crate) const TRIGGERS: usize = 2;

/// Everything that can be bound, by the name that is shown and written.
const NAMES: &[(&str, Trigger)] = {
    use KeyCode::*;
    use Trigger::{Button, Key};
    &[
        ("A", Key(KeyA)),
        ("B", Key(KeyB)),
        ("C", Key(KeyC)),
        ("D", Key(KeyD)),
        ("E", Key(KeyE)),
        ("F", Key(KeyF)),
        ("G", Key(KeyG)),
        ("H", Key(KeyH)),
        ("I", Key(KeyI)),
        ("J", Key(KeyJ)),
        ("K", Key(KeyK)),
        ("L", Key(KeyL)),
        ("M", Key(KeyM)),
        ("N", Key(KeyN)),
        ("O", Key(KeyO)),
        ("P", Key(KeyP)),
        ("Q", Key(KeyQ)),
        ("R", Key(KeyR)),
        ("S", Key(KeyS)),
        ("T", Key(KeyT)),
        ("U", Key(KeyU)),
        ("V", Key(KeyV)),
        ("W", Key(KeyW)),
        ("X", Key(KeyX)),
        ("Y", Key(KeyY)),
        ("Z", Key(KeyZ)),
        ("0", Key(Digit0)),
        ("1", Key(Digit1)),
        ("2", Key(Digit2)),
        ("3", Key(Digit3)),
        ("4", Key(Digit4)),
        ("5", Key(Digit5)),
        ("6", Key(Digit6)),
        ("7", Key(Digit7)),
        ("8", Key(Digit8)),
        ("9", Key(Digit9)),
        ("Arrow up", Key(ArrowUp)),
        ("Arrow down", Key(ArrowDown)),
        ("Arrow left", Key(ArrowLeft)),
        ("Arrow right", Key(ArrowRight)),
        ("Space", Key(Space)),
        ("Enter", Key(Enter)),
        ("Tab", Key(Tab)),
        ("Left shift", Key(ShiftLeft)),
        ("Right shift", Key(ShiftRight)),
        ("Left ctrl", Key(ControlLeft)),
        ("Right ctrl", Key(ControlRight)),
        ("Left alt", Key(AltLeft)),
        ("Right alt", Key(AltRight)),
        ("Backspace", Key(Backspace)),
        ("Comma", Key(Comma)),
        ("Period", Key(Period)),
        ("Slash", Key(Slash)),
        ("Semicolon", Key(Semicolon)),
        ("Quote", Key(Quote)),
        ("Minus", Key(Minus)),
        ("Equal", Key(Equal)),
        ("Page up", Key(PageUp)),
        ("Page down", Key(PageDown)),
        ("Home", Key(Home)),
        ("End", Key(End)),
        ("Insert", Key(Insert)),
        ("Delete", Key(Delete)),
        ("F1", Key(F1)),
        ("F2", Key(F2)),
        ("F3", Key(F3)),
        ("F4", Key(F4)),
        ("F5", Key(F5)),
        ("F6", Key(F6)),
        ("F7", Key(F7)),
        ("F8", Key(F8)),
        ("F9", Key(F9)),
        ("F10", Key(F10)),
        ("F11", Key(F11)),
        ("F12", Key(F12)),
        ("Mouse left", Button(MouseButton::Left)),
        ("Mouse right", Button(MouseButton::Right)),
        ("Mouse middle", Button(MouseButton::Middle)),
        ("Mouse back", Button(MouseButton::Back)),
        ("Mouse forward", Button(MouseButton::Forward)),
    ]
};

impl Trigger {
    /// The name that is shown and written; `None` for what cannot be bound.
    pub(crate) fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(_, trigger)| *trigger == self).map(|(name, _)| *name)
    }

    fn of_name(name: &str) -> Option<Trigger> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, trigger)| *trigger)
    }
}

/// What each action is triggered by; no trigger has two actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bindings {
    of: BTreeMap<Action, [Option<Trigger>; TRIGGERS]>,
}

impl Default for Bindings {
    fn default() -> Bindings {
        use KeyCode::*;
        use Trigger::{Button, Key};
        let pair = |one, other| [Some(one), Some(other)];
        Bindings {
            of: BTreeMap::from([
                (Action::Up, pair(Key(KeyW), Key(ArrowUp))),
                (Action::Down, pair(Key(KeyS), Key(ArrowDown))),
                (Action::Left, pair(Key(KeyA), Key(ArrowLeft))),
                (Action::Right, pair(Key(KeyD), Key(ArrowRight))),
                (Action::Shoot, pair(Key(Space), Button(MouseButton::Left))),
                (Action::Dash, pair(Key(ShiftLeft), Button(MouseButton::Right))),
                (Action::Network, [Some(Key(F3)), None]),
            ]),
        }
    }
}

impl Bindings {
    /// What triggers an action.
    pub(crate) fn of(&self, action: Action) -> [Option<Trigger>; TRIGGERS] {
        self.of.get(&action).copied().unwrap_or_default()
    }

    /// What a trigger does.
    pub(crate) fn action(&self, trigger: Trigger) -> Option<Action> {
        Action::ALL.into_iter().find(|action| self.of(*action).contains(&Some(trigger)))
    }

    /// Whether any of an action's triggers is in a state.
    pub(crate) fn any(&self, action: Action, is: impl Fn(Trigger) -> bool) -> bool {
        self.of(action).into_iter().flatten().any(is)
    }

    /// Binds a trigger to a place of an action. Whoever had it before gets what was there, so that nothing that could
    /// be done before cannot be done after. Returns that other action.
    pub(crate) fn bind(&mut self, action: Action, place: usize, trigger: Trigger) -> Option<Action> {
        let current = self.of(action).get(place).copied()?;
        let former = self.action(trigger);
        if let Some(former) = former {
            for slot in self.of.entry(former).or_default().iter_mut() {
                if *slot == Some(trigger) {
                    *slot = current;
                }
            }
        }
        self.of.entry(action).or_default()[place] = Some(trigger);
        former.filter(|former| *former != action)
    }

    /// As the settings file has it: names by the word of the action.
    pub(crate) fn written(&self) -> BTreeMap<String, Vec<String>> {
        let names = |action| {
            let names = self.of(action).into_iter().flatten().filter_map(Trigger::name);
            names.map(str::to_owned).collect()
        };
        Action::ALL.into_iter().map(|action| (action.word().to_owned(), names(action))).collect()
    }

    /// Actions that are not named keep what they have by default, unless that was given to another.
    ///
    /// # Errors
    /// Every problem, one per line.
    pub(crate) fn read(written: &BTreeMap<String, Vec<String>>) -> Result<Bindings, String> {
        let mut problems = Vec::new();
        let mut taken: Vec<Trigger> = Vec::new();
        let mut bindings = Bindings { of: BTreeMap::new() };
        for (word, names) in written {
            let Some(action) = Action::of_word(word) else {
                let known = Action::ALL.map(|action| format!("`{}`", action.word())).join(", ");
                problems.push(format!("`{word}` is nothing that can be done; that is {known}"));
                continue;
            };
            if names.len() > TRIGGERS {
                problems.push(format!("`{word}` has {} keys, at most {TRIGGERS} are possible", names.len()));
            }
            let mut places = [None; TRIGGERS];
            for (place, name) in places.iter_mut().zip(names) {
                match Trigger::of_name(name) {
                    Some(trigger) if taken.contains(&trigger) => {
                        problems.push(format!("`{name}` is given to two actions, one is `{word}`"));
                    }
                    Some(trigger) => {
                        taken.push(trigger);
                        *place = Some(trigger);
                    }
                    None => problems.push(format!(
                        "`{name}` is no key that can be bound\nhint: keys have names like `W`, `Space`, `Left shift`, `Arrow up`, `F3`, `Mouse left`"
                    )),
                }
            }
            bindings.of.insert(action, places);
        }
        for (action, places) in Bindings::default().of {
            let left = places.map(|trigger| trigger.filter(|trigger| !taken.contains(trigger)));
            bindings.of.entry(action).or_insert(left);
        }
        if problems.is_empty() { Ok(bindings) } else { Err(problems.join("\n")) }
    }
}

#[cfg(test)]
mod tests;
