use super::*;

#[test]
fn a_second_service_is_refused_and_told_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made/where/it/is/not");
    let first = DataDir::open(&path).unwrap();
    let error = DataDir::open(&path).unwrap_err();
    assert!(
        matches!(&error, DataDirError::InUse { path } if *path == first.path().display().to_string()),
        "{error}"
    );
    assert!(error.to_string().contains("hint: "), "{error}");
    drop(first);
    DataDir::open(&path).unwrap();
}

#[test]
fn a_new_directory_is_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let data_dir = DataDir::open(&directory.path().join("data")).unwrap();
    let mode = fs::metadata(data_dir.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_path_that_is_a_file_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = DataDir::open(file.path()).unwrap_err().to_string();
    assert!(error.contains(&file.path().display().to_string()), "{error}");
}

#[test]
fn a_private_file_is_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let data_dir = DataDir::open(directory.path()).unwrap();
    assert_eq!(data_dir.read_private("key").unwrap(), None);
    // What an interrupted start left behind, readable for all.
    fs::write(data_dir.path().join("key.partial"), "old").unwrap();
    data_dir.write_private("key", "one").unwrap();
    data_dir.write_private("key", "two").unwrap();
    assert_eq!(data_dir.read_private("key").unwrap().as_deref(), Some("two"));
    let mode = fs::metadata(data_dir.path().join("key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// A killed service's lock lives a moment longer in a process that it was starting.
#[test]
fn a_lock_that_is_given_up_soon_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let first = DataDir::open(directory.path()).unwrap();
    let path = directory.path().to_owned();
    let second = std::thread::spawn(move || DataDir::open(&path).map(drop));
    std::thread::sleep(LOCK_PAUSE * 5);
    drop(first);
    second.join().unwrap().unwrap();
}
