//! The result for a person.

use std::fmt::Write as _;

use gse_core::conformance::{Expectation, Moment, Outcome, Trace, Verdict};

use super::Report;
use crate::doctor::wrapped;

const WIDTH: usize = 100;
/// The outcome, then the name.
const INDENT: usize = 2 + 12 + 13;

/// What is expected, with a sentence each.
pub(super) fn list() -> String {
    let usual = Expectation::usual(true);
    let mut out = String::new();
    for expectation in Expectation::ALL {
        let mark = if usual.contains(expectation) { "" } else { " (only when it is asked for)" };
        let _ = writeln!(out, "{:<13}{}{mark}", expectation.as_str(), expectation.sentence());
        let _ = writeln!(out, "{:<13}{}", "", expectation.section());
    }
    out
}

/// The last lines of a game server that ended, and did not end well.
pub(super) fn last_output(trace: &Trace) -> Vec<String> {
    let ended = trace.moments.iter().find_map(|(_, moment)| match moment {
        Moment::Ended { output, .. } => Some(output.clone()),
        _ => None,
    });
    ended.unwrap_or_default()
}

/// Everything, in the order of a life.
pub(super) fn report(report: &Report) -> String {
    let mut out = format!("gse conformance: {}\n\n", report.name);
    for verdict in &report.verdicts {
        write_verdict(&mut out, verdict);
    }
    let failures = report.verdicts.iter().filter(|verdict| verdict.is_failure()).count();
    let required = report.verdicts.iter().filter(|verdict| verdict.is_required).count();
    if failures > 0 && !report.output.is_empty() {
        out.push_str("\n  the last that it wrote:\n");
        for line in &report.output {
            let _ = writeln!(out, "    | {line}");
        }
    }
    let took = format!("in {}.{} s", report.took.as_secs(), report.took.subsec_millis() / 100);
    let _ = match failures {
        0 => writeln!(out, "\nit keeps the contract: {required} of {required} expectations met, {took}"),
        _ => writeln!(out, "\n{failures} of {required} expectations not met, {took}"),
    };
    out
}

fn write_verdict(out: &mut String, verdict: &Verdict) {
    let expectation = verdict.expectation;
    let optional = !verdict.is_required && matches!(verdict.outcome, Outcome::Wrong | Outcome::Missing);
    let note = if optional { " (not asked for)" } else { "" };
    let start = format!("  {:<12}{:<13}", verdict.outcome.as_str(), expectation.as_str());
    write_part(out, &start, &format!("{}{note}", verdict.seen));
    match verdict.outcome {
        // What there was no occasion for is the consequence of something else.
        Outcome::Ok | Outcome::NotDriven => {}
        Outcome::Wrong | Outcome::Missing => {
            let rule = format!("a game server {} ({})", expectation.sentence(), expectation.section());
            write_part(out, &format!("{:14}{:<13}", "", "  rule"), &rule);
            write_part(out, &format!("{:14}{:<13}", "", "  fix"), verdict.fix);
        }
    }
}

fn write_part(out: &mut String, start: &str, text: &str) {
    for (number, line) in wrapped(text, WIDTH - INDENT).iter().enumerate() {
        let indent = " ".repeat(INDENT);
        let _ = writeln!(out, "{}{line}", if number == 0 { start } else { &indent });
    }
}
