//! A rule: if a metric compares so to a threshold for so many minutes, then adjust (operations.md 3.4). Pure.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::load::FleetLoad;
use super::threshold::{Fraction, Threshold};
use crate::words::words;

words! {
    /// What a rule looks at (S-17). The metric of a target-based policy is not one of these names (C03).
    pub enum Metric {
        /// Players who are in, or hold a seat.
        CurrentPlayerSessions = "CurrentPlayerSessions",
        /// Sessions that could be made.
        AvailableGameServerSessions = "AvailableGameServerSessions",
        /// The same in percent of all.
        PercentAvailableGameServerSessions = "PercentAvailableGameServerSessions",
        /// What game servers tell by ReportCustomData.
        AvailableCustomCount = "AvailableCustomCount",
        /// The same in percent of the maximum that they tell.
        PercentAvailableCustomCount = "PercentAvailableCustomCount",
        /// Instances that are not leaving.
        ActiveInstances = "ActiveInstances",
        /// Unused processes, in instances full of them.
        IdleInstances = "IdleInstances",
        /// The same in percent of ActiveInstances.
        PercentIdleInstances = "PercentIdleInstances",
    }
}

words! {
    /// How a metric is compared to the threshold (S-15).
    pub enum Comparison {
        /// Below.
        Less = "<",
        /// Not above.
        LessOrEqual = "<=",
        /// Above.
        Greater = ">",
        /// Not below.
        GreaterOrEqual = ">=",
    }
}

words! {
    /// What a rule does with the number of instances (S-16).
    pub enum AdjustmentType {
        /// Adds so many; takes them away when negative.
        ChangeInCapacity = "ChangeInCapacity",
        /// Sets the number.
        ExactCapacity = "ExactCapacity",
        /// Adds so many percent of the present number.
        PercentChangeInCapacity = "PercentChangeInCapacity",
    }
}

/// A rule as somebody put it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// MetricName.
    pub metric: Metric,
    /// ComparisonOperator.
    pub comparison: Comparison,
    /// Threshold.
    pub threshold: Threshold,
    /// EvaluationPeriods, at least 1.
    pub minutes: u32,
    /// ScalingAdjustmentType.
    pub adjustment_type: AdjustmentType,
    /// ScalingAdjustment, as it was sent.
    pub adjustment: i64,
}

impl Rule {
    /// Whether a value of its metric is what it waits for; one that is not defined is not (2.4).
    pub fn is_met(&self, value: Option<Fraction>) -> bool {
        let Some(value) = value else { return false };
        let order = self.threshold.compare(value);
        match self.comparison {
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterOrEqual => order != Ordering::Less,
        }
    }

    /// The number of instances that it makes of the present one, whatever the range of the fleet.
    pub fn adjusted(&self, instances: u32) -> u32 {
        let changed = match self.adjustment_type {
            AdjustmentType::ChangeInCapacity => i64::from(instances).saturating_add(self.adjustment),
            // S-16: a vendor's example writes -1 for "to one".
            AdjustmentType::ExactCapacity => self.adjustment.saturating_abs(),
            AdjustmentType::PercentChangeInCapacity => {
                let hundredths = i64::from(instances).saturating_mul(self.adjustment);
                // Toward zero, but never to nothing.
                let whole = hundredths / 100;
                i64::from(instances).saturating_add(if whole == 0 { hundredths.signum() } else { whole })
            }
        };
        u32::try_from(changed.max(0)).unwrap_or(u32::MAX)
    }
}

impl Metric {
    /// Its value; `None` where it would be a part of nothing.
    pub fn value(self, load: &FleetLoad) -> Option<Fraction> {
        let (free, all) = (load.free_sessions(), load.all_sessions());
        let processes = u64::from(load.processes_per_instance);
        let active = u64::from(load.instances) + u64::from(load.reserved);
        match self {
            Self::CurrentPlayerSessions => Some(Fraction::whole(load.players)),
            Self::AvailableGameServerSessions => Some(Fraction::whole(free)),
            Self::PercentAvailableGameServerSessions => Fraction::new(free.saturating_mul(100), all),
            Self::AvailableCustomCount => Some(Fraction::whole(load.custom_count)),
            Self::PercentAvailableCustomCount => {
                Fraction::new(load.custom_count.saturating_mul(100), load.custom_maximum)
            }
            Self::ActiveInstances => Some(Fraction::whole(active)),
            Self::IdleInstances => Fraction::new(free, processes),
            Self::PercentIdleInstances => {
                Fraction::new(free.saturating_mul(100), processes.saturating_mul(active))
            }
        }
    }
}
