//! Instances: selection.

use super::Violations;
use crate::types::DescribeInstancesRequest;

pub(crate) fn describe_instances(request: &DescribeInstancesRequest, violations: &mut Violations) {
    let address = request.ip_address.as_deref().filter(|address| !address.is_empty());
    if request.fleet_id.is_none() && request.instance_id.is_none() && address.is_none() {
        violations.missing("FleetId");
    }
}
