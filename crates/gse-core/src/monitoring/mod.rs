//! Monitoring: what fleets, queues and instances do, once per `metrics.period` (operations.md 9.1 to 9.3).
//!
//! The figures decide nothing and are no rows. They are kept beside a replica of the state: `tally` follows each change,
//! `series` keeps the samples, `usage` makes figures of what hosts measure. The shell gives time, changes and readings.
//!
//! Bounds: a day of samples and a week of hours of each resource, and of the newest `RESOURCES_MOST` resources.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::error::Error;
use crate::fleet::{self, Fleet, FleetStatus};
use crate::id::{FleetId, InstanceId, Region, Scope};
use crate::queue::{self, QueueKey};
use crate::state::{Change, State};
use crate::time::Timestamp;

mod metric;
mod question;
mod series;
mod tally;
mod usage;

pub use metric::{FLEET, INSTANCE, Metric, MetricKind, NOT_MEASURED, PLACEMENT_IN, QUEUE};
pub use question::{Column, MonitoringAnswer, MonitoringQuery};
pub use series::{Part, Summary, Value, Window};
pub use usage::{HostReading, InstanceUsage, SystemUsage, belonging, measure};

use metric::{FLEET_COUNTS, QUEUE_COUNTS};
use series::Series;
use tally::{FleetTally, InstanceTally, QueueTally, Tally};

/// Resources that values are kept of.
const RESOURCES_MOST: usize = 1024;
/// Resources without a sample for so long are forgotten.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// A measurement that is older than so many periods says nothing about now.
const MEASURED_PERIODS: u32 = 2;

/// What has values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A fleet, by `FLEET`.
    Fleet(FleetId),
    /// A queue, by `QUEUE`.
    Queue(QueueKey),
    /// A queue in a region, by `PLACEMENT_IN`.
    PlacementIn(QueueKey, Region),
    /// An instance, by `INSTANCE`.
    Instance(InstanceId),
}

impl Resource {
    /// Its metrics.
    pub fn metrics(&self) -> &'static [Metric] {
        match self {
            Self::Fleet(_) => FLEET,
            Self::Queue(_) => QUEUE,
            Self::PlacementIn(..) => PLACEMENT_IN,
            Self::Instance(_) => INSTANCE,
        }
    }
}

/// Whose values they are, and of what: only who owns it may see them.
#[derive(Clone, Debug)]
struct Kept {
    scope: Scope,
    series: Series,
}

/// Everything that is measured.
#[derive(Clone, Debug)]
pub struct Monitor {
    period_ms: i64,
    /// The period that runs, as a number since 1970.
    current: i64,
    tally: Tally,
    reported_fleets: BTreeMap<FleetId, [u64; FLEET_COUNTS]>,
    reported_queues: BTreeMap<QueueKey, [u64; QUEUE_COUNTS]>,
    reported_regions: BTreeMap<(QueueKey, Region), u64>,
    usages: BTreeMap<InstanceId, (Timestamp, InstanceUsage)>,
    kept: BTreeMap<Resource, Kept>,
    commits: Commits,
}

/// What was made durable since the start of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commits {
    /// Groups of steps.
    pub groups: u64,
    /// Changes in all of them.
    pub changes: u64,
}

/// The values of one resource now: those that a sample would have, with counters since the start of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// What has them.
    pub resource: Resource,
    /// Its region.
    pub region: Region,
    /// By `Resource::metrics`.
    pub values: Vec<Value>,
}

impl Monitor {
    /// Begins with a state, at a time.
    pub fn new(state: &State, now: Timestamp, period: Duration) -> Self {
        let period_ms = i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1);
        Self {
            period_ms,
            current: now.millis().div_euclid(period_ms),
            tally: Tally::of(state),
            reported_fleets: BTreeMap::new(),
            reported_queues: BTreeMap::new(),
            reported_regions: BTreeMap::new(),
            usages: BTreeMap::new(),
            kept: BTreeMap::new(),
            commits: Commits::default(),
        }
    }

    /// A group of so many changes became durable.
    pub fn committed(&mut self, changes: usize) {
        self.commits.groups += 1;
        self.commits.changes += u64::try_from(changes).unwrap_or(u64::MAX);
    }

    /// What became durable.
    pub fn commits(&self) -> Commits {
        self.commits
    }

    /// A change that `state` is about to follow.
    pub fn see(&mut self, state: &State, change: &Change) {
        self.tally.see(state, change);
    }

    /// What a host measured.
    pub fn measured(&mut self, now: Timestamp, usages: Vec<(InstanceId, InstanceUsage)>) {
        self.usages.extend(usages.into_iter().map(|(instance, usage)| (instance, (now, usage))));
    }

    /// When the next sample is to be taken.
    pub fn due(&self) -> Timestamp {
        Timestamp::from_millis((self.current + 1).saturating_mul(self.period_ms))
    }

    /// Takes a sample if one is due. What was missed is not made up: its counts are in the sample that is taken.
    pub fn on_time(&mut self, state: &State, now: Timestamp) {
        let running = now.millis().div_euclid(self.period_ms);
        if running <= self.current {
            return;
        }
        self.current = running;
        let begin = Timestamp::from_millis((running - 1).saturating_mul(self.period_ms));
        self.forget(state, now);
        for (scope, resource, values) in self.samples(state, now) {
            self.keep(scope, resource, begin, &values);
        }
    }

    /// The periods of a window in which something was sampled.
    fn read(&self, resource: &Resource, window: Window) -> Vec<Part> {
        self.kept.get(resource).map(|kept| kept.series.parts(window)).unwrap_or_default()
    }

    /// The regions that a queue has values of.
    fn regions_of(&self, queue: &QueueKey) -> Vec<Region> {
        let of_queue = |resource: &Resource| match resource {
            Resource::PlacementIn(key, region) if key == queue => Some(region.clone()),
            _ => None,
        };
        self.kept.keys().filter_map(of_queue).collect()
    }

    /// Whether values can be asked for: what exists, and an instance that is gone as long as its values are kept.
    fn check(&self, state: &State, scope: &Scope, resource: &Resource) -> Result<(), Error> {
        match resource {
            Resource::Fleet(id) => fleet::find(state, scope, id).map(drop),
            Resource::Queue(key) | Resource::PlacementIn(key, _) => {
                queue::find(state, scope, &key.name).map(drop)
            }
            Resource::Instance(id) => {
                let is_there = state.instances.get(id).is_some_and(|instance| instance.scope == *scope);
                let was_there = self.kept.get(resource).is_some_and(|kept| kept.scope == *scope);
                if is_there || was_there { Ok(()) } else { Err(Error::InstanceNotFound(id.clone())) }
            }
        }
    }

    /// The values of all fleets and queues now.
    pub fn now(&self, state: &State, now: Timestamp) -> Vec<Current> {
        let fleets = fleets(state).map(|fleet| {
            let tally = self.tally.fleets.get(&fleet.id).cloned().unwrap_or_default();
            let mut values = self.fleet_gauges(state, fleet, &tally);
            values.extend(tally.counts.map(whole));
            let (resource, region) = (Resource::Fleet(fleet.id.clone()), fleet.scope.region.clone());
            Current { resource, region, values }
        });
        let queues = state.queues.values().flat_map(|queue| {
            let key = queue.key();
            let tally = self.tally.queues.get(&key).cloned().unwrap_or_default();
            let mut values = queue_gauges(&tally, now);
            values.extend(tally.counts.map(whole));
            let region = key.scope.region.clone();
            let placed = tally.placed_in.into_iter().map({
                let (key, region) = (key.clone(), region.clone());
                move |(to, count)| {
                    let (resource, values) = (Resource::PlacementIn(key.clone(), to), vec![whole(count)]);
                    Current { resource, region: region.clone(), values }
                }
            });
            let own = Current { resource: Resource::Queue(key), region, values };
            std::iter::once(own).chain(placed).collect::<Vec<_>>()
        });
        fleets.chain(queues).collect()
    }

    /// What each resource is now, counters since the last sample.
    fn samples(&mut self, state: &State, now: Timestamp) -> Vec<(Scope, Resource, Vec<Value>)> {
        let mut samples = Vec::new();
        for fleet in fleets(state) {
            let tally = self.tally.fleets.get(&fleet.id).cloned().unwrap_or_default();
            let mut values = self.fleet_gauges(state, fleet, &tally);
            let reported = self.reported_fleets.insert(fleet.id.clone(), tally.counts);
            values.extend(since(reported.unwrap_or_default(), tally.counts));
            samples.push((fleet.scope.clone(), Resource::Fleet(fleet.id.clone()), values));
        }
        for instance in state.instances.values() {
            let tally = self.tally.instances.get(&instance.id).cloned().unwrap_or_default();
            let values = self.instance_gauges(&instance.id, &tally, now);
            samples.push((instance.scope.clone(), Resource::Instance(instance.id.clone()), values));
        }
        for queue in state.queues.values() {
            let key = queue.key();
            let tally = self.tally.queues.get(&key).cloned().unwrap_or_default();
            let mut values = queue_gauges(&tally, now);
            let reported = self.reported_queues.insert(key.clone(), tally.counts);
            values.extend(since(reported.unwrap_or_default(), tally.counts));
            samples.push((queue.scope.clone(), Resource::Queue(key.clone()), values));
            for (region, count) in tally.placed_in {
                let reported = self.reported_regions.insert((key.clone(), region.clone()), count);
                let more = count.saturating_sub(reported.unwrap_or_default());
                let resource = Resource::PlacementIn(key.clone(), region);
                samples.push((queue.scope.clone(), resource, vec![whole(more)]));
            }
        }
        samples
    }

    fn fleet_gauges(&self, state: &State, fleet: &Fleet, tally: &FleetTally) -> Vec<Value> {
        let (mut running, mut idle) = (0, 0);
        for instance in state.instances_of(&fleet.id) {
            if let Some(load) = self.tally.instances.get(&instance.id).filter(|load| load.processes > 0) {
                running += 1;
                idle += u64::from(load.sessions == 0);
            }
        }
        let capacity = fleet.capacity;
        vec![
            whole(tally.activating),
            whole(tally.active),
            whole(running),
            whole(idle),
            percent(idle, running),
            whole(capacity.max.into()),
            whole(capacity.min.into()),
            whole(capacity.desired.into()),
            whole(tally.healthy),
            whole(tally.processes),
            percent(tally.healthy, tally.processes),
            whole(tally.available),
            percent(tally.available, tally.processes),
            whole(tally.players),
        ]
    }

    fn instance_gauges(&self, id: &InstanceId, tally: &InstanceTally, now: Timestamp) -> Vec<Value> {
        let most = self.period_ms.saturating_mul(MEASURED_PERIODS.into());
        let fresh = |at: Timestamp| now.millis().saturating_sub(at.millis()) <= most;
        let usage = self.usages.get(id).filter(|(at, _)| fresh(*at)).map(|(_, usage)| *usage);
        let usage = usage.unwrap_or_default();
        vec![
            usage.cpu_milli_percent,
            usage.memory_milli_megabytes,
            usage.memory_milli_percent,
            usage.connections.and_then(whole),
            whole(tally.processes),
            whole(tally.sessions),
        ]
    }

    fn keep(&mut self, scope: Scope, resource: Resource, begin: Timestamp, values: &[Value]) {
        if !self.kept.contains_key(&resource) && self.kept.len() >= RESOURCES_MOST {
            // One that is gone makes room; while all are there, a new one has none.
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.series.last());
            let is_gone = |kept: &Kept| {
                kept.series.last().is_none_or(|last| begin.millis() - last.millis() > self.period_ms)
            };
            match oldest.filter(|(_, kept)| is_gone(kept)).map(|(resource, _)| resource.clone()) {
                Some(oldest) => drop(self.kept.remove(&oldest)),
                None => return,
            }
        }
        let width = resource.metrics().len();
        let kept = self.kept.entry(resource).or_insert_with(|| Kept { scope, series: Series::new(width) });
        kept.series.push(begin, values);
    }

    /// What is gone for good.
    fn forget(&mut self, state: &State, now: Timestamp) {
        self.kept.retain(|_, kept| kept.series.last().is_none_or(|last| now.since(last) <= KEPT));
        let fleets: BTreeSet<&FleetId> = fleets(state).map(|fleet| &fleet.id).collect();
        self.tally.fleets.retain(|id, _| fleets.contains(id));
        self.reported_fleets.retain(|id, _| fleets.contains(id));
        let queues: BTreeSet<QueueKey> = state.queues.values().map(queue::Queue::key).collect();
        self.tally.queues.retain(|key, _| queues.contains(key));
        self.reported_queues.retain(|key, _| queues.contains(key));
        self.reported_regions.retain(|(key, _), _| queues.contains(key));
        self.usages.retain(|id, _| state.instances.get(id).is_some());
    }
}

/// The fleets that are there.
fn fleets(state: &State) -> impl Iterator<Item = &Fleet> {
    state.fleets.values().filter(|fleet| fleet.status != FleetStatus::Terminated)
}

fn queue_gauges(tally: &QueueTally, now: Timestamp) -> Vec<Value> {
    let pending = i128::from(tally.pending);
    let waited_ms = if pending == 0 { 0 } else { i128::from(now.millis()) - tally.started_ms / pending };
    // Milliseconds are thousandths of a second.
    vec![Some(u64::try_from(waited_ms).unwrap_or(0)), whole(tally.pending)]
}

fn since<const N: usize>(reported: [u64; N], counts: [u64; N]) -> impl Iterator<Item = Value> {
    reported.into_iter().zip(counts).map(|(before, now)| whole(now.saturating_sub(before)))
}

fn whole(count: u64) -> Value {
    Some(count.saturating_mul(1000))
}

/// Of nothing there is no share.
fn percent(part: u64, of: u64) -> Value {
    (of > 0).then(|| part.saturating_mul(100_000) / of)
}

#[cfg(test)]
mod tests;
