//! Where a key is found, and which one counts.

use std::io;
use std::path::Path;

use super::{Credentials, CredentialsError};

const FILE: &str = "[other]\nsecret_id = no\n\n[default]\n# mine\nsecret_id=\"AKIDfile\"\nsecret_key: file key \ntoken = t\n";

fn find(
    variables: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Result<Option<(String, String, String)>, CredentialsError> {
    let variable =
        |name: &str| variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned());
    let read = |path: &Path| {
        let file = files.iter().find(|(found, _)| Path::new(found) == path);
        file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    let found = Credentials::find_in(&variable, &read)?;
    Ok(found.map(|found| (found.secret_id, found.secret_key, found.token)))
}

fn key(id: &str, key: &str, token: &str) -> Option<(String, String, String)> {
    Some((id.to_owned(), key.to_owned(), token.to_owned()))
}

#[test]
fn the_environment_counts_before_the_files_and_home_before_the_machine() {
    let home = ("HOME", "/home/ada");
    let file = ("/home/ada/.tencentcloud/credentials", FILE);
    let machine = ("/etc/tencentcloud/credentials", "[default]\nsecret_id=M\nsecret_key=m\n");
    let environment = [
        ("TENCENTCLOUD_SECRET_ID", "E"),
        ("TENCENTCLOUD_SECRET_KEY", "e"),
        ("TENCENTCLOUD_TOKEN", "t"),
        home,
    ];
    assert_eq!(find(&environment, &[file, machine]).expect("a key"), key("E", "e", "t"));
    assert_eq!(find(&[home], &[file, machine]).expect("a key"), key("AKIDfile", "file key", "t"));
    assert_eq!(find(&[home], &[machine]).expect("a key"), key("M", "m", ""));
    assert_eq!(find(&[], &[machine]).expect("a key"), key("M", "m", ""));
    assert_eq!(find(&[home], &[]).expect("no key"), None);
    assert_eq!(find(&[home], &[(file.0, "[other]\nsecret_id=x\n")]).expect("no key"), None);
}

#[test]
fn half_a_key_is_told_with_its_place() {
    let error = find(&[("TENCENTCLOUD_SECRET_ID", "E")], &[]).expect_err("half a key");
    assert_eq!(error.to_string(), "half a key cannot sign: the environment has no `TENCENTCLOUD_SECRET_KEY`");
    let file = ("/etc/tencentcloud/credentials", "[default]\nsecret_key=m\n");
    let error = find(&[], &[file]).expect_err("half a key");
    assert_eq!(
        error.to_string(),
        "half a key cannot sign: `/etc/tencentcloud/credentials` has no `secret_id`"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let read = |_: &Path| Err(io::ErrorKind::PermissionDenied.into());
    let error = Credentials::find_in(&|_| None, &read).expect_err("it may not be read");
    assert!(matches!(error, CredentialsError::File { .. }), "{error}");
}

#[test]
fn the_key_is_not_shown() {
    let credentials =
        Credentials { secret_id: "AKID".into(), secret_key: "hidden".into(), token: "hidden".into() };
    let text = format!("{credentials:?}");
    assert!(text.contains("AKID") && !text.contains("hidden"));
}
