//! Launch paths and parameters (server-sdk.md 5).

use crate::supervisor::launch::{LaunchProblem, LaunchTarget, launch_target, split_words};

fn check_path(path: &str, expected: Result<(&str, bool), LaunchProblem>) {
    let expected = expected.map(|(in_package, bare)| LaunchTarget {
        in_package: in_package.into(),
        in_path: bare.then(|| path.into()),
    });
    assert_eq!(launch_target(path), expected, "{path:?}");
}

#[test]
fn launch_paths_of_either_system_lie_below_the_package_root() {
    check_path("/local/game/server", Ok(("server", false)));
    check_path("/local/game/bin/server", Ok(("bin/server", false)));
    check_path("/local/game//./bin/../server", Ok(("server", false)));
    check_path("C:\\game\\bin\\server.exe", Ok(("bin/server.exe", false)));
    check_path("c:/game/server", Ok(("server", false)));
    check_path("bin/server", Ok(("bin/server", false)));
    check_path("./server", Ok(("server", false)));
    check_path("server", Ok(("server", true)));
    check_path("java", Ok(("java", true)));
    check_path("my server", Ok(("my server", true)));
}

#[test]
fn launch_paths_never_leave_the_package_root() {
    check_path("/local/game/../../bin/sh", Err(LaunchProblem::Climbs));
    check_path("../server", Err(LaunchProblem::Climbs));
    check_path("a/../../server", Err(LaunchProblem::Climbs));
    check_path("C:\\game\\..\\server", Err(LaunchProblem::Climbs));
    check_path("/bin/sh", Err(LaunchProblem::OutsideRoot));
    check_path("/local/gamer/server", Err(LaunchProblem::OutsideRoot));
    check_path("/local/game", Err(LaunchProblem::OutsideRoot));
    check_path("D:\\game\\server", Err(LaunchProblem::OutsideRoot));
    check_path("C:\\gamer\\server", Err(LaunchProblem::OutsideRoot));
    check_path("\\\\host\\share", Err(LaunchProblem::OutsideRoot));
    check_path("C:ключ", Err(LaunchProblem::OutsideRoot));
    check_path("", Err(LaunchProblem::Empty));
    check_path("/local/game/", Err(LaunchProblem::Empty));
    check_path("..", Err(LaunchProblem::Climbs));
    check_path("a/..", Err(LaunchProblem::Empty));
    check_path("a\nb", Err(LaunchProblem::ControlCharacter));
}

#[test]
fn parameters_are_split_like_posix_words_and_not_expanded() {
    let check = |parameters: &str, expected: &[&str]| {
        assert_eq!(split_words(parameters).unwrap(), expected, "{parameters:?}");
    };
    check("", &[]);
    check("   ", &[]);
    check("-a b  c\td", &["-a", "b", "c", "d"]);
    check("--name 'two words' \"three more words\"", &["--name", "two words", "three more words"]);
    check("a'b c'\"d e\"f", &["ab cd ef"]);
    check("'' \"\"", &["", ""]);
    check(r#"\a \' \" a\ b"#, &["a", "'", "\"", "a b"]);
    check(r#""\$ \` \" \\ \n""#, &["$ ` \" \\ \\n"]);
    check(r"'\' x", &["\\", "x"]);
    check(
        "$HOME `date` * ? ~ > file | cat && true #no",
        &["$HOME", "`date`", "*", "?", "~", ">", "file", "|", "cat", "&&", "true", "#no"],
    );
    check("a\\\nb", &["ab"]);
    assert_eq!(split_words("'a"), Err(LaunchProblem::UnclosedQuote));
    assert_eq!(split_words("\"a"), Err(LaunchProblem::UnclosedQuote));
    assert_eq!(split_words("\"a\\"), Err(LaunchProblem::UnclosedQuote));
    assert_eq!(split_words("a\\"), Err(LaunchProblem::TrailingBackslash));
    assert_eq!(split_words("a\0b"), Err(LaunchProblem::ControlCharacter));
}
