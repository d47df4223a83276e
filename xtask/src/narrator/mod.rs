//! How a run is told: a live timeline on a terminal, plain lines elsewhere, JSON lines for programs.

mod json;
mod live;
mod plain;
mod summary;
mod text;

use std::io::Write as _;

use crate::flow::record::{Call, Failure, Report, StepRecord};
use crate::interrupt;

pub(crate) use json::Json;
pub(crate) use live::Live;
pub(crate) use plain::Plain;
pub(crate) use summary::summary;
pub(crate) use text::{duration, shell_json};

/// A step as it is announced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Its name.
    pub title: &'static str,
    /// What it shows, in half a line.
    pub about: &'static str,
    /// How many commands it runs; a wait counts once.
    pub commands: u64,
}

/// Tells a run while it happens.
pub(crate) trait Narrator {
    /// The run begins.
    fn opening(&mut self, headline: &str, steps: &'static [Step]);
    /// A step begins; `step` counts from 1.
    fn step(&mut self, step: usize);
    /// A part of the step begins.
    fn part(&mut self, title: &str);
    /// A command is about to run.
    fn command(&mut self, command: &str);
    /// Something that the last command brought.
    fn answer(&mut self, text: &str);
    /// What is being waited for just now.
    fn waiting(&mut self, what: &str);
    /// A command has ended.
    fn ended(&mut self, call: &Call);
    /// A step has ended well.
    fn done(&mut self, record: &StepRecord);
    /// The run has ended.
    fn closing(&mut self, report: &Report, last: Option<&StepRecord>);
    /// Something to know after the end, such as how to reach a service that was kept.
    fn epilogue(&mut self, lines: &[String]);
}

/// Says one line on standard output. When nobody reads it any more, such as after `| head`, the run ends in order, as
/// after a Ctrl-C: a panic here would leave what runs without an owner.
fn say(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        interrupt::request();
    }
}

/// The narrator for this standard output.
pub(crate) fn choose(json: bool) -> Box<dyn Narrator> {
    let terminal = console::Term::stdout();
    let dumb =
        std::env::var_os("CI").is_some() || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if json {
        Box::new(Json)
    } else if terminal.is_term() && !dumb {
        Box::new(Live::new())
    } else {
        Box::new(Plain::new())
    }
}

/// The narrator of a command that keeps standard output for something else: plain lines on standard error.
pub(crate) fn aside() -> Box<dyn Narrator> {
    Box::new(Plain::printing(|line| eprintln!("{line}")))
}

/// A failure as lines of text.
fn failure_lines(failure: &Failure) -> Vec<String> {
    let mut lines = vec![format!("Failed in step {}, {}", failure.step, failure.title)];
    lines.extend(failure.message.lines().map(|line| format!("  {line}")));
    for (name, value) in
        [("action", &failure.action), ("error code", &failure.code), ("request id", &failure.request_id)]
    {
        if let Some(value) = value {
            lines.push(format!("  {name:<11} {value}"));
        }
    }
    for look in &failure.look {
        lines.push(String::new());
        lines.push(format!("  {}", look.what));
        lines.extend(look.lines.iter().map(|line| format!("    {line}")));
    }
    lines
}
