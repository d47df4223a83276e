//! `gse why session`: where the time of a session went, from its request to the first tick of its first player.

use std::fmt::Write as _;

use clap::Args;
use gse_api::extension::{DescribeSessionTimelineRequest, DescribeSessionTimelineResponse};

use crate::call::Connection;
use crate::doctor::wrapped;
use crate::failure::Failure;

const WIDTH: usize = 100;

#[derive(Debug, Args)]
pub(super) struct SessionArgs {
    /// The game server session; also one that ended long ago.
    #[arg(value_name = "GAME_SERVER_SESSION_ID")]
    session: String,
    /// Prints the timeline as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Asks and prints.
pub(super) async fn run(args: SessionArgs) -> Result<(), Failure> {
    let request = DescribeSessionTimelineRequest { game_server_session_id: args.session };
    let client = args.connection.client()?;
    let answer = client.extension(&request).await.map_err(|error| args.connection.explain(error))?;
    if args.json { crate::print_json(&answer, false) } else { crate::print_text(&text(&answer)) }
}

/// What it is, a line for each moment with how long it took, what is waited for, and how its process was found.
fn text(answer: &DescribeSessionTimelineResponse) -> String {
    let mut out = String::new();
    let mut paragraph = |text: &str| {
        for line in wrapped(text, WIDTH) {
            out.push_str(&line);
            out.push('\n');
        }
    };
    paragraph(&format!(
        "Session {} of fleet {} is {}.",
        answer.game_server_session_id, answer.fleet_id, answer.status
    ));
    if !answer.trace_id.is_empty() {
        paragraph(&format!("Its trace is {}.", answer.trace_id));
    }
    if !answer.placement_id.is_empty() {
        paragraph(&format!(
            "Placement {} made it; `gse why placement` tells more of that.",
            answer.placement_id
        ));
    }
    if let Some(first) = answer.hops.first() {
        paragraph(&format!("From {} on, times in milliseconds:", first.time));
    }
    let width =
        |text: fn(&gse_api::extension::SessionHop) -> usize| answer.hops.iter().map(text).max().unwrap_or(0);
    let (after, took) =
        (width(|hop| hop.after_ms.to_string().len()), width(|hop| hop.took_ms.to_string().len()));
    let name = width(|hop| hop.name.len());
    for hop in &answer.hops {
        let took_ms = format!("+{}", hop.took_ms);
        let lead =
            format!("  {:>after$}  {took_ms:>took$}  {:<name$}  ", hop.after_ms, hop.name, took = took + 1);
        for (number, line) in wrapped(&hop.text, WIDTH.saturating_sub(lead.len()).max(20)).iter().enumerate()
        {
            let lead = if number == 0 { lead.clone() } else { " ".repeat(lead.len()) };
            let _ = writeln!(out, "{lead}{line}");
        }
    }
    for line in wrapped(&answer.stands, WIDTH) {
        let _ = writeln!(out, "{line}");
    }
    out
}

#[cfg(test)]
mod tests {
    use gse_api::extension::SessionHop;

    use super::*;

    #[test]
    fn each_moment_has_a_line_with_its_times_in_columns() {
        let hop = |name: &str, after_ms, took_ms, text: &str| SessionHop {
            name: name.into(),
            after_ms,
            took_ms,
            text: text.into(),
            time: "2026-01-31T00:00:00.5Z".into(),
            ..SessionHop::default()
        };
        let answer = DescribeSessionTimelineResponse {
            game_server_session_id: "gs-1".into(),
            fleet_id: "fleet-1".into(),
            status: "ACTIVE".into(),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
            hops: vec![
                hop("requested", 0, 0, "the placement was asked for"),
                hop("process-chosen", 12, 12, "process process-1 was chosen for it"),
                hop("activated", 1240, 1228, &"word ".repeat(20)),
            ],
            stands: "It is ACTIVE and is played.".into(),
            ..DescribeSessionTimelineResponse::default()
        };
        let expected = "\
Session gs-1 of fleet fleet-1 is ACTIVE.
Its trace is 4bf92f3577b34da6a3ce929d0e0e4736.
From 2026-01-31T00:00:00.5Z on, times in milliseconds:
     0     +0  requested       the placement was asked for
    12    +12  process-chosen  process process-1 was chosen for it
  1240  +1228  activated       word word word word word word word word word word word word word word
                               word word word word word word
It is ACTIVE and is played.
";
        assert_eq!(text(&answer), expected);
    }
}
