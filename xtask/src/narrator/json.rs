//! One JSON line per step and one for the whole run. Standard output carries nothing else; a failure is told on
//! standard error too.

use super::{Narrator, Step, failure_lines, say};
use crate::flow::record::{Call, Report, StepRecord};

/// Tells a run to a program.
pub(crate) struct Json;

impl Narrator for Json {
    fn opening(&mut self, _headline: &str, _steps: &'static [Step]) {}
    fn step(&mut self, _step: usize) {}
    fn part(&mut self, _title: &str) {}
    fn command(&mut self, _command: &str) {}
    fn answer(&mut self, _text: &str) {}
    fn waiting(&mut self, _what: &str) {}
    fn ended(&mut self, _call: &Call) {}

    fn done(&mut self, record: &StepRecord) {
        print(record);
    }

    fn closing(&mut self, report: &Report, last: Option<&StepRecord>) {
        if let Some(last) = last {
            print(last);
        }
        print(report);
        for line in report.failure.iter().flat_map(failure_lines) {
            eprintln!("{line}");
        }
    }

    fn epilogue(&mut self, lines: &[String]) {
        for line in lines {
            eprintln!("{line}");
        }
    }
}

fn print(value: &impl serde::Serialize) {
    say(&serde_json::to_string(value).expect("records hold only text keys"));
}
