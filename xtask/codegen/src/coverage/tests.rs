//! Nothing is uncovered without a reason, and no reason is out of date.

use super::*;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The test of the whole workspace: an action, an error code or a scenario that is neither covered nor listed, and a
/// line of the list that is not true any more.
#[test]
fn what_is_not_covered_is_listed_with_a_reason_and_nothing_else_is() {
    let problems = gather(&root()).unwrap().problems();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_list_is_compared_in_both_directions() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let mut problems = Vec::new();
    let all = set(&["covered", "listed", "neither", "both"]);
    let (covered, listed) = (set(&["covered", "both"]), set(&["listed", "both", "unknown"]));
    compare("thing", &all, &covered, &listed, |name| name.clone(), &mut problems);
    let parts: Vec<&str> = problems.iter().map(|problem| problem.split(';').next().unwrap()).collect();
    assert_eq!(
        parts,
        [
            "thing both is covered",
            "thing neither is not covered",
            "thing unknown is listed in `docs/not-covered.list` and does not exist",
        ]
    );
}

#[test]
fn a_line_of_the_list_needs_a_reason_and_a_known_section() {
    let list = "[scenarios]\nS46 S47 | issue 7\n[codes]\nInternalError | * | only a fault of ours\n";
    let list = exceptions::parse(list).unwrap();
    assert_eq!(list.scenarios.keys().collect::<Vec<_>>(), ["S46", "S47"]);
    let all = BTreeSet::from([("A".to_owned(), "InternalError".to_owned())]);
    assert_eq!(list.pairs(&all, &mut Vec::new()), all);
    for wrong in ["[scenarios]\nS46\n", "[other]\nS46 | x\n", "[codes]\nX | why\n", "[actions]\nA A | x\n"] {
        assert!(exceptions::parse(wrong).is_err(), "{wrong}");
    }
}

/// The page is made of what is there: an action of the table and of a row.
#[test]
fn rows_of_every_action_count_for_each() {
    let coverage = gather(&root()).unwrap();
    let throttled = |action: &str| (action.to_owned(), "RequestLimitExceeded".to_owned());
    assert!(coverage.api.actions.keys().all(|action| coverage.provoked.contains(&throttled(action))));
    assert!(coverage.common_provoked.contains("UnsupportedProtocol"));
    let mut pairs = BTreeSet::new();
    assert!(errors::row("MakeCoffee", "InternalError", &BTreeSet::from(["ListFleets"]), &mut pairs).is_err());
}
