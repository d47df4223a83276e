//! What queries find, beside what JMESPath finds.

use serde_json::{Value, json};

use super::parse;

fn find(query: &str, value: &Value) -> Value {
    parse(query).unwrap_or_else(|error| panic!("{query}: {error}")).find(value)
}

#[test]
fn paths_find_what_jmespath_finds() {
    let fleets = json!({
        "TotalCount": 3,
        "a b": {"é": true},
        "Fleets": [
            {"FleetId": "f1", "Status": "ACTIVE", "Counts": {"Active": 2}, "Tags": [{"Key": "x"}, {"Key": "y"}]},
            {"FleetId": "f2", "Status": "ERROR", "Counts": {"Active": 0}, "Tags": []},
            {"FleetId": "f3", "Status": "ACTIVE", "Counts": null, "Tags": [{"Key": "z"}]},
        ],
    });
    let cases = [
        ("@", fleets.clone()),
        ("TotalCount", json!(3)),
        ("Nothing.at.all[0]", Value::Null),
        (r#""a b"."é""#, json!(true)),
        ("Fleets[0].FleetId", json!("f1")),
        ("Fleets[-1].FleetId", json!("f3")),
        ("Fleets[9]", Value::Null),
        ("Fleets[-9]", Value::Null),
        ("TotalCount[0]", Value::Null),
        ("Fleets[*].FleetId", json!(["f1", "f2", "f3"])),
        // Nulls are dropped from lists.
        ("Fleets[*].Counts.Active", json!([2, 0])),
        ("Fleets[*].Tags[*].Key", json!([["x", "y"], [], ["z"]])),
        ("Fleets[].Tags[].Key", json!(["x", "y", "z"])),
        ("Fleets[*].Tags[0].Key", json!(["x", "z"])),
        ("Fleets[?Status == 'ACTIVE'].FleetId", json!(["f1", "f3"])),
        ("Fleets[?Status!='ACTIVE'].FleetId | [0]", json!("f2")),
        ("Fleets[?Counts.Active > `0`].FleetId", json!(["f1"])),
        ("Fleets[?Counts.Active <= `0`].FleetId", json!(["f2"])),
        ("Fleets[?FleetId == Nothing].FleetId", json!([])),
        ("Fleets[? Counts == `null` ].FleetId", json!(["f3"])),
        ("Fleets[*].{id: FleetId, tags: Tags[*].Key}[0].id", json!([])),
        ("Fleets[1].{id: FleetId, n: Counts.Active}", json!({"id": "f2", "n": 0})),
        ("Fleets[*].[FleetId, Status] | [1]", json!(["f2", "ERROR"])),
        ("[TotalCount, Fleets[0].FleetId]", json!([3, "f1"])),
        ("{all: TotalCount}", json!({"all": 3})),
    ];
    for (query, expected) in cases {
        assert_eq!(find(query, &fleets), expected, "{query}");
    }
    assert_eq!(find("[1]", &json!([1, 2])), json!(2));
    assert_eq!(find("[]", &json!([[1], 2, [[3]]])), json!([1, 2, [3]]));
    assert_eq!(find(r"[?@ == 'it\'s']", &json!(["it's", "no"])), json!(["it's"]));
}

#[test]
fn malformed_queries_say_where() {
    let cases = [
        ("", 1, "a name"),
        ("a.", 3, "a name"),
        ("a b", 3, "`.`, `[`, `|` or the end"),
        ("a[", 3, "a position, `*`, `?` or `]`"),
        ("a[1", 4, "`]`"),
        ("a[--1]", 3, "a position"),
        ("a[?b]", 5, "a comparison"),
        ("a[?b == 'c]", 12, "`'`"),
        ("a[?b == `c`]", 10, "JSON"),
        ("{a b}", 4, "`:`"),
        ("{a: b", 6, "`,` or `}`"),
        ("length(a)", 7, "`.`, `[`, `|` or the end"),
    ];
    for (query, at, expected) in cases {
        let error = parse(query).expect_err(query);
        assert_eq!((error.at, error.expected), (at, expected), "{query}");
    }
    let deep = format!("{}a{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(parse(&deep).expect_err("too deep").expected, "a query that is less deep");
}
