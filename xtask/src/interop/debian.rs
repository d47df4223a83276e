//! A game server out of Debian's packages, downloaded and unpacked without being installed: no root is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::install::{Cache, quiet, version};
use super::package;
use crate::flow::Stage;

const PACKAGES: &[&str] = &["teeworlds-server", "teeworlds-data"];
/// What a server reads, and by what it knows its data; the rest is for those who see and hear.
const DATA: &[&str] = &["maps", "mapres"];
/// Which package brings a library of the server, should the system not have it.
const LIBRARIES: &[(&str, &str)] =
    &[("libz.so", "zlib1g"), ("libstdc++.so", "libstdc++6"), ("libgcc_s.so", "libgcc-s1")];
/// Changes when what is kept is put together in another way.
const RECIPE: &[u8] = b"teeworlds 2";

/// A folder with `teeworlds-server`, `data` and, where the system lacks a library, `lib`.
pub(super) fn teeworlds(stage: &mut Stage<'_>, cache: &Cache) -> Result<PathBuf> {
    let architecture = version("dpkg", &["--print-architecture"])?;
    let system = fs::read("/etc/os-release").context("cannot read `/etc/os-release`")?;
    cache.keep(stage, "teeworlds", &[RECIPE.to_vec(), architecture, system], |stage, folder| {
        let unpacked = folder.join("unpacked");
        unpack(stage, folder, PACKAGES, &unpacked)?;
        let server = folder.join("teeworlds-server");
        fs::rename(unpacked.join("usr/games/teeworlds-server"), &server)
            .context("the package brings no `usr/games/teeworlds-server`")?;
        fs::create_dir(folder.join("data")).context("cannot make a folder for the maps")?;
        for part in DATA {
            fs::rename(
                unpacked.join("usr/share/games/teeworlds/data").join(part),
                folder.join("data").join(part),
            )
            .with_context(|| format!("the package brings no `usr/share/games/teeworlds/data/{part}`"))?;
        }
        let needed =
            Command::new("ldd").arg(&server).stdin(Stdio::null()).output().context("cannot start `ldd`")?;
        let missing = missing(&String::from_utf8_lossy(&needed.stdout))?;
        if !missing.is_empty() {
            unpack(stage, folder, &missing, &unpacked)?;
            for libraries in ["usr/lib", "lib"] {
                collect_libraries(&unpacked.join(libraries), &folder.join("lib"))?;
            }
        }
        fs::remove_dir_all(&unpacked).context("cannot remove what was unpacked")
    })
}

/// Downloads packages by the system's own lists, or by fresh ones of ours where it has none or old ones, and unpacks
/// them.
pub(super) fn unpack(stage: &mut Stage<'_>, folder: &Path, packages: &[&str], to: &Path) -> Result<()> {
    let mut arguments = vec!["download"];
    arguments.extend(packages);
    apt_get(stage, folder, &arguments)?;
    extract(stage, folder, to)
}

/// The same with everything that the packages depend on and this system does not have.
pub(super) fn unpack_whole(stage: &mut Stage<'_>, folder: &Path, packages: &[&str], to: &Path) -> Result<()> {
    let archives = folder.join("archives");
    fs::create_dir_all(archives.join("partial")).context("cannot make a folder for packages")?;
    // Nothing is installed, so nothing needs to be locked.
    let here = format!("Dir::Cache::archives={}/", archives.display());
    let mut arguments = vec!["-o", "Debug::NoLocking=1", "-o", &here];
    arguments.extend(["--download-only", "--no-install-recommends", "--reinstall", "--yes", "install"]);
    arguments.extend(packages);
    apt_get(stage, folder, &arguments)?;
    extract(stage, &archives, to)?;
    fs::remove_dir_all(&archives).context("cannot remove what was downloaded")
}

/// By the system's own lists, or by fresh ones of ours.
fn apt_get(stage: &mut Stage<'_>, folder: &Path, arguments: &[&str]) -> Result<()> {
    let words: Vec<&str> =
        arguments.iter().copied().filter(|word| !word.contains("::") && *word != "-o").collect();
    let shown = format!("apt-get {}", words.join(" "));
    // A private folder is nothing that the user `_apt` could write to.
    let sandbox = ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"];
    let mut download = Command::new("apt-get");
    download.args(sandbox).args(arguments).current_dir(folder);
    let Err(error) = quiet(stage, &shown, &mut download) else { return Ok(()) };
    stage.answer("the system's package lists do not have them; fresh lists are read");
    let lists = private_lists(folder)?;
    let mut update = Command::new("apt-get");
    update.args(sandbox).args(&lists).arg("update");
    quiet(stage, "apt-get update, into lists of our own", &mut update)
        .with_context(|| format!("{error:#}\nand fresh lists cannot be read"))?;
    let mut download = Command::new("apt-get");
    download.args(sandbox).args(&lists).args(arguments).current_dir(folder);
    quiet(stage, &shown, &mut download)?;
    let _ = fs::remove_dir_all(folder.join("apt"));
    Ok(())
}

/// Unpacks every package in a folder, and removes it.
fn extract(stage: &mut Stage<'_>, folder: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).context("cannot read the folder of the downloads")? {
        let path = entry.context("cannot read the folder of the downloads")?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            quiet(stage, "dpkg-deb -x", Command::new("dpkg-deb").arg("-x").arg(&path).arg(to))?;
            fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// The options that keep apt's lists and caches in a folder that anybody may write.
fn private_lists(folder: &Path) -> Result<Vec<String>> {
    let apt = folder.join("apt");
    for name in ["state/lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(apt.join(name)).context("cannot make a folder for package lists")?;
    }
    let set = |key: &str, value: String| ["-o".to_owned(), format!("{key}={value}")];
    let options = [
        set("Dir::State", apt.join("state").display().to_string()),
        set("Dir::State::status", "/var/lib/dpkg/status".to_owned()),
        set("Dir::Cache", apt.join("cache").display().to_string()),
    ];
    Ok(options.concat())
}

/// The packages whose libraries `ldd` did not find.
fn missing(ldd: &str) -> Result<Vec<&'static str>> {
    let lines = ldd.lines().filter(|line| line.contains("not found"));
    lines
        .map(|line| {
            let known = LIBRARIES.iter().find(|(library, _)| line.trim_start().starts_with(library));
            match known {
                Some((_, package)) => Ok(*package),
                None => bail!("no package is known for `{}`\n  hint: add it to `LIBRARIES`", line.trim()),
            }
        })
        .collect()
}

/// Copies every library below a folder, links by what they lead to: packages cannot hold links.
fn collect_libraries(from: &Path, to: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries {
        let path = entry.context("cannot read what was unpacked")?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            collect_libraries(&path, to)?;
        } else if name.contains(".so") && path.exists() {
            fs::create_dir_all(to).context("cannot make a folder for libraries")?;
            fs::copy(&path, to.join(&name)).with_context(|| format!("cannot copy `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// The package: the server, gse-wrap and the script that starts them.
pub(super) fn assemble(stage: &Stage<'_>, installed: &Path, name: &str) -> Result<PathBuf> {
    let folder = stage.directory.join(name);
    package::add(installed, &folder)?;
    package::add(&stage.workspace.program("gse-wrap")?, &folder.join("gse-wrap"))?;
    package::add(&stage.workspace.root.join("tests/interop/teeworlds/start.sh"), &folder.join("start.sh"))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn what_the_system_lacks_is_named_by_package() {
        let ldd =
            "\tlibz.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x7f)\n\tlibgcc_s.so.1 => not found\n";
        assert_eq!(missing(ldd).unwrap(), ["zlib1g", "libgcc-s1"]);
        assert_eq!(missing("\tlibm.so.6 => /lib/libm.so.6 (0x7f)\n").unwrap(), Vec::<&str>::new());
        assert!(missing("\tlibodd.so.1 => not found\n").is_err());
    }
}
