//! Install scripts: started like a game server, in a group of their own, and ended with all that they started.

use std::collections::BTreeSet;
use std::time::Duration;

use gse_core::id::{FleetId, InstanceId, ProcessId};
use gse_core::supervisor::{Input, Signal};

use super::Owner;
use crate::child::{self, Launch};
use crate::random::random_hex;
use crate::slot::{self, SlotDir};
use crate::strays;

/// What an install script is called among the processes of a slot.
pub(super) fn script_of(instance: &InstanceId) -> ProcessId {
    ProcessId::new(format!("install-{instance}"))
}

impl Owner {
    pub(super) fn run_script(&mut self, instance: InstanceId, fleet: FleetId, within: Duration) {
        let process = script_of(&instance);
        let dir = SlotDir::new(&self.slots, &instance);
        let output = self.outputs.files(&fleet, &instance, &process);
        let (Some(dir), Some(output)) = (dir, output) else {
            let outcome = Err(format!("`{fleet}` or `{instance}` cannot name a file"));
            self.inputs.push_back(Input::InstallScriptEnded { instance, outcome, log: String::new() });
            return;
        };
        let token = random_hex();
        let launch = Launch {
            process: process.clone(),
            fleet: fleet.clone(),
            executable: "bash".into(),
            arguments: vec![slot::INSTALL_SCRIPT.into()],
            game: dir.game(),
            slot: dir.root().to_owned(),
            output,
            agent_address: self.agent_address.clone(),
            token: token.clone(),
            open_files: self.config.open_files_of_games,
        };
        match child::start(launch) {
            Ok(running) => {
                self.children.insert(process.clone(), running.signals.clone());
                self.work.spawn(async move {
                    let (outcome, log) = running.watch_script(within).await;
                    // What it started elsewhere goes with it, as with a game server.
                    let tokens = BTreeSet::from([token]);
                    let _ = tokio::task::spawn_blocking(move || strays::end(&tokens)).await;
                    Some(Input::InstallScriptEnded { instance, outcome, log })
                });
            }
            Err(error) => {
                let outcome = Err(format!("`bash` cannot be started: {error}"));
                self.inputs.push_back(Input::InstallScriptEnded { instance, outcome, log: String::new() });
            }
        }
        self.prune_outputs(fleet);
    }

    pub(super) fn stop_script(&self, instance: &InstanceId) {
        if let Some(script) = self.children.get(&script_of(instance)) {
            // Full: it is being killed already.
            let _ = script.try_send(Signal::Kill);
        }
    }
}
