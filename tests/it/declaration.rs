//! `gse apply` and `gse export` against a running service.

use std::fs;

use serde_json::json;
use tests::package;
use tests::stack::Stack;

const FILE: &str = r#"
[[asset]]
name = "arena"
version = "1"
dir = "arena"

[[fleet]]
name = "arena"
asset = "arena:1"
process = [{ launch_path = "/local/game/server", concurrent_executions = 2 }]
scaling = { max = 2, desired = 2 }

[[alias]]
name = "live"
fleet = "arena"

[[queue]]
name = "near"
destinations = ["alias:live", "fleet:arena"]
latency = [{ most_ms = 100, seconds = 30 }]
"#;

/// Runs it to its end, which must be good; what it said.
fn gse(stack: &Stack, arguments: &[&str]) -> String {
    let output = stack.gse(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_service_is_made_to_match_a_file_and_written_as_one() {
    let stack = Stack::start();
    let _ = package::build(stack.directory(), "arena");
    let path = stack.directory().join("gse.toml");
    let file = path.display().to_string();
    fs::write(&path, FILE).expect("a file");
    assert_eq!(gse(&stack, &["export"]), "# nothing exists yet\n");

    let told = gse(&stack, &["apply", "--dry-run", &file]);
    assert!(told.contains("+ fleet arena\n"), "{told}");
    assert_eq!(gse(&stack, &["export"]), "# nothing exists yet\n", "a dry run makes nothing");

    let _ = gse(&stack, &["apply", &file]);
    assert_eq!(gse(&stack, &["apply", "--dry-run", &file]), "nothing to do\n");
    let aliases = stack.call("ListAliases", &json!({"Name": "live"}));
    let fleet = aliases["Aliases"][0]["RoutingStrategy"]["FleetId"].as_str().expect("it leads to a fleet");
    let counts = stack.call("DescribeFleetCapacity", &json!({"FleetIds": [fleet]}));
    assert_eq!(counts["FleetCapacity"][0]["InstanceCounts"]["Desired"], 2);

    // The round trip.
    let exported = stack.directory().join("exported.toml");
    fs::write(&exported, gse(&stack, &["export"])).expect("a file");
    let exported = exported.display().to_string();
    assert_eq!(gse(&stack, &["apply", "--dry-run", &exported]), "nothing to do\n");

    // Policies and timers.
    let timed = FILE.replace(
        "scaling = { max = 2, desired = 2 }",
        "scaling = { max = 3 }\n\
         policy = [{ name = \"buffer\", target_percent = 30 }, { name = \"rule\", metric = \"IdleInstances\", comparison = \">\", threshold = 1.5, minutes = 5, adjustment_type = \"ChangeInCapacity\", adjustment = -1 }]\n\
         timer = [{ name = \"evening\", begin = \"2126-12-01T20:00:00+02:00\", end = \"2127-01-01T00:00:00Z\", every = \"week\", week_days = [6, 5], max = 3, automatic = true, target_percent = 20 }]",
    );
    fs::write(&path, &timed).expect("a file");
    let told = gse(&stack, &["apply", &file]);
    assert!(told.contains("    policy: ") && told.contains("    timer: "), "{told}");
    assert_eq!(gse(&stack, &["apply", &file]), "nothing to do\n");
    fs::write(&exported, gse(&stack, &["export"])).expect("a file");
    assert_eq!(gse(&stack, &["apply", "--dry-run", &exported]), "nothing to do\n");
    let fewer = timed.replace("{ name = \"buffer\", target_percent = 30 }, ", "").replace("[6, 5]", "[7]");
    fs::write(&path, fewer).expect("a file");
    let _ = gse(&stack, &["apply", &file]);
    let policies = stack.call("DescribeScalingPolicies", &json!({"FleetId": fleet}));
    assert_eq!(policies["TotalCount"], 1, "one that is not listed is deleted");
    let none = timed.split("policy = ").next().unwrap_or_default().to_owned() + "policy = []\ntimer = []\n";
    fs::write(&path, none).expect("a file");
    let _ = gse(&stack, &["apply", &file]);

    // Changes of every kind that can be changed.
    let changed = FILE
        .replace("max = 2, desired = 2", "max = 4, desired = 1, interval_minutes = 5, automatic = false")
        .replace("concurrent_executions = 2", "concurrent_executions = 3")
        .replace("asset = \"arena:1\"", "asset = \"arena:1\"\ndescription = \"the arena\"\nprotection = \"FullProtection\"\ninbound = [{ protocol = \"UDP\", from_port = 2000, to_port = 60000 }]")
        .replace("fleet = \"arena\"", "message = \"closed\"")
        .replace("\"alias:live\", ", "");
    fs::write(&path, changed).expect("a file");
    let told = gse(&stack, &["apply", &file]);
    for member in
        ["description", "inbound", "process", "protection", "scaling.automatic", "scaling.max", "message"]
    {
        assert!(told.contains(&format!("    {member}: ")), "{member}: {told}");
    }
    assert_eq!(gse(&stack, &["apply", &file]), "nothing to do\n");
    let events = stack.call("DescribeFleetPortSettings", &json!({"FleetId": fleet}));
    assert_eq!(events["InboundPermissions"].as_array().map(Vec::len), Some(1));

    // What cannot be is refused as a whole, with its line.
    fs::write(&path, FILE.replace("fleet = \"arena\"", "fleet = \"arenas\"")).expect("a file");
    let output = stack.gse(&["apply", &file]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        told.contains("gse.toml:15: there is no fleet `arenas`\n  hint: did you mean `arena`?"),
        "{told}"
    );
}
