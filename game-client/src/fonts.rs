//! Letters that the built-in font has not, in a font of this machine.
//!
//! Bevy's own font has the printable ASCII characters only, and no font file belongs to this game. So fonts that systems
//! bring along are looked for when the program starts, and the text layout falls back on them. What none of them has
//! loses its mark, as `é`, or is seen as `?`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bevy::{
    prelude::*,
    text::{FontCx, Text2dUpdateSystems, detect_text_needs_rerender},
    ui::UiSystems,
};
use parley::fontique::{Blob, CharmapIndex, FamilyId, Script, ScriptExt as _};

use crate::options::{Config, View};

/// The fonts that are looked for: of each row the first that there is. Chinese, Japanese and Korean; then the other
/// alphabets.
const WANTED: [&[&str]; 2] = [
    &[
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJKsc-Regular.otf",
        "NotoSansSC-Regular.otf",
        "NotoSansSC-Regular.ttf",
        "SourceHanSansSC-Regular.otf",
        "SourceHanSansCN-Regular.otf",
        "wqy-microhei.ttc",
        "wqy-zenhei.ttc",
        "DroidSansFallbackFull.ttf",
        "DroidSansFallback.ttf",
        "msyh.ttc",
        "simhei.ttf",
        "PingFang.ttc",
        "Hiragino Sans GB.ttc",
        "STHeiti Light.ttc",
    ],
    &[
        "DejaVuSans.ttf",
        "NotoSans-Regular.ttf",
        "LiberationSans-Regular.ttf",
        "segoeui.ttf",
        "Arial Unicode.ttf",
    ],
];
/// Where systems keep fonts; those that begin with `~` are below the user's folder.
const FOLDERS: [&str; 8] = [
    "~/.local/share/fonts",
    "~/.fonts",
    "~/Library/Fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
];
/// Folders in folders that are looked into.
const DEPTH_MAX: usize = 4;
/// Larger files are no font that is meant.
const SIZE_MAX: u64 = 64 * 1024 * 1024;
/// A file may have a family for each country; their letters differ a little. This is how the simplified Chinese ones
/// end.
const PREFERRED: &str = " SC";

/// Letters are no reason not to play, so it is said and goes on.
const HINT: &str =
    "hint: letters that the built-in font has not are seen as `?`; name a .ttf, .otf or .ttc file by --font";

/// The fonts that were found.
#[derive(Resource, Default)]
pub(crate) struct Fallbacks(Vec<Face>);

/// A font, and how its letters are found.
struct Face {
    data: Blob<u8>,
    letters: CharmapIndex,
}

impl Fallbacks {
    /// Whether one of them has this letter.
    pub(crate) fn have(&self, c: char) -> bool {
        let has = |face: &Face| {
            let letters = face.letters.charmap(face.data.as_ref());
            letters.and_then(|letters| letters.map(c)).is_some_and(|glyph| glyph != 0)
        };
        self.0.iter().any(has)
    }

    /// The text as far as it can be shown.
    fn printable(&self, text: &str) -> String {
        let shown = |c: char| match c {
            c if c.is_ascii_graphic() || c == ' ' || c == '\n' => c,
            c if !c.is_control() && self.have(c) => c,
            c => without_mark(c).unwrap_or('?'),
        };
        text.chars().map(shown).collect()
    }
}

/// The letter below the mark, for the letters of Latin-1 and what is like them.
fn without_mark(c: char) -> Option<char> {
    const LETTERS: &[(char, &str)] = &[
        ('a', "àáâãäåāąă"),
        ('c', "çćč"),
        ('d', "ďđ"),
        ('e', "èéêëēěę"),
        ('g', "ğ"),
        ('i', "ìíîïīı"),
        ('l', "ł"),
        ('n', "ñńň"),
        ('o', "òóôõöøōő"),
        ('r', "ř"),
        ('s', "śšşș"),
        ('t', "ťțţ"),
        ('u', "ùúûüūůű"),
        ('y', "ýÿ"),
        ('z', "źžż"),
        ('\'', "‘’"),
        ('"', "“”„"),
        ('-', "–—"),
        ('.', "…"),
    ];
    let lower = c.to_lowercase().next()?;
    let (letter, _) = LETTERS.iter().find(|(_, marked)| marked.contains(lower))?;
    Some(if c == lower { *letter } else { letter.to_ascii_uppercase() })
}

/// Looks for fonts, and lets nothing be drawn that none has. Pictures that are compared have the built-in font alone,
/// unless one was named.
pub(crate) fn plugin(config: &Config) -> impl Plugin + use<> {
    let named = config.font.clone();
    let looks = !matches!(config.view, View::Scenes { .. });
    move |app: &mut App| {
        let files = match &named {
            Some(file) => vec![file.clone()],
            None if looks => found(&folders()),
            None => Vec::new(),
        };
        app.insert_resource(Files(files))
            .init_resource::<Fallbacks>()
            .add_systems(PreStartup, load)
            .add_systems(
                PostUpdate,
                replace
                    .before(UiSystems::Content)
                    .before(Text2dUpdateSystems)
                    .before(detect_text_needs_rerender),
            );
    }
}

/// Files of fonts that are to be read.
#[derive(Resource)]
struct Files(Vec<PathBuf>);

fn folders() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let path = |folder: &&str| match folder.strip_prefix("~/") {
        Some(below) => home.as_ref().map(|home| home.join(below)),
        None => Some(PathBuf::from(folder)),
    };
    FOLDERS.iter().filter_map(path).collect()
}

/// Of each row of what is wanted the first that there is.
fn found(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut best: [Option<(usize, PathBuf)>; WANTED.len()] = Default::default();
    let mut look = |name: &str, path: &Path| {
        for (best, row) in best.iter_mut().zip(WANTED) {
            let Some(place) = row.iter().position(|wanted| wanted.eq_ignore_ascii_case(name)) else {
                continue;
            };
            if best.as_ref().is_none_or(|(other, _)| place < *other) {
                *best = Some((place, path.to_owned()));
            }
        }
    };
    folders.iter().for_each(|folder| look_into(folder, DEPTH_MAX, &mut look));
    best.into_iter().flatten().map(|(_, path)| path).collect()
}

fn look_into(folder: &Path, depth: usize, look: &mut impl FnMut(&str, &Path)) {
    // What cannot be read has no fonts for this player.
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 1 => look_into(&path, depth - 1, look),
            Ok(kind) if !kind.is_dir() => look(&name.to_string_lossy(), &path),
            _ => {}
        }
    }
}

fn load(mut context: ResMut<FontCx>, mut fallbacks: ResMut<Fallbacks>, files: Res<Files>) {
    let mut families: Vec<FamilyId> = Vec::new();
    for file in &files.0 {
        match read(file) {
            Ok(data) => match register(&mut context, data) {
                Some((family, face)) => {
                    families.push(family);
                    fallbacks.0.push(face);
                }
                None => warn!("`{}` is no font that can be used\n{HINT}", file.display()),
            },
            Err(problem) => warn!("the font `{}` cannot be read: {problem}\n{HINT}", file.display()),
        }
    }
    for (script, _) in Script::all_samples() {
        context.collection.append_fallbacks(*script, families.iter().copied());
    }
}

fn read(file: &Path) -> Result<Blob<u8>, String> {
    let size = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > SIZE_MAX {
        return Err(format!("it has {size} bytes, more than {SIZE_MAX}"));
    }
    fs::read(file).map(Blob::from).map_err(|error| error.to_string())
}

/// The family of the file that is meant for simplified Chinese, else the first.
fn register(context: &mut FontCx, data: Blob<u8>) -> Option<(FamilyId, Face)> {
    let families = context.collection.register_fonts(data.clone(), None);
    let is_preferred = |(family, _): &&(FamilyId, Vec<_>)| {
        context.collection.family_name(*family).is_some_and(|name| name.ends_with(PREFERRED))
    };
    let (family, fonts) = families.iter().find(is_preferred).or(families.first())?;
    Some((*family, Face { data, letters: fonts.first()?.charmap_index() }))
}

/// Replaces what no font has, before the text is laid out.
fn replace(
    fallbacks: Res<Fallbacks>,
    mut labels: Query<&mut Text, Changed<Text>>,
    mut signs: Query<&mut Text2d, Changed<Text2d>>,
) {
    let labels = labels.iter_mut().map(|text| text.map_unchanged(|text| &mut text.0));
    let signs = signs.iter_mut().map(|text| text.map_unchanged(|text| &mut text.0));
    for mut text in labels.chain(signs) {
        let shown = fallbacks.printable(&text);
        text.set_if_neq(shown);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Fallbacks, found};

    #[test]
    fn what_no_font_has_is_replaced() {
        let none = Fallbacks::default();
        assert_eq!(none.printable("Zoë's Ärger – ŠČ"), "Zoe's Arger - SC");
        assert_eq!(none.printable("王 and\tyou"), "? and?you");
        assert!(!none.have('王'));
    }

    #[test]
    fn of_each_kind_the_best_that_there_is_is_found() {
        let folder = std::env::temp_dir().join(format!("opengse-fonts-{}", std::process::id()));
        let deep = folder.join("truetype/wqy");
        fs::create_dir_all(&deep).unwrap();
        for file in ["wqy-zenhei.ttc", "WQY-Microhei.ttc", "other.ttf"] {
            fs::write(deep.join(file), "").unwrap();
        }
        fs::write(folder.join("DejaVuSans.ttf"), "").unwrap();
        let names = found(std::slice::from_ref(&folder));
        let names: Vec<_> = names.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["WQY-Microhei.ttc", "DejaVuSans.ttf"]);
        assert!(found(&[folder.join("nowhere")]).is_empty());
        fs::remove_dir_all(&folder).unwrap();
    }
}
