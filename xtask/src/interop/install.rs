//! What the foreign game servers need, installed once into the target directory by the clients of their own package
//! systems, and used again until what was asked for changes.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::flow::Stage;
use crate::flow::record::Call;
use crate::interrupt;
use crate::processes;
use crate::workspace::Workspace;

/// Where installed things are kept.
pub(super) struct Cache {
    directory: PathBuf,
    /// The folder of the game servers, `tests/interop`.
    sources: PathBuf,
    /// The folder of the two proto files.
    protos: PathBuf,
}

impl Cache {
    pub(super) fn new(workspace: &Workspace) -> Self {
        Self {
            directory: workspace.target().join("interop/cache"),
            sources: workspace.root.join("tests/interop"),
            protos: workspace.root.join("proto/tencentcloud/gse/grpcsdk"),
        }
    }

    /// The folder named after `what` and a hash of everything that `inputs` says; made by `install` if it is not there.
    /// It gets its name when it is complete, so a run that was cut short leaves nothing that looks complete.
    pub(super) fn keep(
        &self,
        stage: &mut Stage<'_>,
        what: &str,
        inputs: &[Vec<u8>],
        install: impl FnOnce(&mut Stage<'_>, &Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        inputs.hash(&mut hasher);
        let folder = self.directory.join(format!("{what}-{:016x}", hasher.finish()));
        if folder.is_dir() {
            stage.answer(&format!("{what}: installed before, in {}", Workspace::shown(&folder)));
            return Ok(folder);
        }
        let partial = self.directory.join(format!("{what}-{}.partial", std::process::id()));
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir_all(&partial).with_context(|| format!("cannot make `{}`", partial.display()))?;
        if let Err(error) = install(stage, &partial) {
            let _ = fs::remove_dir_all(&partial);
            return Err(error.context(format!("cannot install what {what} needs")));
        }
        if let Err(error) = fs::rename(&partial, &folder) {
            let _ = fs::remove_dir_all(&partial);
            // Another run may have been quicker, and has made the same.
            if !folder.is_dir() {
                return Err(error).with_context(|| format!("cannot make `{}`", folder.display()));
            }
        }
        Ok(folder)
    }
}

/// What must be there, how it shows that it is, and the Debian package that brings it.
const NEEDED: &[(&str, &[&str], &str)] = &[
    ("python3", &["-c", "import ensurepip, venv"], "python3 python3-venv"),
    ("node", &["--version"], "nodejs"),
    ("npm", &["--version"], "npm"),
    ("apt-get", &["--version"], "apt"),
    ("dpkg", &["--version"], "dpkg"),
    ("dpkg-deb", &["--version"], "dpkg"),
    ("ldd", &["--version"], "libc-bin"),
    // The explorer's code for a shell is run.
    ("curl", &["--version"], "curl"),
    ("openssl", &["version"], "openssl"),
];

/// Says everything that is missing at once, before anything is installed.
pub(super) fn check() -> Result<()> {
    let mut missing = Vec::new();
    for (program, arguments, package) in NEEDED {
        if let Err(error) = version(program, arguments) {
            missing.push(format!("{error:#}\n  hint: on Debian, `apt-get install {package}`"));
        }
    }
    if missing.is_empty() { Ok(()) } else { bail!("{}", missing.join("\n")) }
}

/// The installed packages and the stubs made from `proto/`: a folder for `PYTHONPATH`.
pub(super) fn python(stage: &mut Stage<'_>, cache: &Cache) -> Result<PathBuf> {
    let version =
        version("python3", &["-c", "import sys, sysconfig; print(sys.version, sysconfig.get_platform())"])?;
    let source = cache.sources.join("python");
    let needed = source.join("requirements.txt");
    let to_build = source.join("requirements-build.txt");
    let protos =
        ["GseGrpcSdkService.proto", "GameServerGrpcSdkService.proto"].map(|name| cache.protos.join(name));
    let mut inputs = contents(&[&needed, &to_build, &protos[0], &protos[1]])?;
    inputs.push(version);
    cache.keep(stage, "python", &inputs, |stage, folder| {
        let environment = folder.join("environment");
        let packages = folder.join("packages");
        let program = |name: &str| Command::new(environment.join("bin").join(name));
        quiet(stage, "python3 -m venv", Command::new("python3").arg("-m").arg("venv").arg(&environment))?;
        let pip = ["install", "--quiet", "--disable-pip-version-check", "--no-input"];
        quiet(
            stage,
            "pip install -r requirements-build.txt",
            program("pip").args(pip).arg("-r").arg(&to_build),
        )?;
        quiet(
            stage,
            "pip install --target packages -r requirements.txt",
            program("pip")
                .args(pip)
                .arg("--no-compile")
                .arg("--target")
                .arg(&packages)
                .arg("-r")
                .arg(&needed),
        )?;
        let out = |language: &str| format!("--{language}_out={}", packages.display());
        quiet(
            stage,
            "python -m grpc_tools.protoc proto/…",
            program("python")
                .args(["-m", "grpc_tools.protoc"])
                .arg(format!("--proto_path={}", cache.protos.display()))
                .args([out("python"), out("grpc_python")])
                .args(&protos),
        )?;
        // It was needed to get here; the package brings the installed packages only.
        fs::remove_dir_all(&environment).context("cannot remove the environment that made the stubs")
    })
}

/// The vendor's clients of the cloud API: a folder with `sdk` and `tccli`, each for `PYTHONPATH`.
pub(super) fn clients(stage: &mut Stage<'_>, cache: &Cache) -> Result<PathBuf> {
    let version =
        version("python3", &["-c", "import sys, sysconfig; print(sys.version, sysconfig.get_platform())"])?;
    let source = cache.sources.join("clients");
    let sets = ["sdk", "tccli"].map(|name| (name, source.join(format!("requirements-{name}.txt"))));
    let mut inputs = contents(&[&sets[0].1, &sets[1].1])?;
    inputs.push(version);
    cache.keep(stage, "clients", &inputs, |stage, folder| {
        let environment = folder.join("environment");
        quiet(stage, "python3 -m venv", Command::new("python3").arg("-m").arg("venv").arg(&environment))?;
        for (name, needed) in &sets {
            let mut pip = Command::new(environment.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]);
            pip.arg("--target").arg(folder.join(name)).arg("-r").arg(needed);
            quiet(stage, &format!("pip install --target {name} -r requirements-{name}.txt"), &mut pip)?;
        }
        fs::remove_dir_all(&environment).context("cannot remove the environment that installed the clients")
    })
}

/// The installed packages: a folder with `node_modules`.
pub(super) fn node(stage: &mut Stage<'_>, cache: &Cache) -> Result<PathBuf> {
    packages_of_node(stage, cache, "node")
}

/// What drives Chromium and judges its pages: a folder with `node_modules`.
pub(super) fn browser(stage: &mut Stage<'_>, cache: &Cache) -> Result<PathBuf> {
    packages_of_node(stage, cache, "browser")
}

fn packages_of_node(stage: &mut Stage<'_>, cache: &Cache, what: &str) -> Result<PathBuf> {
    let version = version("node", &["--version"])?;
    let source = cache.sources.join(what);
    let files = ["package.json", "package-lock.json", ".npmrc"].map(|name| source.join(name));
    let mut inputs = contents(&[&files[0], &files[1], &files[2]])?;
    inputs.push(version);
    cache.keep(stage, what, &inputs, |stage, folder| {
        for file in &files {
            let name = file.file_name().context("a file has a name")?;
            fs::copy(file, folder.join(name)).with_context(|| format!("cannot copy `{}`", file.display()))?;
        }
        // Links cannot be packed, and nothing here runs a program of a package.
        let options = ["ci", "--ignore-scripts", "--no-bin-links", "--omit=dev", "--no-audit", "--no-fund"];
        quiet(stage, "npm ci", Command::new("npm").args(options).current_dir(folder))
    })
}

/// Runs a command that has nothing to say unless it fails.
pub(super) fn quiet(stage: &mut Stage<'_>, shown: &str, command: &mut Command) -> Result<()> {
    stage.show(shown);
    stage.waiting(shown);
    let name = command.get_program().display().to_string();
    let log = stage.directory.join("install.log");
    let file = fs::File::options().create(true).append(true).open(&log);
    let file = file.with_context(|| format!("cannot write `{}`", log.display()))?;
    let copy = file.try_clone().context("cannot share a log file")?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(copy)
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let status = processes::wait(&mut child)?;
    if interrupt::requested() {
        return Err(interrupt::Interrupted.into());
    }
    if !status.success() {
        bail!("`{shown}` ended with {status}\n{}", processes::tail(&log, 20).join("\n"));
    }
    stage.record(Call::command(shown, None));
    Ok(())
}

/// What a program says about itself.
pub(super) fn version(program: &str, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{program}`"))?;
    if !output.status.success() {
        bail!("`{program} {}` ended with {}", arguments.join(" "), output.status);
    }
    Ok(output.stdout)
}

fn contents(files: &[&Path]) -> Result<Vec<Vec<u8>>> {
    files
        .iter()
        .map(|file| fs::read(file).with_context(|| format!("cannot read `{}`", file.display())))
        .collect()
}
