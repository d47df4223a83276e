//! What a run cost, and how it is printed.

use std::time::{Duration, Instant};

use crate::load::Load;
use crate::service::Counts;

/// What the process has used.
pub(crate) struct Usage {
    at: Instant,
    cpu: Duration,
    memory_kib: i64,
}

/// What it used since.
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) memory_kib: i64,
}

impl Usage {
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu(), memory_kib: memory_kib() }
    }

    pub(crate) fn since(&self) -> Spent {
        let memory_kib = memory_kib() - self.memory_kib;
        Spent { wall: self.at.elapsed(), cpu: cpu().saturating_sub(self.cpu), memory_kib }
    }
}

/// User and system time of all threads; the kernel counts in hundredths of a second.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn memory_kib() -> i64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

pub(crate) fn report(name: &str, in_flight: usize, load: &Load, spent: &Spent, counts: &Counts) {
    let seconds = load.duration.as_secs_f64();
    let requests = (load.pairs * 2).max(1) as f64;
    let group = counts.changes as f64 / counts.commits.max(1) as f64;
    println!(
        "{name:>14} {in_flight:5} in flight: {:8.0} pairs/s  p50 {:6} us  p99 {:7} us  {:6.1} us CPU/request  {:6.0} commits/s of {group:5.1} rows  {} retries",
        load.pairs as f64 / seconds,
        load.percentile(50),
        load.percentile(99),
        spent.cpu.as_micros() as f64 / requests,
        counts.commits as f64 / seconds,
        load.retries,
    );
}
