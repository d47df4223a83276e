//! What is measured: the tables of operations.md 9.1 to 9.3, as columns of a series.

/// What becomes of the values of a longer period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// How it is at a moment: the average, the least and the most.
    Gauge,
    /// How often something happened: the sum.
    Counter,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The key of the tables.
    pub name: &'static str,
    /// Gauge or counter.
    pub kind: MetricKind,
    /// `Count`, `Percent`, `Seconds`, `Megabytes`, ….
    pub unit: &'static str,
}

const fn gauge(name: &'static str, unit: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Gauge, unit }
}

const fn counter(name: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, unit: "Count" }
}

/// The metrics of a fleet: gauges, then counters in the order of `FleetCount`.
pub const FLEET: &[Metric] = &[
    gauge("ActivatingGameServerSessions", "Count"),
    gauge("ActiveGameServerSessions", "Count"),
    gauge("ActiveInstances", "Count"),
    gauge("IdleInstances", "Count"),
    gauge("PercentIdleInstances", "Percent"),
    gauge("MaxInstances", "Count"),
    gauge("MinInstances", "Count"),
    gauge("DesiredInstances", "Count"),
    gauge("HealthyServerProcesses", "Count"),
    gauge("ActiveServerProcesses", "Count"),
    gauge("PercentHealthyServerProcesses", "Percent"),
    gauge("AvailableGameServerSessions", "Count"),
    gauge("PercentAvailableGameServerSessions", "Percent"),
    gauge("CurrentPlayerSessions", "Count"),
    counter("ServerProcessAbnormalTerminations"),
    counter("ServerProcessActivations"),
    counter("ServerProcessTerminations"),
    counter("PlayerSessionActivations"),
    counter("NoInstances"),
];

/// The counters of `FLEET`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FleetCount {
    AbnormalTerminations,
    Activations,
    Terminations,
    PlayerActivations,
    NoInstances,
}

/// How many `FleetCount` there are.
pub(super) const FLEET_COUNTS: usize = 5;

/// The metrics of a queue: gauges, then counters in the order of `QueueCount`.
pub const QUEUE: &[Metric] = &[
    gauge("AverageWaitTime", "Seconds"),
    gauge("QueueDepth", "Count"),
    counter("FirstChoiceNotViable"),
    counter("FirstChoiceOutOfCapacity"),
    counter("LowestLatencyPlacement"),
    counter("PlacementsCanceled"),
    counter("PlacementsFailed"),
    counter("PlacementsStarted"),
    counter("PlacementsSucceeded"),
    counter("PlacementsTimedOut"),
];

/// The counters of `QUEUE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueueCount {
    FirstChoiceNotViable,
    FirstChoiceOutOfCapacity,
    LowestLatency,
    Canceled,
    Failed,
    Started,
    Succeeded,
    TimedOut,
}

/// How many `QueueCount` there are.
pub(super) const QUEUE_COUNTS: usize = 8;

/// The metric of a queue for each region that it placed in; its name ends with the region.
pub const PLACEMENT_IN: &[Metric] = &[counter("PlacementIn-")];

/// The metrics of an instance that can be measured of a slot on a shared host (R91).
pub const INSTANCE: &[Metric] = &[
    gauge("CpuUtilization", "Percent"),
    gauge("MemoryUsed", "Megabytes"),
    gauge("MemoryUtilization", "Percent"),
    gauge("EstablishedTcpConnections", "Count"),
    gauge("ActiveServerProcesses", "Count"),
    gauge("GameServerSessions", "Count"),
];

/// The metrics of 9.3 that nothing can be said of: the kernel counts them for the host, not for a slot of it (R91).
pub const NOT_MEASURED: &[Metric] = &[
    gauge("PublicInBandwidth", "MegabitsPerSecond"),
    gauge("PublicOutBandwidth", "MegabitsPerSecond"),
    gauge("PrivateInBandwidth", "MegabitsPerSecond"),
    gauge("PrivateOutBandwidth", "MegabitsPerSecond"),
    gauge("PublicInPackets", "PacketsPerSecond"),
    gauge("PublicOutPackets", "PacketsPerSecond"),
    gauge("PublicOutTraffic", "Megabytes"),
    gauge("CpuLoadAverage", "Count"),
];
