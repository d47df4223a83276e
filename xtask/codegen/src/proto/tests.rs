//! The committed code is the generator's, and the generator repeats itself.

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn two_runs_give_the_same_text() {
    let first = generate(&root()).unwrap();
    assert_eq!(first.keys().collect::<Vec<_>>(), ["opengse.agent.v1.rs", "tencentcloud.gse.grpcsdk.rs"]);
    assert_eq!(first, generate(&root()).unwrap());
}

#[test]
fn the_committed_code_is_up_to_date() {
    assert_eq!(run(&root(), true).unwrap(), Vec::<PathBuf>::new());
}
