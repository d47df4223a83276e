//! Capacity: the order of the three sizes, as far as one request shows it. The engine checks again after merging.

use super::Violations;
use crate::types::UpdateFleetCapacityRequest;

pub(crate) fn update_fleet_capacity(request: &UpdateFleetCapacityRequest, violations: &mut Violations) {
    let sizes = [
        ("MinSize", request.min_size),
        ("DesiredInstances", request.desired_instances),
        ("MaxSize", request.max_size),
    ];
    for (at, (low, small)) in sizes.iter().enumerate() {
        for (high, large) in &sizes[at + 1..] {
            if let (Some(small), Some(large)) = (small, large)
                && small > large
            {
                violations.value(low, small, &format!("Expected at most `{high}`, {large}."));
            }
        }
    }
}
