//! `gse fleets`, `instances`, `sessions`, `aliases` and `events`: what there is, as tables for people or as JSON with the
//! names of the cloud API.

pub(crate) mod aliases;
pub(crate) mod events;
pub(crate) mod fleets;
pub(crate) mod instances;
pub(crate) mod sessions;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Args;
use gse_core::Timestamp;
use serde::Serialize;

use crate::call::Connection;
use crate::failure::Failure;
use table::Table;

/// Characters of a text in a table.
const LONGEST: usize = 60;

/// How, and from where.
#[derive(Debug, Args)]
pub(crate) struct Showing {
    /// Prints JSON with the names of the cloud API.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Prints a list; where there is nothing, what to do about it.
fn show<T: Serialize>(
    json: bool,
    all: &[T],
    table: &Table,
    nothing: &str,
    hint: &str,
) -> Result<(), Failure> {
    if json {
        return crate::print_json(&all, false);
    }
    if all.is_empty() {
        eprintln!("{nothing}\nhint: {hint}");
        return Ok(());
    }
    write(&table.text())
}

/// Data for stdout; a reader that hangs up is told by `false`.
fn write_on(text: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::Error::new(error).context("cannot write to stdout").into()),
    }
}

fn write(text: &str) -> Result<(), Failure> {
    write_on(text).map(drop)
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// How long ago a time of an answer was: `42s`, `5m`, `3h`, `2d`.
fn age(time: &str, now: Timestamp) -> String {
    let Some(time) = Timestamp::parse_iso(time) else { return "-".to_owned() };
    let seconds = now.since(time).as_secs();
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7199 => format!("{}m", seconds / 60),
        7200..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Text, or a dash in its place.
fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// Text of people and games, which may be a thousand characters: as much of it as a line of a table has room for.
/// `--json` has the rest.
fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        None => or_dash(text),
    }
}

/// One line of a wire structure.
fn json_line(data: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(data).context("cannot write the answer as JSON")? + "\n")
}
