//! `gse doctor`: asks the service why something is stuck, and tells a person. What is wrong is decided by the service
//! (`gse_core::diagnosis`); this only prints.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::Args;
use gse_api::extension::{DiagnoseRequest, DiagnoseResponse, Finding, LookedAt};

use crate::call::Connection;
use crate::failure::Failure;

#[cfg(test)]
mod tests;

/// Exit code when something is wrong.
const FOUND: u8 = 1;

/// Says what is wrong with fleets, processes and sessions, why, and what to do.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Only this fleet.
    #[arg(long, value_name = "FLEET_ID", group = "subject")]
    fleet: Option<String>,
    /// Only this game server session and its process.
    #[arg(long, value_name = "SESSION_ID", group = "subject")]
    session: Option<String>,
    /// Only this process and its sessions.
    #[arg(long, value_name = "PROCESS_ID", group = "subject")]
    process: Option<String>,
    /// Prints the findings as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Asks and prints; the exit code says whether there is an error among the findings.
pub(crate) async fn run(args: DoctorArgs) -> Result<u8, Failure> {
    let request = DiagnoseRequest {
        fleet_id: args.fleet,
        game_server_session_id: args.session,
        process_id: args.process,
    };
    let client = args.connection.client()?;
    let answer = client.extension(&request).await.map_err(|error| args.connection.explain(error))?;
    if args.json {
        crate::print_json(&answer, false)?;
    } else {
        match io::stdout().write_all(text(&answer).as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                return Err(anyhow::Error::new(error).context("cannot write to stdout").into());
            }
            _ => {}
        }
    }
    Ok(if answer.findings.iter().any(is_error) { FOUND } else { 0 })
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == "error"
}

/// The findings for a person: grouped by what they are about, the worst group first.
fn text(answer: &DiagnoseResponse) -> String {
    let mut out = String::new();
    for group in groups(&answer.findings) {
        let _ = writeln!(out, "{}", heading(group[0]));
        for finding in group {
            write_finding(&mut out, finding);
        }
        out.push('\n');
    }
    let looked = looked_at(&answer.looked_at);
    let errors = answer.findings.iter().filter(|finding| is_error(finding)).count();
    let warnings = answer.findings.len() - errors;
    let _ = if answer.findings.is_empty() {
        writeln!(out, "nothing is wrong\nlooked at {looked}")
    } else {
        writeln!(out, "{}, {}\nlooked at {looked}", many(errors, "error"), many(warnings, "warning"))
    };
    out
}

/// Findings of one subject together, in the order of their worst: the answer is sorted by that.
fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| heading(group[0]) == heading(finding)) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn heading(finding: &Finding) -> String {
    let mut heading = format!("fleet {}", finding.fleet_id);
    if !finding.process_id.is_empty() {
        let _ = write!(heading, ", process {}", finding.process_id);
    }
    if !finding.game_server_session_id.is_empty() {
        // A session id is long, and begins with the fleet; its tail tells it from others.
        let _ = write!(heading, "\n  session {}", finding.game_server_session_id);
    }
    heading
}

const WIDTH: usize = 100;

fn write_finding(out: &mut String, finding: &Finding) {
    let _ = writeln!(out, "  {}: {} ({})", finding.severity, finding.rule, finding.section);
    let mut part = |name: &str, text: &str| {
        let indent = " ".repeat(10);
        for (number, line) in wrapped(text, WIDTH - indent.len()).iter().enumerate() {
            let start = if number == 0 { format!("    {name:<6}") } else { indent.clone() };
            let _ = writeln!(out, "{start}{line}");
        }
    };
    part("seen", &finding.what);
    part("why", &finding.why);
    part("fix", &finding.fix);
    for line in &finding.output {
        let _ = writeln!(out, "        | {line}");
    }
    if finding.more > 0 {
        let _ = writeln!(out, "    and {} more of this kind", finding.more);
    }
}

/// Broken at spaces; a word that is longer than a line stays whole, so that ids can be copied.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn looked_at(seen: &LookedAt) -> String {
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let mut parts = vec![
        many(number(seen.fleets), "fleet"),
        many(number(seen.instances), "instance"),
        format!(
            "{} ({} starting)",
            plural(number(seen.processes + seen.starting_processes), "process", "processes"),
            seen.starting_processes
        ),
        many(number(seen.game_server_sessions), "session"),
        many(number(seen.player_sessions), "player session"),
        many(number(seen.events), "event"),
    ];
    parts.push(format!("with {}", many(number(seen.rules), "rule")));
    parts.join(", ")
}

fn many(count: usize, what: &str) -> String {
    plural(count, what, &format!("{what}s"))
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
