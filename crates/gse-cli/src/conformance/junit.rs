//! The result as JUnit XML, which every CI reads: one test case per expectation.

use std::fmt::Write as _;

use gse_core::conformance::{Outcome, Verdict};

use super::Report;

/// The whole file.
pub(super) fn xml(report: &Report) -> String {
    let failures = report.verdicts.iter().filter(|verdict| verdict.is_failure()).count();
    let skipped = report.verdicts.iter().filter(|verdict| is_skipped(verdict)).count();
    let time = format!("{}.{:03}", report.took.as_secs(), report.took.subsec_millis());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites>\n  <testsuite name=\"gse conformance: {}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" \
         skipped=\"{skipped}\" time=\"{time}\">",
        escaped(&report.name),
        report.verdicts.len(),
    );
    for verdict in &report.verdicts {
        write_case(&mut out, verdict);
    }
    if !report.output.is_empty() {
        let _ = writeln!(out, "    <system-err>{}</system-err>", escaped(&report.output.join("\n")));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Not asked for and not done, or without an occasion: neither right nor wrong.
fn is_skipped(verdict: &Verdict) -> bool {
    !verdict.is_failure() && verdict.outcome != Outcome::Ok
}

fn write_case(out: &mut String, verdict: &Verdict) {
    let expectation = verdict.expectation;
    let (outcome, seen) = (verdict.outcome.as_str(), escaped(&verdict.seen));
    let _ = write!(out, "    <testcase classname=\"gse.conformance\" name=\"{}\"", expectation.as_str());
    if verdict.is_failure() {
        let details = format!(
            "a game server {} ({})\nfix: {}",
            expectation.sentence(),
            expectation.section(),
            verdict.fix
        );
        let _ = writeln!(
            out,
            ">\n      <failure type=\"{outcome}\" message=\"{seen}\">{}</failure>\n    </testcase>",
            escaped(&details)
        );
    } else if is_skipped(verdict) {
        let _ = writeln!(out, ">\n      <skipped message=\"{outcome}: {seen}\"/>\n    </testcase>");
    } else {
        out.push_str("/>\n");
    }
}

/// Text for an attribute or an element. What XML 1.0 cannot hold at all becomes a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}
