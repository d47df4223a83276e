//! Which processes can take a session, kept in the order of R9, so that a choice does not look at every process.
//!
//! Per instance: how many processes there are of each fitness, and the idle ones by how long they are idle. Per fleet
//! and runtime version: the best idle process of each instance that is open for sessions, in the order of R9. That a
//! freshly idle process comes last needs no clock here: the longest idle comes first anyway.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::id::{FleetId, InstanceId, ProcessId};
use crate::instance::{Instance, InstanceStatus};
use crate::planted::planted;
use crate::process::{Fitness, Ineligible, Process};
use crate::time::Timestamp;

/// The best idle process of an instance, as R9 orders it among those of other instances.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Offer {
    weight: Reverse<u32>,
    live_sessions: Reverse<u32>,
    idle_since: Timestamp,
    pub(crate) process: ProcessId,
    pub(crate) instance: InstanceId,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pools {
    loads: BTreeMap<InstanceId, InstanceLoad>,
    offers: BTreeMap<(FleetId, u64), BTreeSet<Offer>>,
}

/// What the processes of one instance are doing.
#[derive(Clone, Debug, Default, PartialEq)]
struct InstanceLoad {
    /// Fleet and weight while it is open for sessions (G-3).
    open: Option<(FleetId, u32)>,
    /// How many processes cannot take a session, and why; by runtime version where that matters.
    unfit: BTreeMap<(Ineligible, u64), u32>,
    live_sessions: u32,
    activating: u32,
    /// By runtime version.
    idle: BTreeMap<u64, BTreeSet<(Timestamp, ProcessId)>>,
    offered: Vec<(u64, Offer)>,
}

impl InstanceLoad {
    fn is_empty(&self) -> bool {
        self.open.is_none() && self.unfit.is_empty() && self.idle.is_empty()
    }

    fn count(&mut self, process: &Process, fitness: Fitness, is_added: bool) {
        let step = |count: &mut u32| if is_added { *count += 1 } else { *count -= 1 };
        if fitness.is_hosting {
            step(&mut self.live_sessions);
        }
        if fitness.is_activating {
            step(&mut self.activating);
        }
        let version = fitness.runtime_version;
        match fitness.idle {
            Ok(since) => {
                let idle = self.idle.entry(version).or_default();
                if is_added {
                    idle.insert((since, process.id.clone()));
                } else {
                    idle.remove(&(since, process.id.clone()));
                }
                if idle.is_empty() {
                    self.idle.remove(&version);
                }
            }
            Err(reason) => {
                let count = self.unfit.entry((reason, version)).or_default();
                step(count);
                if *count == 0 {
                    self.unfit.remove(&(reason, version));
                }
            }
        }
    }

    fn make_offers(&self, id: &InstanceId) -> Vec<(u64, Offer)> {
        let Some((_, weight)) = &self.open else { return Vec::new() };
        let offer = |(version, idle): (&u64, &BTreeSet<(Timestamp, ProcessId)>)| {
            let (idle_since, process) = idle.first()?.clone();
            let live_sessions =
                if planted!(EmptiestFirst) { u32::MAX - self.live_sessions } else { self.live_sessions };
            let (weight, live_sessions) = (Reverse(*weight), Reverse(live_sessions));
            Some((*version, Offer { weight, live_sessions, idle_since, process, instance: id.clone() }))
        };
        self.idle.iter().filter_map(offer).collect()
    }
}

impl Pools {
    /// A process came, changed or went; the row gives what never changes.
    pub(crate) fn change_process(
        &mut self,
        process: &Process,
        before: Option<Fitness>,
        after: Option<Fitness>,
    ) {
        self.change(&process.instance, |load| {
            if let Some(before) = before {
                load.count(process, before, false);
            }
            if let Some(after) = after {
                load.count(process, after, true);
            }
        });
    }

    /// An instance came or changed. Says whether it is open for sessions in another way than before.
    pub(crate) fn set_instance(&mut self, instance: &Instance) -> bool {
        let is_open = match instance.status {
            InstanceStatus::Active => {
                let is_reserved = instance.reserved && !planted!(ReservedIsEligible);
                let has_weight = instance.weight > 0 || planted!(WeightZeroIsEligible);
                has_weight && !is_reserved
            }
            InstanceStatus::Pending | InstanceStatus::Leaving | InstanceStatus::Stopping => false,
        };
        let open = is_open.then(|| (instance.fleet.clone(), instance.weight));
        let before = self.loads.get(&instance.id).and_then(|load| load.open.clone());
        let is_opened = open.is_some() && before != open;
        self.change(&instance.id, |load| load.open = open);
        is_opened
    }

    /// An instance went.
    pub(crate) fn close_instance(&mut self, id: &InstanceId) {
        self.change(id, |load| load.open = None);
    }

    fn change(&mut self, id: &InstanceId, change: impl FnOnce(&mut InstanceLoad)) {
        let load = self.loads.entry(id.clone()).or_default();
        let fleet = load.open.clone();
        change(load);
        let offers = load.make_offers(id);
        if offers != load.offered {
            for (version, offer) in std::mem::take(&mut load.offered) {
                let (fleet, _) = fleet.as_ref().expect("only an open instance has offers");
                let pool = (fleet.clone(), version);
                if let Some(offers) = self.offers.get_mut(&pool) {
                    offers.remove(&offer);
                    if offers.is_empty() {
                        self.offers.remove(&pool);
                    }
                }
            }
            for (version, offer) in &offers {
                let (fleet, _) = load.open.as_ref().expect("only an open instance has offers");
                self.offers.entry((fleet.clone(), *version)).or_default().insert(offer.clone());
            }
            load.offered = offers;
        }
        if load.is_empty() {
            self.loads.remove(id);
        }
    }

    /// The best idle process of each open instance, the best of all first.
    pub(crate) fn offers(&self, fleet: &FleetId, version: u64) -> impl Iterator<Item = &Offer> {
        self.offers.get(&(fleet.clone(), version)).into_iter().flatten()
    }

    /// How many sessions are being activated on an instance.
    pub(crate) fn activating(&self, id: &InstanceId) -> u32 {
        self.loads.get(id).map_or(0, |load| load.activating)
    }

    /// How many live sessions an instance has.
    pub(crate) fn live_sessions(&self, id: &InstanceId) -> u32 {
        self.loads.get(id).map_or(0, |load| load.live_sessions)
    }

    /// How many processes of an instance cannot take a session of that runtime version, and why; then how many could.
    pub(crate) fn unfit(&self, id: &InstanceId, version: u64) -> (BTreeMap<Ineligible, u32>, u32) {
        let mut unfit: BTreeMap<Ineligible, u32> = BTreeMap::new();
        let mut fit = 0;
        let Some(load) = self.loads.get(id) else { return (unfit, fit) };
        for (&(reason, of), count) in &load.unfit {
            let is_old = reason == Ineligible::Busy && of != version;
            *unfit.entry(if is_old { Ineligible::OldConfiguration } else { reason }).or_default() += count;
        }
        for (&of, idle) in &load.idle {
            let count = u32::try_from(idle.len()).unwrap_or(u32::MAX);
            if of == version {
                fit += count;
            } else {
                *unfit.entry(Ineligible::OldConfiguration).or_default() += count;
            }
        }
        (unfit, fit)
    }
}
