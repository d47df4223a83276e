//! What will go wrong with a build when it is launched, found before it is uploaded (`gse asset lint`).
//!
//! Pure: the shell has read the folder and what this machine offers. A finding is an error only where the launch path is
//! known to fail; what may be meant so is a warning.

use std::collections::BTreeSet;
use std::fmt;

use super::PackageLimits;
use super::setup::check_gse_yaml;
use crate::supervisor::launch::launch_target;

mod library;
#[cfg(test)]
mod tests;

/// Where a package lies on an instance.
const ROOT: &str = "/local/game/";
/// Runs once before the first game server, when the service is told to.
const INSTALL_SCRIPT: &str = "install.sh";

/// The rules, by name.
pub const RULES: [&str; 11] = [
    "architecture",
    "empty",
    "execute-bit",
    "gse-yaml",
    "install-script",
    "interpreter",
    "launch-path",
    "library-not-found",
    "library-of-this-machine",
    "nested-folder",
    "too-large",
];

/// What a processor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// x86-64.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// Another one, by its number in ELF.
    Other(u16),
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::X86_64 => f.write_str("x86_64"),
            Self::Aarch64 => f.write_str("aarch64"),
            Self::Other(number) => write!(f, "ELF machine {number}"),
        }
    }
}

/// An ELF file: a program, or a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    /// What it runs on.
    pub machine: Machine,
    /// The dynamic loader that it names; programs that are linked statically, and libraries, name none.
    pub interpreter: Option<String>,
    /// The libraries that it is linked with.
    pub needed: Vec<String>,
    /// Where it says that they are looked for: RPATH and RUNPATH.
    pub search: Vec<String>,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// ELF.
    Elf(Elf),
    /// Begins with `#!`.
    Script {
        /// What runs it.
        interpreter: String,
        /// Its first line ends as on Windows, which makes the return a part of the name.
        has_carriage_return: bool,
    },
    /// A program for Windows.
    Windows,
    /// A program for macOS.
    Mac,
    /// Anything else.
    Other,
}

/// A file of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildFile {
    /// From the root of the build, `/` between its parts.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Whether it may be executed.
    pub is_executable: bool,
    /// What it is.
    pub content: Content,
}

/// A build, and the machine that it will run on as far as that is known: this one.
#[derive(Clone, Debug)]
pub struct Build {
    /// Its files, in any order.
    pub files: Vec<BuildFile>,
    /// The content of `gse.yaml`.
    pub gse_yaml: Option<Vec<u8>>,
    /// What is launched, as CreateFleet would say it.
    pub launch: Vec<String>,
    /// The processor.
    pub machine: Machine,
    /// Names of the libraries that the system has.
    pub system_libraries: BTreeSet<String>,
    /// Of the interpreters that files name, those that exist.
    pub interpreters: BTreeSet<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A fleet of this build fails.
    Error,
    /// It may be meant so.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// The rule's name.
    pub rule: &'static str,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub hint: String,
}

/// Everything that is wrong, errors first.
pub fn lint(build: &Build) -> Vec<Finding> {
    let mut lint = Lint { build, findings: vec![] };
    lint.size();
    lint.setup();
    let launched = lint.launch_paths();
    lint.nested();
    for file in &build.files {
        lint.file(file, launched.contains(file.path.as_str()));
    }
    lint.libraries(&launched);
    lint.findings.sort();
    lint.findings.dedup();
    lint.findings
}

struct Lint<'a> {
    build: &'a Build,
    findings: Vec<Finding>,
}

impl<'a> Lint<'a> {
    fn find(&mut self, level: Level, rule: &'static str, text: String, hint: impl Into<String>) {
        assert!(RULES.contains(&rule), "the rule `{rule}` is not in the list of rules");
        self.findings.push(Finding { level, rule, text, hint: hint.into() });
    }

    fn size(&mut self) {
        let limits = PackageLimits::default();
        let (count, bytes) =
            (self.build.files.len(), self.build.files.iter().map(|file| file.bytes).sum::<u64>());
        let hint = "leave out what the server does not read, such as debug symbols and assets of clients";
        if bytes > limits.bytes {
            let (has, most) = (bytes >> 20, limits.bytes >> 20);
            self.find(Level::Error, "too-large", format!("it holds {has} MiB, and {most} are allowed"), hint);
        }
        if count > limits.entries {
            let most = limits.entries;
            self.find(
                Level::Error,
                "too-large",
                format!("it holds {count} files, and {most} are allowed"),
                hint,
            );
        }
        if count == 0 {
            self.find(
                Level::Error,
                "empty",
                "it holds no file".to_owned(),
                "name the folder with the server",
            );
        }
    }

    fn setup(&mut self) {
        if let Some(Err(problem)) = self.build.gse_yaml.as_deref().map(check_gse_yaml) {
            let told = problem.to_string();
            let (text, hint) = told.split_once("\nhint: ").unwrap_or((&told, "see operations.md 1.1"));
            self.find(Level::Error, "gse-yaml", text.to_owned(), hint);
        }
        if self.has_install_script() {
            let hint = "`gse local` runs it with `--run-install-script`";
            self.find(
                Level::Warning,
                "install-script",
                format!("`{INSTALL_SCRIPT}` is not run by itself"),
                hint,
            );
        }
    }

    fn has_install_script(&self) -> bool {
        self.at(INSTALL_SCRIPT).is_some()
    }

    fn at(&self, path: &str) -> Option<&'a BuildFile> {
        self.build.files.iter().find(|file| file.path == path)
    }

    /// The one folder in the root, if there is nothing else.
    fn only_folder(&self) -> Option<&'a str> {
        let mut tops = self.build.files.iter().map(|file| file.path.split_once('/').map(|(top, _)| top));
        let first = tops.next()??;
        tops.all(|top| top == Some(first)).then_some(first)
    }

    /// The files that launch paths name; what is wrong with the others is said.
    fn launch_paths(&mut self) -> BTreeSet<&'a str> {
        let mut launched = BTreeSet::new();
        let build = self.build;
        for path in &build.launch {
            match launch_target(path) {
                Err(problem) => {
                    let told = problem.to_string();
                    let text = told.lines().next().unwrap_or_default().to_owned();
                    let hint = format!("write it below `{ROOT}`, or relative to the build");
                    self.find(Level::Error, "launch-path", format!("`{path}`: {text}"), hint);
                }
                Ok(target) => match self.at(&target.in_package) {
                    Some(file) => drop(launched.insert(file.path.as_str())),
                    None if target.in_path.is_some() => {
                        let text = format!("`{path}` is not in the build, so hosts look for it in PATH");
                        let hint = format!("write `{ROOT}{path}` for a file of the build");
                        self.find(Level::Warning, "launch-path", text, hint);
                    }
                    None => self.nothing_at(&target.in_package),
                },
            }
        }
        launched
    }

    fn nothing_at(&mut self, path: &str) {
        // an install script may make it.
        let level = if self.has_install_script() { Level::Warning } else { Level::Error };
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_called_so = |file: &&BuildFile| {
            file.path.rsplit('/').next().is_some_and(|other| other.eq_ignore_ascii_case(name))
        };
        let hint = match self.build.files.iter().find(is_called_so) {
            Some(other) => format!("did you mean `{}`?", other.path),
            None => "paths are those inside of the folder that is packed".to_owned(),
        };
        self.find(level, "launch-path", format!("there is no file `{path}`"), hint);
    }

    fn nested(&mut self) {
        if let Some(folder) = self.only_folder() {
            let meets =
                |path: &String| launch_target(path).is_ok_and(|target| self.at(&target.in_package).is_some());
            if self.build.launch.iter().any(meets) {
                return;
            }
            let level = if self.build.launch.is_empty() { Level::Warning } else { Level::Error };
            let text =
                format!("everything lies in the folder `{folder}`, so nothing lands at `{ROOT}` itself");
            self.find(level, "nested-folder", text, format!("pack the folder `{folder}` in its place"));
        }
    }

    fn file(&mut self, file: &BuildFile, is_launched: bool) {
        let level = if is_launched { Level::Error } else { Level::Warning };
        let (path, machine) = (&file.path, self.build.machine);
        match &file.content {
            Content::Elf(elf) if elf.machine != machine => {
                let text = format!("`{path}` is for {}, and this machine is {machine}", elf.machine);
                self.find(level, "architecture", text, "build it for the machine that hosts it");
            }
            Content::Elf(elf) => {
                if let Some(loader) = elf.interpreter.as_ref().filter(|loader| !self.exists(loader)) {
                    let text = format!("`{path}` needs the loader `{loader}`, which is not there");
                    self.find(level, "interpreter", text, "build it for this system, or link it statically");
                }
            }
            Content::Script { interpreter, has_carriage_return: true } => {
                let text =
                    format!("the first line of `{path}` ends as on Windows: `{interpreter}\\r` is not found");
                self.find(level, "interpreter", text, "save the script with the line ends of Linux");
            }
            Content::Script { interpreter, has_carriage_return: false } if !self.exists(interpreter) => {
                let text = format!("`{path}` is run by `{interpreter}`, which is not there");
                self.find(level, "interpreter", text, "install it on the host, or put it into the build");
            }
            Content::Windows | Content::Mac if is_launched => {
                let system = if file.content == Content::Mac { "macOS" } else { "Windows" };
                let text = format!("`{path}` is a program for {system}");
                self.find(level, "architecture", text, "build it for Linux");
            }
            Content::Script { .. } | Content::Windows | Content::Mac | Content::Other => {}
        }
        self.execute_bit(file, is_launched);
    }

    /// the service makes launch paths and the install script executable, and nothing else.
    fn execute_bit(&mut self, file: &BuildFile, is_launched: bool) {
        let is_program = match &file.content {
            Content::Elf(elf) => elf.interpreter.is_some(),
            Content::Script { .. } => true,
            Content::Windows | Content::Mac | Content::Other => false,
        };
        if file.is_executable || !(is_program || is_launched) || file.path == INSTALL_SCRIPT {
            return;
        }
        let text = match is_launched {
            true => format!("`{}` is launched and has no execute bit; the service sets it", file.path),
            false => format!("`{}` looks like a program and has no execute bit", file.path),
        };
        self.find(Level::Warning, "execute-bit", text, format!("chmod +x {}", file.path));
    }

    /// Whether an interpreter is on this machine, or in the build.
    fn exists(&self, interpreter: &str) -> bool {
        let in_build = || interpreter.strip_prefix(ROOT).is_some_and(|path| self.at(path).is_some());
        self.build.interpreters.contains(interpreter) || in_build()
    }
}
