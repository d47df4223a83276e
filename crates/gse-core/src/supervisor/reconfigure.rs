//! A newer runtime configuration for a slot that runs (F-23).
//!
//! Entries are compared by path and parameters. What stays keeps its processes and its back-off, what is new is looked up
//! and started, and of what is gone or has become less those are killed that never were ready. Processes that were ready
//! are the control plane's to end: it knows which of them it is giving a session to.

use std::cmp::Reverse;

use crate::host::{InstanceSpec, ProcessEnd};
use crate::id::{InstanceId, ProcessId};
use crate::supervisor::record::{Origin, Phase};
use crate::supervisor::slot::{Entry, SlotPhase};
use crate::supervisor::{HostCx, Supervisor};

impl Supervisor {
    pub(super) fn reconfigure(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId, spec: InstanceSpec) {
        let entries = self.slots.get(instance).map_or(0, |slot| slot.entries.len());
        let is_empty: Vec<bool> = (0..entries).map(|entry| self.running(instance, entry) == 0).collect();
        let Some(slot) = self.slot_mut(instance) else { return };
        cx.note(format!("`{instance}` takes over version {} of its configuration", spec.runtime_version));
        let mut unmatched: Vec<usize> = (0..entries).collect();
        let mut new = Vec::new();
        let before: Vec<_> = slot.entries.iter().map(|entry| entry.process.clone()).collect();
        slot.entries.iter_mut().for_each(|entry| entry.process.concurrent_executions = 0);
        for wanted in &spec.server_processes {
            // Of two entries of the same words the one that is in use comes first.
            let same =
                unmatched.iter().enumerate().filter(|(_, entry)| before[**entry].key() == wanted.key());
            let found = same.min_by_key(|(_, entry)| Reverse(before[**entry].concurrent_executions));
            match found.map(|(at, _)| at) {
                Some(at) => slot.entries[unmatched.swap_remove(at)].process = wanted.clone(),
                None => new.push(wanted.clone()),
            }
        }
        // The places of entries of which nothing is left are used again, so that changes cannot add up.
        let mut free = unmatched.into_iter().filter(|entry| is_empty[*entry]);
        for process in new {
            let entry = Entry::new(process);
            match free.next() {
                Some(place) => slot.entries[place] = entry,
                None => slot.entries.push(entry),
            }
        }
        slot.spec = InstanceSpec { trial: slot.spec.trial, ..spec };
        let phase = slot.phase;
        self.end_surplus(cx, instance);
        match phase {
            SlotPhase::Resolving | SlotPhase::Running => self.look_up_launch_paths(cx, instance),
            // Looked up when it is unpacked, or not at all.
            SlotPhase::Preparing | SlotPhase::Installing | SlotPhase::Failed | SlotPhase::Removing => {}
        }
    }

    /// The youngest first.
    fn end_surplus(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId) {
        let counts: Vec<usize> = self
            .slots
            .get(instance)
            .map_or(Vec::new(), |slot| slot.entries.iter().map(Entry::count).collect());
        for (entry, count) in counts.into_iter().enumerate() {
            let surplus = self.running(instance, entry).saturating_sub(count);
            let mut young: Vec<_> = self
                .alive_on(instance)
                .filter(|process| process.origin == Origin::Launched { entry } && process.doomed.is_none())
                .filter(|process| matches!(process.phase, Phase::Spawning | Phase::Activating { .. }))
                .map(|process| Reverse((process.started_at, process.id.clone())))
                .collect();
            young.sort();
            let surplus: Vec<ProcessId> =
                young.into_iter().map(|Reverse((_, id))| id).take(surplus).collect();
            for process in surplus {
                cx.note(format!("process `{process}` is not wanted by the new configuration and is killed"));
                self.kill(cx, &process, ProcessEnd::Terminated);
            }
        }
    }
}
