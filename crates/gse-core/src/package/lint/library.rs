//! Whether the dynamic loader will find the libraries of a program: in the build where the program says, or in the
//! system.

use std::collections::BTreeSet;

use super::{BuildFile, Content, Elf, Level, Lint, ROOT};

/// What every Linux with this C library has; all others must come from somewhere.
const OF_EVERY_SYSTEM: [&str; 9] = [
    "libc.so",
    "libm.so",
    "libdl.so",
    "librt.so",
    "libpthread.so",
    "ld-linux",
    "libgcc_s.so",
    "libstdc++.so",
    "libutil.so",
];

impl<'a> Lint<'a> {
    /// Follows the libraries of each program, through those that are in the build.
    pub(super) fn libraries(&mut self, launched: &BTreeSet<&str>) {
        let build = self.build;
        // A script may set LD_LIBRARY_PATH, so only what is launched itself is known to fail.
        let programs = build.files.iter().filter_map(|file| match &file.content {
            Content::Elf(elf) if elf.interpreter.is_some() && elf.machine == build.machine => {
                Some((file, elf))
            }
            _ => None,
        });
        for (program, elf) in programs {
            let level = match launched.contains(program.path.as_str()) {
                true => Level::Error,
                false => Level::Warning,
            };
            let mut seen = BTreeSet::new();
            self.follow(level, program, program, elf, &mut seen);
        }
    }

    fn follow(
        &mut self,
        level: Level,
        program: &'a BuildFile,
        file: &'a BuildFile,
        elf: &'a Elf,
        seen: &mut BTreeSet<&'a str>,
    ) {
        for name in &elf.needed {
            if !seen.insert(name) {
                continue;
            }
            // The loader also looks where the program says, when it says so with RPATH: being mild here is right.
            let found = self.beside(file, elf, name).or_else(|| match &program.content {
                Content::Elf(first) => self.beside(program, first, name),
                _ => None,
            });
            match found {
                Some(library) => {
                    if let Content::Elf(inner) = &library.content {
                        self.follow(level, program, library, inner, seen);
                    }
                }
                None => self.outside(level, file, name),
            }
        }
    }

    /// A library in the build, at a place that the file names.
    fn beside(&self, file: &BuildFile, elf: &Elf, name: &str) -> Option<&'a BuildFile> {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let origin = format!("{ROOT}{folder}");
        elf.search.iter().find_map(|place| {
            let place = place.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin);
            let path = normal(&format!("{place}/{name}"));
            self.at(path.strip_prefix(ROOT)?)
        })
    }

    /// A library that is not where the build says: of the system, or of nobody.
    fn outside(&mut self, level: Level, file: &BuildFile, name: &str) {
        if OF_EVERY_SYSTEM.iter().any(|known| name.starts_with(known)) {
            return;
        }
        let path = &file.path;
        if self.build.system_libraries.contains(name) {
            let text = format!("`{path}` uses `{name}` of this machine, which another host may not have");
            let hint =
                "put a copy into the build and link with -Wl,-rpath,'$ORIGIN', or install it on each host";
            self.find(Level::Warning, "library-of-this-machine", text, hint);
            return;
        }
        let ends = format!("/{name}");
        let copy = self.build.files.iter().find(|other| other.path == name || other.path.ends_with(&ends));
        let (text, hint) = match copy {
            Some(copy) => {
                let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let up = folder.split('/').filter(|part| !part.is_empty()).map(|_| "../").collect::<String>();
                let at = copy.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let place = format!("$ORIGIN/{up}{at}");
                let place = place.trim_end_matches('/');
                (
                    format!("`{path}` needs `{name}`, and does not look at `{}`, where it is", copy.path),
                    format!("patchelf --add-rpath '{place}' {path}"),
                )
            }
            None => (
                format!("`{path}` needs `{name}`, which is neither in the build nor on this machine"),
                "put it into the build and link with -Wl,-rpath,'$ORIGIN'".to_owned(),
            ),
        };
        self.find(level, "library-not-found", text, hint);
    }
}

/// Without `.`, `..` and doubled slashes.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}
