//! A-20 as a table: what is unpacked, what is refused and in which words.

use super::*;

fn file(name: &str) -> PackageEntry {
    PackageEntry {
        name: name.into(),
        kind: EntryKind::File,
        size: 10,
        compressed_size: 5,
        mode: None,
        link_target: None,
    }
}

fn directory(name: &str) -> PackageEntry {
    PackageEntry { kind: EntryKind::Directory, size: 0, compressed_size: 0, ..file(name) }
}

fn link(name: &str, target: &str) -> PackageEntry {
    PackageEntry { kind: EntryKind::Symlink, link_target: Some(target.into()), ..file(name) }
}

fn check(entries: &[PackageEntry]) -> Result<PackageSummary, PackageProblem> {
    check_package(entries, &PackageLimits::default())
}

#[test]
fn a20_ordinary_packages_pass() {
    let summary = check(&[
        directory("bin/"),
        file("bin/server"),
        directory("bin/"),
        file("install.sh"),
        file("./data//map 1.bin"),
    ])
    .unwrap();
    assert_eq!(summary, PackageSummary { files: 3, bytes: 30, has_install_script: true });
    assert!(!check(&[file("sub/install.sh")]).unwrap().has_install_script);
    assert!(
        check(&[file("Server"), file("server")]).is_ok(),
        "names that differ in case are two files on linux"
    );
    assert!(check(&[file("..data"), file("a..b/c...")]).is_ok());
}

#[test]
fn a20_names_that_leave_the_directory_are_refused() {
    for (name, words) in [
        ("../evil", "leaves the directory"),
        ("a/../../evil", "leaves the directory"),
        ("a/..", "leaves the directory"),
        ("/etc/passwd", "absolute"),
        ("//etc/passwd", "absolute"),
        ("C:/windows/evil", "drive letter"),
        ("c:evil", "drive letter"),
        ("..\\evil", "backslash"),
        ("a\\b", "backslash"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("", "no name"),
        (".", "directory itself"),
    ] {
        let problem = check(&[file("ok"), file(name)]).unwrap_err();
        let text = problem.to_string();
        assert!(text.contains(words), "{name:?}: {text}");
        assert!(!text.contains('\n') && !text.contains('\0'), "{text:?}");
    }
    assert!(check(&[file(&"a/".repeat(600))]).is_err());
    assert!(check(&[file(&"a".repeat(256))]).is_err());
}

#[test]
fn a20_links_stay_inside() {
    for (name, target, fine) in [
        ("lib", "bin/lib.so", true),
        ("bin/lib", "../lib.so", true),
        ("a/b/c", "../../x", true),
        ("a/b/c", "../..", true),
        ("bin/lib", "../../evil", false),
        ("lib", "..", false),
        ("lib", "/etc/passwd", false),
        ("a/b/c", "x/../../../..", false),
        ("a/b/c", "d/..", false),
        ("lib", "", false),
        ("lib", "a\\b", false),
        (".", "bin", false),
    ] {
        assert_eq!(check(&[file("ok"), link(name, target)]).is_ok(), fine, "{name} -> {target}");
    }
}

#[test]
fn a20_nothing_is_unpacked_through_a_link_or_file() {
    for entries in [
        [link("out", "bin"), file("out/evil")],
        [file("out/evil"), link("out", "bin")],
        [file("out"), file("out/evil")],
        [file("out"), file("out/a/b/evil")],
    ] {
        let problem = check(&entries).unwrap_err();
        assert!(matches!(problem, PackageProblem::NotADirectory { .. }), "{problem:?}");
    }
    // Names that a sort by text would put between a path and what lies below it.
    let problem =
        check(&[file("out"), file("out!"), file("out."), file("out/evil"), file("outer")]).unwrap_err();
    let wanted = PackageProblem::NotADirectory { name: "out/evil".into(), parent: "out".into() };
    assert_eq!(problem, wanted);
    assert!(
        check(&[file("out!"), file("out-1/x"), directory("out"), file("out/fine"), file("outer")]).is_ok()
    );
}

/// A zip of 10 MB can hold this. Looking up each parent of each path took 65 seconds here, unoptimised.
#[test]
fn a20_thousands_of_deep_paths_are_judged_at_once() {
    let deep = "a/".repeat(508);
    let entries: Vec<_> = (0..4000).map(|number| file(&format!("{deep}{number}"))).collect();
    assert_eq!(check(&entries).unwrap().files, 4000);
}

#[test]
fn a20_one_path_once() {
    for entries in [
        [file("a"), file("a")],
        [file("a"), file("./a")],
        [file("a"), directory("a/")],
        [link("a", "b"), file("a")],
    ] {
        let problem = check(&entries).unwrap_err();
        assert!(matches!(problem, PackageProblem::Duplicate { .. }), "{problem:?}");
    }
}

#[test]
fn a20_special_files_and_empty_packages_are_refused() {
    let device = PackageEntry { kind: EntryKind::Special, ..file("dev") };
    assert!(matches!(check(&[device]), Err(PackageProblem::Special { .. })));
    assert_eq!(check(&[]), Err(PackageProblem::Empty));
    assert_eq!(check(&[directory("a/")]), Err(PackageProblem::Empty));
}

#[test]
fn a20_bombs_are_refused() {
    let limits = PackageLimits { entries: 2, bytes: 10_000, ratio: 10, ratio_free_bytes: 100 };
    let sized = |size, compressed_size| vec![PackageEntry { size, compressed_size, ..file("a") }];
    assert!(check_package(&sized(100, 1), &limits).is_ok(), "small ones are not judged by ratio");
    assert!(check_package(&sized(1_000, 100), &limits).is_ok());
    assert!(matches!(check_package(&sized(1_000, 99), &limits), Err(PackageProblem::Ratio { .. })));
    assert!(matches!(check_package(&sized(10_001, 10_001), &limits), Err(PackageProblem::TooLarge { .. })));
    let two = [sized(u64::MAX, 1), sized(u64::MAX, 1)].concat();
    let two: Vec<_> =
        two.into_iter().zip(["a", "b"]).map(|(e, n)| PackageEntry { name: n.into(), ..e }).collect();
    assert!(matches!(check_package(&two, &limits), Err(PackageProblem::TooLarge { .. })));
    let three = [file("a"), file("b"), file("c")];
    assert!(matches!(check_package(&three, &limits), Err(PackageProblem::TooManyEntries { .. })));
}
