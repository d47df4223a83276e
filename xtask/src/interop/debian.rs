//! A game server out of Debian's packages, downloaded and unpacked without being installed: no root is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::install::{Cache, version};
use super::package;
use crate::debian::{collect_libraries, forget_lists, unpack};
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
        forget_lists(folder);
        fs::remove_dir_all(&unpacked).context("cannot remove what was unpacked")
    })
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
