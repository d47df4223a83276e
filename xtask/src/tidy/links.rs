//! Pages: a relative link leads somewhere.

use std::path::{Component, Path, PathBuf};

use super::{File, Finding};

/// Checks the links of one page. `exists` answers for a path relative to the root.
pub(super) fn check(file: &File, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let directory = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    targets(&file.text)
        .filter(|(_, target)| {
            !target.contains("://") && !target.starts_with('#') && !target.starts_with("mailto:")
        })
        .filter_map(|(line, target)| {
            let path = target.split('#').next().unwrap_or(target);
            let found = resolve(directory, path).is_some_and(|path| exists(&path));
            (!found).then(|| {
                Finding::new(
                    format!("{}:{line}", file.path),
                    format!("links to `{target}`, which is not there"),
                    "correct the path, or write the page",
                )
            })
        })
        .collect()
}

/// The targets of `[text](target)`, outside code, each with its line.
fn targets(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    text.lines().enumerate().flat_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        let shown = if code || fence { "" } else { line };
        // Every second piece of a line stands between backticks.
        shown.split('`').step_by(2).flat_map(move |piece| {
            piece.split("](").skip(1).filter_map(move |rest| Some((number + 1, rest.split_once(')')?.0)))
        })
    })
}

/// The path that a link names, relative to the root; nothing if it leaves the root.
fn resolve(directory: &Path, target: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for component in directory.join(target).components() {
        match component {
            Component::ParentDir => path.pop().then_some(())?,
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}
