//! Cloud connect networks.

use gse_api::types as wire;
use gse_core::fleet::{Ccn, CcnName, Fleet};

pub(crate) fn names(infos: Vec<wire::CcnInfo>) -> Vec<CcnName> {
    infos.into_iter().map(|info| CcnName { id: info.ccn_id, account: info.account_id }).collect()
}

pub(crate) fn related(ccn: &Ccn) -> wire::RelatedCcnInfo {
    wire::RelatedCcnInfo {
        account_id: ccn.name.account.clone(),
        attach_type: ccn.attachment.as_str().into(),
        ccn_id: ccn.name.id.clone(),
    }
}

pub(crate) fn all(fleet: &Fleet) -> wire::DescribeCcnInstancesResponse {
    let one = |ccn: &Ccn| wire::CcnInstanceSets {
        account_id: ccn.name.account.clone(),
        ccn_id: ccn.name.id.clone(),
        create_time: ccn.attached.to_iso(),
        instance_name: fleet.id.to_string(),
        // 2.12: nobody has to accept.
        state: "ACTIVE".into(),
    };
    wire::DescribeCcnInstancesResponse {
        ccn_instance_sets: fleet.ccns.iter().map(one).collect(),
        total_count: fleet.ccns.len() as u64,
    }
}
