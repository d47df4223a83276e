//! Logs of sessions: queued, packed a few at a time, told to the supervisor.

use gse_core::id::{FleetId, GameServerSessionId, InstanceId, ProcessId};
use gse_core::supervisor::Input;

use super::Owner;
use crate::agent::packing_dir;
use crate::logs::{self, Collection};
use crate::random::random_hex;
use crate::slot::SlotDir;

/// Logs of sessions that are packed at a time.
const COLLECTING_MOST: usize = 2;

impl Owner {
    pub(super) fn collect_logs(
        &mut self,
        (process, session): (ProcessId, GameServerSessionId),
        instance: &InstanceId,
        fleet: &FleetId,
        log_paths: Vec<String>,
    ) {
        let dir = SlotDir::new(&self.slots, instance);
        let output = self.outputs.files(fleet, instance, &process);
        let (Some(dir), Some(output)) = (dir, output) else {
            let outcome = Err(format!("`{fleet}` or `{instance}` cannot name a file"));
            self.collecting += 1;
            self.inputs.push_back(Input::LogsCollected { process, session, outcome });
            return;
        };
        let collection = Collection {
            game: dir.game(),
            output,
            log_paths,
            most_bytes: self.config.session_log_bytes,
            within: self.config.clocks.log_collect,
        };
        self.collections.push_back((process, session, collection));
    }

    pub(super) fn pack_logs(&mut self) {
        while self.collecting < COLLECTING_MOST
            && let Some((process, session, collection)) = self.collections.pop_front()
        {
            self.collecting += 1;
            let file = packing_dir(&self.config.data_dir).join(format!("{}.zip", random_hex()));
            let keep = logs::keep(collection, file, self.uplink.clone());
            self.work.spawn(async move {
                let outcome = keep.await;
                Some(Input::LogsCollected { process, session, outcome })
            });
        }
    }
}
