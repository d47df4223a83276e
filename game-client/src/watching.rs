//! What can be watched: the sessions that run where the cloud API may be asked, and what somebody wrote who was told
//! an address and a key.
//!
//! Whoever may describe a session reads its spectator key there, so the list needs no key; it is never shown.

use std::net::SocketAddr;

use bevy::prelude::*;

use crate::{
    errand::Errand,
    lookup::{self, Running},
    navigation::{Field, Item, watch_menu},
    options::{CloudDestination, Config, Destination},
    theme,
};

/// Longest that is written on a line: a key has at most 96 characters (operations.md 2.10, G-1).
const WRITTEN_MAX: usize = 96;
/// Sessions that the list has room for.
const LISTED_MAX: usize = 6;
/// Characters of a session's name that are shown.
const NAME_MAX: usize = 16;

/// What is known of the sessions that run.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) enum Known {
    /// There is nobody to ask.
    #[default]
    Nothing,
    /// They are being asked for.
    Asking,
    /// These.
    Rows(Vec<Running>),
    /// Why nothing is known, in words.
    Failed(String),
}

/// What can be watched.
#[derive(Resource, Default)]
pub(crate) struct Watching {
    /// What runs.
    pub(crate) known: Known,
    /// Why it cannot be watched, in words.
    pub(crate) problem: Option<String>,
    address: String,
    key: String,
    errand: Option<Errand<Vec<Running>>>,
}

impl Watching {
    /// With the key that the command line says.
    pub(crate) fn new(config: &Config) -> Watching {
        Watching { key: config.spectator_key.clone().unwrap_or_default(), ..Watching::default() }
    }

    /// Asks what runs there.
    pub(crate) fn ask(&mut self, clouds: Vec<CloudDestination>) {
        self.problem = None;
        (self.known, self.errand) = match clouds.is_empty() {
            true => (Known::Nothing, None),
            false => {
                let errand = Errand::start("sessions", move || async move { lookup::running(&clouds).await });
                (Known::Asking, Some(errand))
            }
        };
    }

    fn rows(&self) -> &[Running] {
        match &self.known {
            Known::Rows(rows) => rows,
            Known::Nothing | Known::Asking | Known::Failed(_) => &[],
        }
    }

    /// The menu of what is known; what is written on lines is not in it.
    pub(crate) fn menu(&self) -> Vec<Item> {
        let rows: Vec<(String, bool)> =
            self.rows().iter().map(|row| (label(row), row.spectator_key.is_some())).collect();
        watch_menu(&rows)
    }

    /// What is written on a line, as it is shown: others may look at the screen, so of the key there is only its length.
    pub(crate) fn shown(&self, field: Field) -> String {
        match field {
            Field::Address => self.address.clone(),
            Field::Key => "*".repeat(self.key.chars().count()),
        }
    }

    /// Adds what a key wrote.
    pub(crate) fn write(&mut self, field: Field, typed: &str) {
        let line = self.line(field);
        let room = WRITTEN_MAX.saturating_sub(line.chars().count());
        line.extend(typed.chars().filter(|c| !c.is_control() && !c.is_whitespace()).take(room));
        self.problem = None;
    }

    /// Takes the last character back.
    pub(crate) fn erase(&mut self, field: Field) {
        self.line(field).pop();
        self.problem = None;
    }

    fn line(&mut self, field: Field) -> &mut String {
        match field {
            Field::Address => &mut self.address,
            Field::Key => &mut self.key,
        }
    }

    /// Where one of the list is.
    ///
    /// # Errors
    /// Why that cannot be watched, for people.
    pub(crate) fn listed(&self, number: usize) -> Result<Destination, String> {
        let gone = "that session is not in the list any more\nhint: look again";
        let row = self.rows().get(number).ok_or(gone)?;
        let closed =
            "nobody may watch that session: it was made without a spectator key\nhint: choose another";
        let spectator_key = row.spectator_key.clone().ok_or(closed)?;
        Ok(Destination::Watch { address: row.address, spectator_key, session: Some(row.session.clone()) })
    }

    /// Where that is what was written.
    ///
    /// # Errors
    /// What is missing or wrong, for people.
    pub(crate) fn written(&self) -> Result<Destination, String> {
        let address: SocketAddr = self.address.parse().map_err(|_| match self.address.is_empty() {
            true => "there is no address\nhint: write that of the session, as `203.0.113.7:5001`".to_owned(),
            false => {
                format!("`{}` is no address with a port\nhint: write it as `203.0.113.7:5001`", self.address)
            }
        })?;
        if self.key.is_empty() {
            return Err("there is no spectator key\nhint: ask who made the session; it is its game property `spectator_key`".to_owned());
        }
        Ok(Destination::Watch { address, spectator_key: self.key.clone(), session: None })
    }
}

fn label(row: &Running) -> String {
    let (here, seats) = row.players;
    let id = row.session.split('/').find(|part| part.starts_with("gssess-")).unwrap_or(&row.session);
    let name = theme::short_name(&row.name, NAME_MAX);
    let gap = " ".repeat(NAME_MAX - theme::width(&name));
    let note = if row.spectator_key.is_some() { "" } else { "  private" };
    format!("{id:<26} {here:>3} of {seats:<3} {name}{gap}{note}").trim_end().to_owned()
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Watching>().add_systems(PreUpdate, take);
}

fn take(mut watching: ResMut<Watching>) {
    let Some(answer) = watching.bypass_change_detection().errand.as_ref().and_then(Errand::answer) else {
        return;
    };
    watching.known = answer.map_or_else(Known::Failed, |running| Known::Rows(listed(running)));
    watching.errand = None;
}

/// What is listed: first what can be watched.
fn listed(mut running: Vec<Running>) -> Vec<Running> {
    running.sort_by_key(|one| one.spectator_key.is_none());
    running.truncate(LISTED_MAX);
    running
}

#[cfg(test)]
mod tests {
    use super::{Known, LISTED_MAX, Running, WRITTEN_MAX, Watching, listed};
    use crate::{
        navigation::{Choice, Field},
        options::Destination,
    };

    fn running(id: &str, spectator_key: Option<&str>) -> Running {
        Running {
            session: format!("qcs::gse:local:uin/1:gameserversession/fleet-a-b/{id}"),
            name: "cup".to_owned(),
            address: "127.0.0.1:5001".parse().unwrap(),
            players: (3, 4),
            spectator_key: spectator_key.map(str::to_owned),
        }
    }

    #[test]
    fn what_has_a_key_can_be_chosen_and_the_key_is_not_shown() {
        let rows = vec![running("gssess-c-d", Some("0123456789abcdef")), running("gssess-e-f", None)];
        let watching = Watching { known: Known::Rows(rows), ..Watching::default() };
        let menu = watching.menu();
        assert_eq!(menu[0].label, "gssess-c-d                   3 of 4   cup");
        assert_eq!(menu[1].label, "gssess-e-f                   3 of 4   cup               private");
        assert_eq!((menu[0].is_enabled, menu[1].is_enabled), (true, false));
        assert_eq!(menu[0].choice, Choice::WatchListed(0));
        assert!(menu.iter().all(|item| !item.label.contains("0123")));
        let Ok(Destination::Watch { address, spectator_key, session }) = watching.listed(0) else {
            panic!("it can be watched")
        };
        assert_eq!((address.port(), spectator_key.as_str()), (5001, "0123456789abcdef"));
        assert!(session.is_some_and(|session| session.ends_with("gssess-c-d")));
        for number in [1, 2] {
            assert!(watching.listed(number).is_err_and(|problem| problem.contains("\nhint: ")), "{number}");
        }
    }

    #[test]
    fn what_can_be_watched_is_listed_first() {
        let many = (0..LISTED_MAX).map(|number| running(&format!("gssess-{number}"), None));
        let listed = listed(many.chain([running("gssess-open", Some("0123456789abcdef"))]).collect());
        assert_eq!(listed.len(), LISTED_MAX);
        assert!(listed[0].session.ends_with("gssess-open") && listed[1].session.ends_with("gssess-0"));
    }

    #[test]
    fn what_is_written_is_checked_before_anything_is_tried() {
        let mut watching = Watching::default();
        let problem = |watching: &Watching| watching.written().expect_err("something is missing");
        assert!(problem(&watching).starts_with("there is no address\nhint: "));
        watching.write(Field::Address, "127.0.0.1");
        assert!(problem(&watching).starts_with("`127.0.0.1` is no address with a port\nhint: "));
        watching.write(Field::Address, ":50011 \n");
        watching.erase(Field::Address);
        assert!(problem(&watching).starts_with("there is no spectator key\nhint: "));
        watching.write(Field::Key, "secret");
        assert_eq!(watching.shown(Field::Key), "******", "others may look");
        let Ok(Destination::Watch { address, spectator_key, session }) = watching.written() else {
            panic!("nothing is missing")
        };
        assert_eq!(
            (address.to_string().as_str(), spectator_key.as_str(), session),
            ("127.0.0.1:5001", "secret", None)
        );
        watching.write(Field::Key, &"x".repeat(2 * WRITTEN_MAX));
        assert_eq!(watching.shown(Field::Key).len(), WRITTEN_MAX);
    }
}
