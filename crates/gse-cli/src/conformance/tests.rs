use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use clap::Parser;
use gse_core::conformance::{Expectation, Outcome, Verdict};

use super::service::quoted;
use super::*;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    conformance: ConformanceArgs,
}

fn parse(words: &[&str]) -> Result<ConformanceArgs, String> {
    let words = std::iter::once(&"gse-conformance").chain(words);
    Program::try_parse_from(words).map(|program| program.conformance).map_err(|error| error.to_string())
}

fn verdict(expectation: Expectation, outcome: Outcome, is_required: bool, seen: &str) -> Verdict {
    Verdict { expectation, outcome, is_required, seen: seen.into(), fix: expectation.fix() }
}

fn a_report() -> Report {
    Report {
        name: "./server --name \"a<b\"".into(),
        verdicts: vec![
            verdict(Expectation::Ready, Outcome::Ok, true, "ProcessReady came 0.3 s after the start"),
            verdict(Expectation::Health, Outcome::Wrong, true, "OnHealthCheck: `x` & \u{1b}[31m"),
            verdict(Expectation::Accept, Outcome::NotDriven, false, "no player came"),
            verdict(Expectation::EndSession, Outcome::Missing, false, "it was not called"),
        ],
        output: vec!["panic <at> the disco".into()],
        took: Duration::from_millis(2345),
    }
}

#[test]
fn arguments_after_the_dashes_are_the_game_servers() {
    let args =
        parse(&["--expect", "ready,start", "--timeout", "5s", "--", "./server", "--expect", "x"]).unwrap();
    assert_eq!(args.expect, [Expectation::Ready, Expectation::Start]);
    assert_eq!(args.command, ["./server", "--expect", "x"]);
    assert_eq!(args.timeout, Duration::from_secs(5));
    let error = parse(&["--expect", "redy"]).unwrap_err();
    assert!(error.contains("ready, listening"), "{error}");
    for timeout in ["10", "999ms", "86401s", "18446744073709551s"] {
        assert!(parse(&["--timeout", timeout]).is_err(), "{timeout}");
    }
    assert!(parse(&["--attach", "--", "./server"]).is_err(), "either or");
    let args = parse(&["--timeout", "5s", "./server", "--timeout", "x", "--"]).unwrap();
    assert_eq!(args.command, ["./server", "--timeout", "x", "--"], "the dashes may be left out");
    assert!(parse(&["--timout", "5s", "./server"]).unwrap_err().contains("--timeout"), "a slip is no server");
}

#[test]
fn a_program_is_looked_for_as_the_shell_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, mode| {
        let path = folder.path().join(name);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let (program, text) = (file("server", 0o755), file("notes", 0o644));
    let empty = folder.path().join("empty");
    let path = std::env::join_paths([empty.as_path(), folder.path()]).unwrap();
    for there in [program.as_str(), "server"] {
        assert_eq!(program_trouble(there, Some(&path)), None, "{there}");
    }
    assert_eq!(program_trouble("server", None), Some("cannot be found"));
    assert_eq!(program_trouble("notes", Some(&path)), Some("cannot be found"));
    assert_eq!(program_trouble(&text, Some(&path)), Some("is not executable"));
    assert_eq!(program_trouble(&folder.path().display().to_string(), Some(&path)), Some("is a directory"));
    assert_eq!(program_trouble("./no/such", Some(&path)), Some("cannot be found"));
}

#[test]
fn words_reach_the_game_server_unchanged() {
    assert_eq!(quoted("it's $HOME; `ls`"), r"'it'\''s $HOME; `ls`'");
}

#[test]
fn the_result_says_what_was_seen_and_what_to_do() {
    let expected = "\
gse conformance: ./server --name \"a<b\"

  ok          ready        ProcessReady came 0.3 s after the start
  wrong       health       OnHealthCheck: `x` & \u{1b}[31m
                rule       a game server answers OnHealthCheck with healthStatus true (server-sdk.md
                           3.1, P12)
                fix        override OnHealthCheck, answer at once and with `healthStatus: true`; an
                           empty answer means unhealthy
  not driven  accept       no player came
  missing     end-session  it was not called (not asked for)
                rule       a game server calls TerminateGameServerSession when the match is over, or
                           when it is told to end (server-sdk.md 3.2, P11)
                fix        call TerminateGameServerSession with the session's id when nobody plays
                           any more

  the last that it wrote:
    | panic <at> the disco

1 of 2 expectations not met, in 2.3 s
";
    assert_eq!(text::report(&a_report()), expected);
}

#[test]
fn the_list_has_every_expectation() {
    let list = text::list();
    for expectation in Expectation::ALL {
        assert!(list.contains(expectation.as_str()) && list.contains(expectation.sentence()));
    }
}

#[test]
fn junit_is_escaped_and_counts() {
    let xml = junit::xml(&a_report());
    let expected = "<testsuite name=\"gse conformance: ./server --name &quot;a&lt;b&quot;\" tests=\"4\" failures=\"1\" \
                    errors=\"0\" skipped=\"2\" time=\"2.345\">";
    assert!(xml.contains(expected), "{xml}");
    assert!(xml.contains("<failure type=\"wrong\" message=\"OnHealthCheck: `x` &amp; ?[31m\">"), "{xml}");
    assert!(xml.contains("<skipped message=\"not driven: no player came\"/>"), "{xml}");
    assert!(xml.contains("<system-err>panic &lt;at&gt; the disco</system-err>"), "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), 4);
}
