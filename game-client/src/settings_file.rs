//! Where the settings lie, and the little there is to do with a file. What is in it is `settings.rs`'s business.
//!
//! A file that cannot be read as settings is never written over: it is put aside under another name first.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use bevy::prelude::Resource;

use crate::settings::Settings;

/// Below the user's configuration folder.
const PLACE: &str = "opengse-arena/settings.json";
/// Names that are tried for a bad file before giving up.
const ASIDE_MAX: u32 = 100;

/// The file of this run and what is wrong with it.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SettingsFile {
    /// Where it is, if there is a place for it.
    pub(crate) path: Option<PathBuf>,
    /// Why it was not read or not written, for people.
    pub(crate) problem: Option<String>,
    /// What is there is no settings file and must not be lost.
    pub(crate) is_bad: bool,
}

/// The place for the settings, by the variables of the environment.
pub(crate) fn place(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // The XDG specification has relative paths ignored.
    let xdg = folder("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let folder = match cfg!(windows) {
        true => folder("APPDATA"),
        false => xdg.or_else(|| folder("HOME").map(|home| home.join(".config"))),
    };
    folder.map(|folder| folder.join(PLACE))
}

/// The settings of a file, and what is to be said about it. No file is no problem.
pub(crate) fn load(path: Option<PathBuf>) -> (Settings, SettingsFile) {
    let Some(path) = path else {
        let problem = "there is no folder for settings, so they last until the window is closed\nhint: name a file with `--settings FILE`";
        return (Settings::default(), SettingsFile { problem: Some(problem.to_owned()), ..default() });
    };
    let shown = path.display().to_string();
    let bad = |problem: String, is_bad| {
        let file = SettingsFile { path: Some(path.clone()), problem: Some(problem), is_bad };
        (Settings::default(), file)
    };
    match fs::read_to_string(&path) {
        Ok(text) => match Settings::from_text(&text) {
            Ok(settings) => (settings, SettingsFile { path: Some(path), ..default() }),
            Err(problem) => bad(
                format!(
                    "`{shown}` is not used: {problem}\nhint: mend it and start again; if something is set here before, it is put aside, not lost"
                ),
                true,
            ),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (Settings::default(), SettingsFile { path: Some(path), ..default() })
        }
        Err(error) => bad(format!("`{shown}` cannot be read: {error}"), true),
    }
}

fn default() -> SettingsFile {
    SettingsFile::default()
}

/// Writes the settings. Whether that worked is in the result's `problem`.
pub(crate) fn save(settings: &Settings, file: &SettingsFile) -> SettingsFile {
    let Some(path) = &file.path else { return file.clone() };
    let written = put_aside(path, file.is_bad).and_then(|aside| {
        write(path, &settings.to_text())?;
        Ok(aside)
    });
    match written {
        Ok(aside) => SettingsFile {
            path: file.path.clone(),
            problem: aside.map(|aside| format!("what was there before is in `{}`", aside.display())),
            is_bad: false,
        },
        Err(error) => {
            let problem = format!("`{}` cannot be written: {error}", path.display());
            SettingsFile { problem: Some(problem), ..file.clone() }
        }
    }
}

fn put_aside(path: &Path, is_bad: bool) -> io::Result<Option<PathBuf>> {
    if !is_bad || !path.exists() {
        return Ok(None);
    }
    let free = (1..=ASIDE_MAX)
        .map(|number| path.with_extension(format!("bad-{number}.json")))
        .find(|aside| !aside.exists());
    let Some(aside) = free else { return Err(io::Error::other("too many bad files lie beside it")) };
    fs::rename(path, &aside)?;
    Ok(Some(aside))
}

/// Beside it first: whoever pulls the plug keeps the old file or has the new one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let partial = path.with_extension("partial");
    fs::write(&partial, text)?;
    fs::rename(&partial, path)
}

#[cfg(test)]
mod tests;
