//! `gse why placement`: what the search of a placement found, destination by destination.

use clap::Args;
use gse_api::extension::{ExplainPlacementRequest, ExplainPlacementResponse};

use crate::call::Connection;
use crate::doctor::wrapped;
use crate::failure::Failure;

const WIDTH: usize = 100;

#[derive(Debug, Args)]
pub(super) struct PlacementArgs {
    /// The placement; also one that ended long ago.
    #[arg(value_name = "PLACEMENT_ID")]
    placement: String,
    /// Prints the steps as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Asks and prints.
pub(super) async fn run(args: PlacementArgs) -> Result<(), Failure> {
    let request = ExplainPlacementRequest { placement_id: args.placement };
    let client = args.connection.client()?;
    let answer = client.extension(&request).await.map_err(|error| args.connection.explain(error))?;
    if args.json { crate::print_json(&answer, false) } else { crate::print_text(&text(&answer)) }
}

/// The sentences, broken at spaces; what is a list below a sentence stays one.
fn text(answer: &ExplainPlacementResponse) -> String {
    let mut out = String::new();
    for sentence in &answer.sentences {
        let indent = if sentence.starts_with(' ') { "  - " } else { "" };
        let hanging = " ".repeat(indent.len());
        for (number, line) in wrapped(sentence, WIDTH - indent.len()).iter().enumerate() {
            out.push_str(if number == 0 { indent } else { &hanging });
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_and_lists_hang() {
        let long = "  fleet fleet-1 in ap-shanghai: ".to_owned() + &"word ".repeat(30);
        let sentences = vec!["After 0 ms, nothing was found:".into(), long, "It is PENDING.".into()];
        let answer = ExplainPlacementResponse {
            placement_id: "1".into(),
            status: "PENDING".into(),
            start_time: String::new(),
            end_time: None,
            sentences,
            attempts: 1,
            left_out: 0,
            steps: vec![],
        };
        let text = text(&answer);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "After 0 ms, nothing was found:");
        assert!(lines[1].starts_with("  - fleet fleet-1") && lines[2].starts_with("    word"), "{text}");
        assert!(lines.iter().all(|line| line.len() <= WIDTH) && lines.last() == Some(&"It is PENDING."));
    }
}
