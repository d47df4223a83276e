//! Which command lines make sense.

use clap::{CommandFactory as _, Parser as _};

use super::{Options, PortChoice, Settings};
use crate::sockets::Protocol;

fn settings(line: &str) -> Result<Settings, String> {
    let words = std::iter::once("gse-wrap").chain(line.split(' '));
    let options = Options::try_parse_from(words).map_err(|error| error.to_string())?;
    options.check().map_err(|error| error.to_string())
}

#[test]
fn the_definition_of_the_options_is_sound() {
    Options::command().debug_assert();
}

#[test]
fn what_makes_sense_is_taken() {
    let settings = settings("--udp --port auto -- ./server -p {port} --like-ours").unwrap();
    assert_eq!(
        (settings.port, settings.protocol, settings.program.as_str(), settings.arguments.len()),
        (PortChoice::Auto, Some(Protocol::Udp), "./server", 3)
    );
}

#[test]
fn what_cannot_work_is_refused_with_the_way_out() {
    for (line, expected) in [
        ("--port auto -- ./server", "write `{port}` into an argument"),
        ("--start on-session -- ./server", "`--port auto` with `{port}`"),
        ("-- ./server {session.name}", "`--start on-session`"),
        ("--env A={session.name} -- ./server", "`--start on-session`"),
        ("--session-file {session.id} -- ./server", "nothing of the session"),
        ("--env A -- ./server", "is not `NAME=VALUE`"),
        ("--port 0 -- ./server", "from 1 to 65535"),
        ("--udp --tcp -- ./server", "cannot be used with"),
        ("--udp", "required"),
        ("-- ./server {sessions}", "known are port"),
    ] {
        let error = settings(line).unwrap_err();
        assert!(error.contains(expected), "{line}: {error}");
    }
}
