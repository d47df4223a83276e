//! Tests of the command line; the generators have their own.

use super::*;

fn parsed(args: &[&str]) -> Result<(bool, Option<String>), String> {
    let flags = parse(args.iter().map(ToString::to_string)).map_err(|error| error.to_string())?;
    Ok((flags.check, flags.only))
}

#[test]
fn flags_are_read_and_unknown_ones_refused() {
    assert_eq!(parsed(&[]), Ok((false, None)));
    assert_eq!(parsed(&["--check", "--only", "proto"]), Ok((true, Some("proto".into()))));
    for wrong in [&["--only"][..], &["--only", "rust"], &["--chek"]] {
        assert!(parsed(wrong).is_err_and(|text| text.contains("hint: usage: codegen")), "{wrong:?}");
    }
}

#[test]
fn the_root_holds_the_workspace_manifest() {
    assert!(root().unwrap().join("Cargo.lock").is_file());
}
