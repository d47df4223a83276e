//! What must change, on documents and wire structures without a service; the rest is told in `tests/it/declaration.rs`.

use gse_api::types as wire;

use super::existing::{Existing, Parts};
use super::plan::plan;
use super::{read, text};

const FILE: &str = r#"
[[asset]]
name = "arena"
version = "1"

[[fleet]]
name = "arena"
asset = "arena:1"
process = [{ launch_path = "/local/game/server", concurrent_executions = 4 }]
scaling = { max = 3 }

[[alias]]
name = "live"
fleet = "arena"

[[queue]]
name = "q"
destinations = ["alias:live"]
"#;

fn asset(id: &str, digest: &str) -> wire::Asset {
    let tag = wire::Tag { key: "gse-package".into(), value: digest.into() };
    wire::Asset {
        asset_id: id.into(),
        asset_name: "arena".into(),
        asset_version: "1".into(),
        tags: vec![tag],
        ..wire::Asset::default()
    }
}

fn fleet(id: &str) -> wire::FleetAttributes {
    wire::FleetAttributes {
        fleet_id: id.into(),
        fleet_arn: format!("qcs::gse:fleet/{id}"),
        name: "arena".into(),
        asset_id: "asset-1".into(),
        instance_type: "S5.LARGE8".into(),
        status: "ACTIVE".into(),
        ..wire::FleetAttributes::default()
    }
}

fn parts(max: u64) -> Parts {
    let entry = wire::ServerProcesse {
        launch_path: "/local/game/server".into(),
        parameters: String::new(),
        concurrent_executions: 4,
    };
    let counts = wire::InstanceCounts { maxi_num: max, desired: 1, ..wire::InstanceCounts::default() };
    Parts {
        runtime: wire::RuntimeConfiguration { server_processes: vec![entry], ..Default::default() },
        inbound: vec![],
        capacity: Some(wire::FleetCapacity { instance_counts: Some(counts), ..Default::default() }),
        policies: vec![],
        timers: vec![],
    }
}

/// What exists when `FILE` was applied.
fn applied() -> Existing {
    let mut existing = Existing::default();
    existing.add_assets(vec![asset("asset-1", "abc")]);
    existing.add_fleet(fleet("fleet-1"), parts(3), true);
    let routing = wire::RoutingStrategy {
        r#type: "SIMPLE".into(),
        fleet_id: "fleet-1".into(),
        ..wire::RoutingStrategy::default()
    };
    existing.add_aliases(vec![wire::Alias {
        alias_id: "alias-1".into(),
        alias_arn: "qcs::gse:alias/alias-1".into(),
        name: "live".into(),
        routing_strategy: routing,
        ..wire::Alias::default()
    }]);
    let destination = wire::GameServerSessionQueueDestination {
        destination_arn: "qcs::gse:alias/alias-1".into(),
        ..Default::default()
    };
    existing.add_queues(vec![wire::GameServerSessionQueue {
        name: "q".into(),
        destinations: vec![destination],
        ..Default::default()
    }]);
    existing
}

/// The changes as they are printed, or the problems with their lines.
fn planned(file: &str, existing: &Existing) -> String {
    let document = match read::document(file, "gse.toml") {
        Ok(document) => document,
        Err(failure) => return failure.to_string(),
    };
    match plan(&document, existing, &[]) {
        Ok(changes) => text::changes(&changes),
        Err(problems) => {
            let told = problems.iter().map(|problem| {
                format!("{}: {}; {}\n", read::line(file, &problem.place), problem.text, problem.hint)
            });
            told.collect()
        }
    }
}

#[test]
fn what_is_as_the_file_says_is_left_alone() {
    assert_eq!(planned(FILE, &applied()), "nothing to do\n");
    // Ids mean the same as names.
    let by_id =
        FILE.replace("\"arena:1\"", "\"asset-1\"").replace("fleet = \"arena\"", "fleet = \"fleet-1\"");
    assert_eq!(planned(&by_id, &applied()), "nothing to do\n");
}

#[test]
fn an_export_says_that_nothing_is_to_be_done() {
    let existing = applied();
    let file = text::file(&existing.document).expect("it can be written");
    assert_eq!(planned(&file, &existing), "nothing to do\n", "{file}");
    let mut several = Existing::default();
    several.add_assets(vec![asset("asset-1", "abc"), asset("asset-2", "abd")]);
    several.add_fleet(fleet("fleet-1"), parts(3), false);
    several.add_fleet(fleet("fleet-2"), parts(2), false);
    let file = text::file(&several.document).expect("it can be written");
    assert_eq!(planned(&file, &several), "nothing to do\n", "{file}");
    assert!(file.contains("id = \"fleet-2\"") && file.contains("asset = \"asset-1\""), "{file}");
}

#[test]
fn differences_are_shown_member_by_member() {
    let file = FILE.replace("max = 3", "max = 5").replace("_executions = 4", "_executions = 6");
    let file = file.replace("[\"alias:live\"]", "[\"alias:live\", \"fleet:arena\"]");
    insta::assert_snapshot!(planned(&file, &applied()), @r#"
    ~ fleet arena
        process: [{"concurrent_executions":4,"launch_path":"/local/game/server","parameters":""}] -> [{"concurrent_executions":6,"launch_path":"/local/game/server","parameters":""}]
        scaling.max: 3 -> 5
    ~ queue q
        destinations: ["alias:live"] -> ["alias:live","fleet:arena"]
    "#);
    let file = FILE.replace("fleet = \"arena\"", "message = \"closed\"");
    insta::assert_snapshot!(planned(&file, &applied()), @r"
    ~ alias live
        message: closed
    ");
}

#[test]
fn nothing_exists_yet() {
    let file = FILE.replace("version = \"1\"", "version = \"1\"\ndir = \"build\"");
    let told = planned(&file, &Existing::default());
    let made: Vec<&str> = told.lines().filter(|line| line.starts_with('+')).collect();
    assert_eq!(made, ["+ asset arena:1", "+ fleet arena", "+ alias live", "+ queue q"]);
}

#[test]
fn problems_are_told_with_their_lines_all_at_once() {
    let file = FILE.replace("\"arena:1\"", "\"arene:1\"").replace("alias:live", "alias:life");
    insta::assert_snapshot!(planned(&file, &applied()), @r"
    8: there is no asset `arene:1`; did you mean `arena:1`?
    18: there is no alias `life`; did you mean `live`?
    ");
    let file = FILE.replace("scaling = { max = 3 }", "instance_type = \"S5.SMALL2\"");
    insta::assert_snapshot!(planned(&file, &applied()), @r#"7: `instance_type` of fleet `arena` cannot be changed from "S5.LARGE8" to "S5.SMALL2"; make a fleet of another name, or use `gse deploy`"#);
    let file = FILE.replace("version = \"1\"", "version = \"1\"\ndigest = \"other\"");
    insta::assert_snapshot!(planned(&file, &applied()), @"3: asset `arena:1` exists with another content; what is uploaded never changes: give it another version");
    insta::assert_snapshot!(planned(FILE, &Existing::default()), @"3: asset `arena:1` does not exist; say with `dir` where its build is");
    let twice = format!("{FILE}[[queue]]\nname = \"q\"\n");
    insta::assert_snapshot!(planned(&twice, &applied()), @"20: queue `q` is in the file twice; leave one of them");
}

#[test]
fn a_mistyped_member_is_told_with_the_one_that_was_meant() {
    let file = FILE.replace("launch_path", "lanch_path");
    insta::assert_snapshot!(planned(&file, &applied()), @r"
    error: gse.toml:9: unknown field `lanch_path`, expected one of `launch_path`, `parameters`, `concurrent_executions`
    hint: did you mean `launch_path`?
    ");
    let file = FILE.replace("[[queue]]", "[[queues]]");
    let told = planned(&file, &applied());
    assert!(told.contains("gse.toml:16: ") && told.ends_with("did you mean `queue`?"), "{told}");
}

#[test]
fn policies_are_a_list_of_their_own() {
    let policy = wire::ScalingPolicy {
        name: "buffer".into(),
        policy_type: "TargetBased".into(),
        metric_name: "PercentAvailableGameSessions".into(),
        target_configuration: Some(wire::TargetConfiguration { target_value: 30 }),
        ..wire::ScalingPolicy::default()
    };
    let mut existing = Existing::default();
    existing.add_assets(vec![asset("asset-1", "abc")]);
    existing.add_fleet(fleet("fleet-1"), Parts { policies: vec![policy], ..parts(3) }, true);
    let file = text::file(&existing.document).expect("it can be written");
    assert_eq!(planned(&file, &existing), "nothing to do\n", "{file}");
    assert!(!file.contains("desired"), "the policy decides it: {file}");
    let told = planned(&file.replace("target_percent = 30", "target_percent = 40"), &existing);
    assert!(told.starts_with("~ fleet arena\n    policy: "), "{told}");
}

#[test]
fn timers_are_compared_by_what_they_mean() {
    let timer = wire::TimerScalingPolicy {
        timer_id: "timer-1".into(),
        timer_name: "evening".into(),
        timer_status: 1,
        timer_configuration: Some(wire::TimerConfiguration {
            begin_time: "2026-12-01T18:00:00Z".into(),
            timer_type: 4,
            timer_value: Some(wire::TimerValue { week_days: vec![5, 6], ..Default::default() }),
            ..Default::default()
        }),
        timer_fleet_capacity: Some(wire::TimerFleetCapacity {
            min_size: Some(1),
            scaling_interval: 10,
            scaling_type: 2,
            target_configuration: Some(wire::TargetConfiguration { target_value: 20 }),
            ..Default::default()
        }),
    };
    let mut existing = Existing::default();
    existing.add_assets(vec![asset("asset-1", "abc")]);
    existing.add_fleet(fleet("fleet-1"), Parts { timers: vec![timer], ..parts(3) }, true);
    let file = text::file(&existing.document).expect("it can be written");
    assert_eq!(planned(&file, &existing), "nothing to do\n", "{file}");
    let same = FILE.split("[[alias]]").next().unwrap_or_default().replace(
        "scaling =",
        "timer = [{ name = \"evening\", begin = \"2026-12-01T20:00:00+02:00\", every = \"week\", week_days = [6, 5], \
         min = 1, automatic = true, target_percent = 20 }]\nscaling =",
    );
    assert_eq!(planned(&same, &existing), "nothing to do\n");
    let told = planned(&same.replace("[6, 5]", "[7]"), &existing);
    assert!(told.starts_with("~ fleet arena\n    timer: "), "{told}");
}
