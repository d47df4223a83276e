//! Cloud connect networks: all three members of a request, although the schema calls them optional.

use super::Violations;
use crate::types::AttachCcnInstancesRequest;

pub(crate) fn attach_ccn_instances(request: &AttachCcnInstancesRequest, violations: &mut Violations) {
    let members =
        [("AccountId", &request.account_id), ("CcnId", &request.ccn_id), ("FleetId", &request.fleet_id)];
    for (name, value) in members {
        if value.is_none() {
            violations.missing(name);
        }
    }
}
