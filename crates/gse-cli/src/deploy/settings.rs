//! What the flags ask of a new fleet: changes to the settings that are copied, or those of the first fleet.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use clap::Args;
use gse_api::types::{
    FleetAttributes, InboundPermissionInput, RuntimeConfiguration, RuntimeConfigurationInput, ServerProcesse,
    ServerProcesseInput,
};

use crate::failure::Failure;

/// Where a package lies on an instance.
const PACKAGE_ROOT: &str = "/local/game/";
/// Of the first fleet, when no flag says another.
pub(crate) const INSTANCE_TYPE: &str = "S5.LARGE8";

/// Settings of the new fleet.
#[derive(Debug, Default, Args)]
pub(crate) struct Settings {
    /// What is started, from the root of the build; that of the fleet before if absent.
    #[arg(long, value_name = "PATH")]
    pub(super) launch: Option<String>,
    /// Its command line.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) parameters: Option<String>,
    /// So many processes on each instance, 1 to 50.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=50))]
    pub(super) processes: Option<u64>,
    /// The instance type.
    #[arg(long, value_name = "TYPE")]
    pub(super) instance_type: Option<String>,
}

impl Settings {
    /// Whether a fleet is as the flags want it already.
    pub(super) fn are_those_of(&self, fleet: &FleetAttributes, runtime: &RuntimeConfiguration) -> bool {
        let as_wanted = |entry: &ServerProcesse| {
            self.launch_path().is_none_or(|path| entry.launch_path == path)
                && self.parameters.as_ref().is_none_or(|text| entry.parameters == *text)
                && self.processes.is_none_or(|count| entry.concurrent_executions == count)
        };
        self.instance_type.as_ref().is_none_or(|wanted| fleet.instance_type == *wanted)
            && (!self.name_processes() || matches!(&*runtime.server_processes, [entry] if as_wanted(entry)))
    }

    /// What replaces the runtime configuration of the fleet that is copied.
    pub(super) fn runtime(
        &self,
        source: &[ServerProcesse],
    ) -> Result<Option<RuntimeConfigurationInput>, Failure> {
        if !self.name_processes() {
            return Ok(None);
        }
        let entry = match (source, self.launch_path()) {
            ([entry], _) => entry.clone(),
            (_, Some(_)) => ServerProcesse { concurrent_executions: 1, ..Default::default() },
            (several, None) => {
                let count = several.len();
                let error = format!("the fleet that is copied has {count} launch entries: which is meant?");
                return Err(Failure::usage(error).hint(
                    "change them with UpdateRuntimeConfiguration first, or say the only one with --launch",
                ));
            }
        };
        Ok(Some(one_entry(
            self.launch_path().unwrap_or(entry.launch_path),
            self.parameters.clone().unwrap_or(entry.parameters),
            self.processes.unwrap_or(entry.concurrent_executions),
        )))
    }

    /// The runtime configuration of the first fleet of an alias.
    pub(super) fn first_runtime(&self, folder: &Path) -> Result<RuntimeConfigurationInput, Failure> {
        let path = match self.launch_path() {
            Some(path) => path,
            None => format!("{PACKAGE_ROOT}{}", only_executable(folder)?),
        };
        Ok(one_entry(path, self.parameters.clone().unwrap_or_default(), self.processes.unwrap_or(1)))
    }

    fn name_processes(&self) -> bool {
        self.launch.is_some() || self.parameters.is_some() || self.processes.is_some()
    }

    fn launch_path(&self) -> Option<String> {
        self.launch.as_deref().map(launch_path)
    }
}

/// `--launch server`, `--launch ./server` and `--launch /local/game/server` are one.
pub(crate) fn launch_path(path: &str) -> String {
    let below = path.strip_prefix(PACKAGE_ROOT).or(path.strip_prefix("./")).unwrap_or(path);
    // Another absolute path stays what it is, for the service to refuse.
    if below.starts_with('/') { below.to_owned() } else { format!("{PACKAGE_ROOT}{below}") }
}

fn one_entry(launch_path: String, parameters: String, count: u64) -> RuntimeConfigurationInput {
    let entry = ServerProcesseInput {
        launch_path: Some(launch_path),
        parameters: Some(parameters),
        concurrent_executions: Some(count),
    };
    RuntimeConfigurationInput { server_processes: Some(vec![entry]), ..Default::default() }
}

/// Everything that a fleet can open; which port a game server takes is its choice (F-14).
pub(crate) fn open_to_players() -> Vec<InboundPermissionInput> {
    let open = |protocol: &str| InboundPermissionInput {
        from_port: Some(1025),
        to_port: Some(60000),
        ip_range: Some("0.0.0.0/0".into()),
        protocol: Some(protocol.into()),
    };
    vec![open("TCP"), open("UDP")]
}

/// The one file in the root of a build that can be started.
fn only_executable(folder: &Path) -> Result<String, Failure> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            entry.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
        })
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name != "install.sh")
        .collect();
    names.sort();
    match &*names {
        [name] => Ok(name.clone()),
        [] => Err(Failure::usage(format!("no file in the root of `{}` can be executed", folder.display()))
            .hint("say with --launch what is to be started")),
        several => Err(Failure::usage(format!("which is to be started: `{}`?", several.join("`, `")))
            .hint("say it with --launch")),
    }
}
