//! What the foreign game servers need, installed once into the target directory by the clients of their own package
//! systems, and used again until what was asked for changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::flow::Stage;
use crate::kept::persist;
pub(super) use crate::kept::{Cache, quiet, version};

/// The folder of the game servers.
fn sources(stage: &Stage<'_>) -> PathBuf {
    stage.workspace.root.join("tests/interop")
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
    let source = sources(stage).join("python");
    let needed = source.join("requirements.txt");
    let to_build = source.join("requirements-build.txt");
    let folder = stage.workspace.root.join("proto/tencentcloud/gse/grpcsdk");
    let protos = ["GseGrpcSdkService.proto", "GameServerGrpcSdkService.proto"].map(|name| folder.join(name));
    let mut inputs = contents(&[&needed, &to_build, &protos[0], &protos[1]])?;
    inputs.push(version);
    let proto_path = format!("--proto_path={}", folder.display());
    cache.keep(stage, "python", &inputs, |stage, folder| {
        let environment = folder.join("environment");
        let packages = folder.join("packages");
        let program = |name: &str| Command::new(environment.join("bin").join(name));
        quiet(stage, "python3 -m venv", Command::new("python3").arg("-m").arg("venv").arg(&environment))?;
        let pip = ["install", "--quiet", "--disable-pip-version-check", "--no-input"];
        let mut build = program("pip");
        build.args(pip).arg("-r").arg(&to_build);
        persist(stage, |stage| quiet(stage, "pip install -r requirements-build.txt", &mut build))?;
        let mut install = program("pip");
        install.args(pip).args(["--no-compile", "--target"]).arg(&packages).arg("-r").arg(&needed);
        let shown = "pip install --target packages -r requirements.txt";
        persist(stage, |stage| quiet(stage, shown, &mut install))?;
        let out = |language: &str| format!("--{language}_out={}", packages.display());
        quiet(
            stage,
            "python -m grpc_tools.protoc proto/…",
            program("python")
                .args(["-m", "grpc_tools.protoc"])
                .arg(&proto_path)
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
    let source = sources(stage).join("clients");
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
            let shown = format!("pip install --target {name} -r requirements-{name}.txt");
            persist(stage, |stage| quiet(stage, &shown, &mut pip))?;
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
    let source = sources(stage).join(what);
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
        let mut npm = Command::new("npm");
        npm.args(options).current_dir(folder);
        persist(stage, |stage| quiet(stage, "npm ci", &mut npm))
    })
}

fn contents(files: &[&Path]) -> Result<Vec<Vec<u8>>> {
    files
        .iter()
        .map(|file| fs::read(file).with_context(|| format!("cannot read `{}`", file.display())))
        .collect()
}
