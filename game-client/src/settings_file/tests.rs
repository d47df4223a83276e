use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{SettingsFile, load, place, save};
use crate::settings::Settings;

/// A folder of this test alone, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("opengse-arena-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn named(name: &str) -> Settings {
    Settings { name: Some(name.to_owned()), ..Settings::default() }
}

#[test]
fn settings_survive_a_restart() {
    let folder = Folder::new("restart");
    let path = folder.0.join("deeper/settings.json");
    let (settings, file) = load(Some(path.clone()));
    assert_eq!((settings, &file.problem), (Settings::default(), &None), "no file is no problem");
    let file = save(&named("ada"), &file);
    assert_eq!(file.problem, None);
    assert_eq!(load(Some(path)).0, named("ada"));
}

#[test]
fn a_bad_file_is_told_and_never_lost() {
    let folder = Folder::new("bad");
    let path = folder.0.join("settings.json");
    for round in 1..=2 {
        let mine = format!("mine {round}, half finished");
        fs::write(&path, &mine).unwrap();
        let (settings, file) = load(Some(path.clone()));
        assert_eq!(settings, Settings::default());
        let problem = file.problem.clone().unwrap();
        assert!(problem.contains("line 1 column 1") && problem.contains("hint: "), "{problem}");
        assert_eq!(fs::read_to_string(&path).unwrap(), mine, "reading changes nothing");
        let file = save(&named("ada"), &file);
        assert!(file.problem.unwrap().contains(&format!("settings.bad-{round}.json")));
        assert_eq!(fs::read_to_string(folder.0.join(format!("settings.bad-{round}.json"))).unwrap(), mine);
        assert_eq!(load(Some(path.clone())).0, named("ada"));
    }
    assert_eq!(folder.files(), ["settings.bad-1.json", "settings.bad-2.json", "settings.json"]);
}

#[test]
fn what_cannot_be_written_is_told() {
    let folder = Folder::new("unwritable");
    let blocked = folder.0.join("file");
    fs::write(&blocked, "").unwrap();
    let file = SettingsFile { path: Some(blocked.join("settings.json")), ..SettingsFile::default() };
    let problem = save(&named("ada"), &file).problem.unwrap();
    assert!(problem.contains("cannot be written"), "{problem}");
    let nowhere = load(None).1;
    assert!(nowhere.problem.as_ref().unwrap().contains("--settings FILE"));
    assert_eq!(save(&named("ada"), &nowhere), nowhere);
}

#[cfg(unix)]
#[test]
fn the_place_follows_the_system() {
    let with = |variables: &'static [(&'static str, &'static str)]| {
        place(&move |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    };
    let below = |folder: &str| Some(Path::new(folder).join("opengse-arena/settings.json"));
    assert_eq!(with(&[("HOME", "/home/ada")]), below("/home/ada/.config"));
    assert_eq!(with(&[("HOME", "/home/ada"), ("XDG_CONFIG_HOME", "/c")]), below("/c"));
    assert_eq!(with(&[("HOME", "/home/ada"), ("XDG_CONFIG_HOME", "c")]), below("/home/ada/.config"));
    assert_eq!(with(&[]), None);
}
