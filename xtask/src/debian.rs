//! Debian's packages, downloaded and unpacked without being installed: no root is needed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::flow::Stage;
use crate::kept::{persist, quiet};

/// A private folder is nothing that the user `_apt` could write to.
const SANDBOX: &[&str] = &["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"];

/// Downloads packages and unpacks them into a folder.
pub(crate) fn unpack(stage: &mut Stage<'_>, folder: &Path, packages: &[&str], to: &Path) -> Result<()> {
    let names = packages.join(" ");
    with_lists(stage, folder, |stage, lists| {
        let mut download = Command::new("apt-get");
        download.args(SANDBOX).args(lists).arg("download").args(packages).current_dir(folder);
        quiet(stage, &format!("apt-get download {names}"), &mut download)
    })?;
    for entry in fs::read_dir(folder).context("cannot read the folder of the downloads")? {
        let path = entry.context("cannot read the folder of the downloads")?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            quiet(stage, "dpkg-deb -x", Command::new("dpkg-deb").arg("-x").arg(&path).arg(to))?;
            fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// These packages, and of those that they need what the system does not have.
pub(crate) fn with_needs(stage: &mut Stage<'_>, folder: &Path, packages: &[&str]) -> Result<Vec<String>> {
    with_lists(stage, folder, |_, lists| {
        let mut simulated = Command::new("apt-get");
        simulated.args(SANDBOX).args(lists).args(["--simulate", "--reinstall", "--no-install-recommends"]);
        let simulated = simulated.arg("install").args(packages).stdin(Stdio::null()).output();
        let output = simulated.context("cannot start `apt-get`")?;
        if !output.status.success() {
            bail!("`apt-get --simulate install` says: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(to_install(&String::from_utf8_lossy(&output.stdout)))
    })
}

/// The packages that a simulated installation would install.
fn to_install(simulated: &str) -> Vec<String> {
    let names = simulated.lines().filter_map(|line| line.strip_prefix("Inst "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Tries with the system's own package lists, and with fresh ones of ours where it has none or old ones.
fn with_lists<T>(
    stage: &mut Stage<'_>,
    folder: &Path,
    mut attempt: impl FnMut(&mut Stage<'_>, &[String]) -> Result<T>,
) -> Result<T> {
    let error = match attempt(stage, &[]) {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    stage.answer("the system's package lists do not have them; fresh lists are read");
    let lists = private_lists(folder)?;
    let is_fresh = folder.join("apt/is-fresh");
    persist(stage, |stage| {
        if !is_fresh.is_file() {
            let mut update = Command::new("apt-get");
            update.args(SANDBOX).args(&lists).arg("update");
            quiet(stage, "apt-get update, into lists of our own", &mut update)
                .with_context(|| format!("{error:#}\nand fresh lists cannot be read"))?;
        }
        // A list that could not be read is only warned of: whether they are fresh shows here.
        let done = attempt(stage, &lists).inspect_err(|_| drop(fs::remove_file(&is_fresh)))?;
        fs::write(&is_fresh, "").context("cannot write beside the lists")?;
        Ok(done)
    })
}

/// Removes the lists of our own, if some were needed.
pub(crate) fn forget_lists(folder: &Path) {
    let _ = fs::remove_dir_all(folder.join("apt"));
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

/// Copies every library below a folder, links by what they lead to: packages cannot hold links.
pub(crate) fn collect_libraries(from: &Path, to: &Path) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::to_install;

    #[test]
    fn what_would_be_installed_is_read() {
        let simulated = "Reading package lists...\nInst libllvm15 (1:15.0.6-4+b1 Debian:12 [amd64])\n\
            Inst libvulkan1 [1.3.239.0-1] (1.3.239.0-1 Debian:12 [amd64])\nConf libvulkan1 (1.3.239.0-1)\n";
        assert_eq!(to_install(simulated), ["libllvm15", "libvulkan1"]);
    }
}
