//! The software renderer: Mesa's, of the system or out of Debian's packages.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::debian::{collect_libraries, forget_lists, unpack, with_needs};
use crate::flow::Stage;
use crate::kept::{Cache, version};

/// The Debian packages that bring the loader and the renderer.
pub(super) const PACKAGES: &[&str] = &["libvulkan1", "mesa-vulkan-drivers"];
/// Where a system says which drivers it has.
const DRIVERS: &[&str] = &["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
/// The renderer, by the name of its library.
const RENDERER: &str = "libvulkan_lvp.so";
/// Changes when what is kept is put together in another way.
const RECIPE: &[u8] = b"vulkan 1";

/// A renderer, and how a program is told to use it.
pub(super) struct Driver {
    /// The file that names the renderer's library.
    manifest: PathBuf,
    /// Where the libraries are that the system does not have.
    libraries: Option<PathBuf>,
}

impl Driver {
    /// The one that the system has, if it has the loader too.
    pub(super) fn of_system() -> Option<Driver> {
        let is_renderer = |path: &PathBuf| {
            path.extension().is_some_and(|extension| extension == "json")
                && fs::read_to_string(path).is_ok_and(|text| text.contains(RENDERER))
        };
        let manifests = DRIVERS.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
        let manifest = manifests.filter_map(|entry| Some(entry.ok()?.path())).find(is_renderer)?;
        let known = ["ldconfig", "/sbin/ldconfig"].into_iter().find_map(|program| {
            let output = Command::new(program).arg("-p").stdin(Stdio::null()).output().ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        });
        known?.contains("libvulkan.so.1").then_some(Driver { manifest, libraries: None })
    }

    /// Which it is, for a reader.
    pub(super) fn told(&self) -> String {
        let from = if self.libraries.is_some() { "downloaded" } else { "the system's" };
        format!("the renderer is {from}: {}", self.manifest.display())
    }

    /// Lets a program draw with this renderer and nothing else. `folder` is for what it writes at run time.
    pub(super) fn apply(&self, program: &mut Command, folder: &Path) {
        program.env("VK_ICD_FILENAMES", &self.manifest).env("VK_DRIVER_FILES", &self.manifest);
        program.env("WGPU_BACKEND", "vulkan").env("XDG_RUNTIME_DIR", folder);
        program.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        if let Some(libraries) = &self.libraries {
            let mut path = OsString::from(libraries);
            if let Some(more) = std::env::var_os("LD_LIBRARY_PATH").filter(|more| !more.is_empty()) {
                path.push(":");
                path.push(more);
            }
            program.env("LD_LIBRARY_PATH", path);
        }
    }
}

/// The renderer out of Debian's packages, without root; kept for the next run.
pub(super) fn download(stage: &mut Stage<'_>, cache: &Cache) -> Result<Driver> {
    let missing = |error: anyhow::Error| {
        error.context(format!(
            "the system has no Vulkan, and it can be downloaded on Debian only: `{}`",
            PACKAGES.join(" ")
        ))
    };
    let architecture = version("dpkg", &["--print-architecture"]).map_err(missing)?;
    let system = fs::read("/etc/os-release").context("cannot read `/etc/os-release`")?;
    let folder = cache.keep(stage, "vulkan", &[RECIPE.to_vec(), architecture, system], |stage, folder| {
        let unpacked = folder.join("unpacked");
        let packages = with_needs(stage, folder, PACKAGES)?;
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        unpack(stage, folder, &packages, &unpacked)?;
        forget_lists(folder);
        let libraries = folder.join("lib");
        for part in ["usr/lib", "lib"] {
            collect_libraries(&unpacked.join(part), &libraries)?;
        }
        for library in ["libvulkan.so.1", RENDERER] {
            if !libraries.join(library).is_file() {
                bail!("the packages bring no `{library}`: {}", packages.join(" "));
            }
        }
        // Only the name: the library is found where the others are.
        let manifest = serde_json::json!({
            "ICD": { "api_version": "1.1.0", "library_path": RENDERER },
            "file_format_version": "1.0.0",
        });
        fs::write(folder.join("renderer.json"), manifest.to_string())
            .context("cannot write the renderer's manifest")?;
        fs::remove_dir_all(&unpacked).context("cannot remove what was unpacked")
    })?;
    Ok(Driver { manifest: folder.join("renderer.json"), libraries: Some(folder.join("lib")) })
}
