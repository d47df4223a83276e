//! Builds, and what is said of them.

use super::*;

fn file(path: &str, content: Content) -> BuildFile {
    BuildFile { path: path.into(), bytes: 10, is_executable: true, content }
}

fn elf(needed: &[&str], search: &[&str]) -> Content {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Content::Elf(Elf {
        machine: Machine::X86_64,
        interpreter: Some("/lib64/ld-linux-x86-64.so.2".into()),
        needed: words(needed),
        search: words(search),
    })
}

fn library(needed: &[&str], search: &[&str]) -> Content {
    match elf(needed, search) {
        Content::Elf(elf) => Content::Elf(Elf { interpreter: None, ..elf }),
        other => other,
    }
}

fn build(launch: &[&str], files: Vec<BuildFile>) -> Build {
    Build {
        files,
        gse_yaml: None,
        launch: launch.iter().map(|path| (*path).to_owned()).collect(),
        machine: Machine::X86_64,
        system_libraries: ["libssl.so.3".to_owned()].into(),
        interpreters: ["/lib64/ld-linux-x86-64.so.2", "/bin/sh"].map(str::to_owned).into(),
    }
}

/// The findings as lines, without hints.
fn told(build: &Build) -> Vec<String> {
    lint(build)
        .into_iter()
        .map(|finding| format!("{:?} {}: {}", finding.level, finding.rule, finding.text).to_lowercase())
        .collect()
}

#[track_caller]
fn check(build: &Build, expected: &[&str]) {
    assert_eq!(told(build), expected);
}

#[test]
fn a_good_build_has_no_findings() {
    let files = vec![
        file("server", elf(&["libc.so.6", "libgame.so"], &["$ORIGIN/lib"])),
        file("lib/libgame.so", library(&["libdeep.so", "libm.so.6"], &["${ORIGIN}/deep"])),
        file("lib/deep/libdeep.so", library(&[], &[])),
        BuildFile { is_executable: false, ..file("data/map.txt", Content::Other) },
    ];
    for launch in ["/local/game/server", "server", "./server"] {
        check(&build(&[launch], files.clone()), &[]);
    }
    check(&build(&[], files), &[]);
}

#[test]
fn a_folder_too_deep() {
    let files = vec![file("game/server", elf(&[], &[])), file("game/map", Content::Other)];
    let both = [
        "error launch-path: there is no file `server`",
        "error nested-folder: everything lies in the folder `game`, so nothing lands at `/local/game/` itself",
    ];
    check(&build(&["/local/game/server"], files.clone()), &both);
    check(&build(&["game/server"], files.clone()), &[]);
    let warning = both[1].replace("error", "warning");
    check(&build(&[], files), &[&warning]);
}

#[test]
fn launch_paths() {
    let files = || vec![file("Server", elf(&[], &[]))];
    check(&build(&["./server"], files()), &["error launch-path: there is no file `server`"]);
    assert_eq!(lint(&build(&["bin/server"], files()))[0].hint, "did you mean `Server`?");
    let outside = "error launch-path: `/usr/bin/java`: the launch path is outside the package";
    check(&build(&["/usr/bin/java"], files()), &[outside]);
    // A bare name may be in PATH, and an install script may make the file.
    let looked_for = "warning launch-path: `java` is not in the build, so hosts look for it in path";
    check(&build(&["java"], files()), &[looked_for]);
    let mut with_script = files();
    with_script.push(file("install.sh", Content::Other));
    check(
        &build(&["/local/game/java"], with_script),
        &[
            "warning install-script: `install.sh` is not run by itself",
            "warning launch-path: there is no file `java`",
        ],
    );
}

#[test]
fn execute_bits() {
    let plain = |path: &str, content| BuildFile { is_executable: false, ..file(path, content) };
    let files =
        vec![plain("server", elf(&[], &[])), plain("tool", elf(&[], &[])), plain("map", Content::Other)];
    check(
        &build(&["server"], files),
        &[
            "warning execute-bit: `server` is launched and has no execute bit; the service sets it",
            "warning execute-bit: `tool` looks like a program and has no execute bit",
        ],
    );
}

#[test]
fn libraries_that_will_not_be_found() {
    let files = vec![
        file("bin/server", elf(&["libgame.so", "libgone.so", "libssl.so.3"], &["$ORIGIN"])),
        file("lib/libgame.so", library(&[], &[])),
        file("tool", elf(&["libgone.so"], &[])),
    ];
    let build = build(&["bin/server"], files);
    check(
        &build,
        &[
            "error library-not-found: `bin/server` needs `libgame.so`, and does not look at `lib/libgame.so`, where it is",
            "error library-not-found: `bin/server` needs `libgone.so`, which is neither in the build nor on this machine",
            "warning library-not-found: `tool` needs `libgone.so`, which is neither in the build nor on this machine",
            "warning library-of-this-machine: `bin/server` uses `libssl.so.3` of this machine, which another host may not have",
        ],
    );
    assert_eq!(lint(&build)[0].hint, "patchelf --add-rpath '$ORIGIN/../lib' bin/server");
}

#[test]
fn what_cannot_run_here() {
    let arm = match elf(&["libgone.so"], &[]) {
        Content::Elf(elf) => Content::Elf(Elf { machine: Machine::Aarch64, ..elf }),
        other => other,
    };
    check(
        &build(&["server"], vec![file("server", arm)]),
        &["error architecture: `server` is for aarch64, and this machine is x86_64"],
    );
    check(
        &build(
            &["server.exe"],
            vec![file("server.exe", Content::Windows), file("other.exe", Content::Windows)],
        ),
        &["error architecture: `server.exe` is a program for windows"],
    );
    let script = |interpreter: &str, has_carriage_return| Content::Script {
        interpreter: interpreter.into(),
        has_carriage_return,
    };
    let files = vec![
        file("a", script("/bin/sh", false)),
        file("b", script("/bin/sh", true)),
        file("c", script("/usr/bin/python9", false)),
        file("d", script("/local/game/a", false)),
    ];
    check(
        &build(&["a", "b"], files),
        &[
            "error interpreter: the first line of `b` ends as on windows: `/bin/sh\\r` is not found",
            "warning interpreter: `c` is run by `/usr/bin/python9`, which is not there",
        ],
    );
}

#[test]
fn sizes_and_setup() {
    check(&build(&[], vec![]), &["error empty: it holds no file"]);
    let large = BuildFile { bytes: 21 << 30, ..file("pak", Content::Other) };
    check(&build(&[], vec![large]), &["error too-large: it holds 21504 mib, and 20480 are allowed"]);
    let mut user = build(&[], vec![file("server", elf(&[], &[]))]);
    user.gse_yaml = Some(b"User: root:root".to_vec());
    assert_eq!(lint(&user)[0].rule, "gse-yaml");
}
