//! Chromium and the fonts that it writes with: the system's browser if it has one, else Debian's, unpacked without
//! being installed. The fonts are always the same ones, so that pictures look alike on every machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::install::{Cache, version};
use crate::debian::{forget_lists, unpack, with_needs};
use crate::flow::Stage;

/// What the system's browser may be called.
const PROGRAMS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// Debian's Chromium that has no window, and needs less than the one that has.
const PACKAGES: &[&str] = &["chromium-headless-shell", "chromium-common"];
const PROGRAM: &str = "usr/lib/chromium/chromium-headless-shell";
/// Latin letters, signs and code, Chinese, and pictures of hostile names.
const FONTS: &[&str] = &["fonts-dejavu-core", "fonts-wqy-microhei", "fonts-noto-color-emoji"];
/// Changes when what is kept is put together in another way.
const RECIPE: &[u8] = b"chromium 2";
const FONTS_RECIPE: &[u8] = b"fonts 2";

/// A browser that can be started.
pub(super) struct Chromium {
    pub(super) program: PathBuf,
    libraries: Option<String>,
    fonts: PathBuf,
}

impl Chromium {
    /// Lets a program that starts the browser pass on what it needs.
    pub(super) fn prepare(&self, command: &mut Command) {
        command.env("INTEROP_CHROMIUM", &self.program).env("FONTCONFIG_FILE", &self.fonts);
        if let Some(libraries) = &self.libraries {
            command.env("INTEROP_CHROMIUM_LIBRARIES", libraries);
        }
    }
}

/// The browser, installed if it has to be.
pub(super) fn chromium(stage: &mut Stage<'_>, cache: &Cache) -> Result<Chromium> {
    let architecture = version("dpkg", &["--print-architecture"])?;
    let system = fs::read("/etc/os-release").context("cannot read `/etc/os-release`")?;
    let inputs = |recipe: &[u8]| [recipe.to_vec(), architecture.clone(), system.clone()];
    let fonts = cache.keep(stage, "fonts", &inputs(FONTS_RECIPE), |stage, folder| {
        unpack(stage, folder, FONTS, folder)?;
        forget_lists(folder);
        Ok(())
    })?;
    let fonts = describe_fonts(stage, &fonts)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(program) = installed(std::env::split_paths(&path)) {
        stage.answer(&format!("the browser is {}", program.display()));
        return Ok(Chromium { program, libraries: None, fonts });
    }
    let folder = cache.keep(stage, "chromium", &inputs(RECIPE), |stage, folder| {
        let packages = with_needs(stage, folder, PACKAGES)?;
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        unpack(stage, folder, &packages, folder)?;
        forget_lists(folder);
        fs::metadata(folder.join(PROGRAM)).with_context(|| format!("the package brings no `{PROGRAM}`"))?;
        Ok(())
    })?;
    let libraries = library_folders(&folder)?;
    let shown: Vec<String> = libraries.iter().map(|folder| folder.display().to_string()).collect();
    Ok(Chromium { program: folder.join(PROGRAM), libraries: Some(shown.join(":")), fonts })
}

fn installed(folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let mut candidates = folders.flat_map(|folder| PROGRAMS.iter().map(move |name| folder.join(name)));
    candidates.find(|program| program.is_file())
}

/// Every folder below `lib` and `usr/lib` that holds a library: some packages keep theirs in a folder of their own, and
/// would be told of it when they are installed.
fn library_folders(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = ["usr/lib", "lib"].map(|name| root.join(name)).into();
    while let Some(folder) = left.pop() {
        if !folder.is_dir() {
            continue;
        }
        let mut has_libraries = false;
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
            let path = entry.context("cannot read what was unpacked")?.path();
            has_libraries |= path.is_file() && path.to_string_lossy().contains(".so");
            left.extend(path.is_dir().then_some(path));
        }
        found.extend(has_libraries.then_some(folder));
    }
    found.sort();
    Ok(found)
}

/// The file that tells fontconfig of these fonts and no others.
fn describe_fonts(stage: &Stage<'_>, folder: &Path) -> Result<PathBuf> {
    let file = stage.directory.join("fonts.conf");
    let fonts = folder.join("usr/share/fonts");
    let alias = |name: &str, families: &[&str]| {
        let families: String = families.iter().map(|family| format!("<family>{family}</family>")).collect();
        format!("<alias><family>{name}</family><prefer>{families}</prefer></alias>\n")
    };
    let [chinese, emoji] = ["WenQuanYi Micro Hei", "Noto Color Emoji"];
    let text = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n<fontconfig>\n<dir>{}</dir>\n\
         <cachedir>{}</cachedir>\n{}{}{}</fontconfig>\n",
        fonts.display(),
        stage.directory.join("font-cache").display(),
        alias("sans-serif", &["DejaVu Sans", chinese, emoji]),
        alias("system-ui", &["DejaVu Sans", chinese, emoji]),
        alias("monospace", &["DejaVu Sans Mono", chinese, emoji]),
    );
    fs::write(&file, text).with_context(|| format!("cannot write `{}`", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{installed, library_folders};

    #[test]
    fn only_a_file_of_that_name_is_a_browser() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/interop");
        assert_eq!(installed([here, PathBuf::from("nowhere")].into_iter()), None);
    }

    #[test]
    fn libraries_are_where_debian_puts_them() {
        let root = std::env::temp_dir().join(format!("gse-libraries-{}", std::process::id()));
        let holds = [
            "usr/lib/x86_64-linux-gnu/libx.so.1",
            "lib/x86_64-linux-gnu/pulse/libp-1.so",
            "usr/lib/chromium/a.dat",
        ];
        for file in holds.map(|file| root.join(file)) {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let found = library_folders(&root).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(
            found,
            ["lib/x86_64-linux-gnu/pulse", "usr/lib/x86_64-linux-gnu"].map(|name| root.join(name))
        );
    }
}
