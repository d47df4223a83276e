//! A folder follows the generator: new, changed and abandoned files.

use super::*;

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(name, text)| ((*name).to_string(), (*text).to_string())).collect()
}

#[test]
fn check_reports_and_changes_nothing_then_a_run_repairs() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("generated");
    let first = files(&[("a.rs", "one"), ("gone.rs", "old")]);
    assert_eq!(sync(&folder, &first, true).unwrap().len(), 2);
    assert!(!folder.exists(), "a check writes nothing");
    sync(&folder, &first, false).unwrap();
    assert!(sync(&folder, &first, true).unwrap().is_empty());

    let second = files(&[("a.rs", "two"), ("b.rs", "new")]);
    let expected = vec![folder.join("a.rs"), folder.join("b.rs"), folder.join("gone.rs")];
    assert_eq!(sync(&folder, &second, true).unwrap(), expected);
    assert_eq!(read(&folder).unwrap(), first);
    assert_eq!(sync(&folder, &second, false).unwrap(), expected);
    assert_eq!(read(&folder).unwrap(), second);
}
