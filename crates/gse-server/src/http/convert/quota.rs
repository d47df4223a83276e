//! Quotas and instance types.

use gse_api::types as wire;
use gse_core::id::Scope;
use gse_core::instance_type::CATALOGUE;
use gse_core::quota::{self, QuotaResource, Quotas};
use gse_core::state::State;

/// The number on the wire is the place in the list, from 1; absent: 1.
pub(crate) fn resource(number: Option<u64>) -> QuotaResource {
    match number.unwrap_or(1) {
        2 => QuotaResource::Fleet,
        3 => QuotaResource::Alias,
        4 => QuotaResource::Queue,
        5 => QuotaResource::Instance,
        // The schema lets nothing else through.
        _ => QuotaResource::Asset,
    }
}

fn number(resource: QuotaResource) -> u64 {
    match resource {
        QuotaResource::Asset => 1,
        QuotaResource::Fleet => 2,
        QuotaResource::Alias => 3,
        QuotaResource::Queue => 4,
        QuotaResource::Instance => 5,
    }
}

pub(crate) fn one(
    state: &State,
    scope: &Scope,
    quotas: &Quotas,
    resource: QuotaResource,
) -> wire::QuotaResource {
    let allowance = quota::allowance(state, scope, quotas, resource);
    let extra_info = if resource == QuotaResource::Asset {
        let bytes = quota::asset_bytes(state, scope, quotas);
        // The vendor's spelling. What is left is rounded down, so that as much can be uploaded.
        let (limit, left) = (bytes.limit >> 30, bytes.remaining >> 30);
        format!(r#"{{"AssertCapacityQuota":"{limit}GB","AssertCapacitySurplus":"{left}GB"}}"#)
    } else {
        String::new()
    };
    wire::QuotaResource {
        extra_info,
        hard_limit: allowance.limit,
        remaining: allowance.remaining,
        resource_type: number(resource),
    }
}

/// No type has a limit of its own here, so each has that of the account.
pub(crate) fn instance_limit(quotas: &Quotas) -> wire::DescribeInstanceLimitResponse {
    let total_instances = quotas.instances.into();
    let extra = |name: &str| wire::ExtraInfos { instance_type: name.into(), total_instances };
    wire::DescribeInstanceLimitResponse {
        extra_infos: CATALOGUE.iter().map(|known| extra(known.name)).collect(),
        limit: quotas.instances.into(),
    }
}

pub(crate) fn instance_types() -> wire::DescribeInstanceTypesResponse {
    let one = |known: &gse_core::instance_type::InstanceType| wire::InstanceTypeInfo {
        cpu: known.cores.into(),
        instance_type: known.name.into(),
        memory: known.memory_gb.into(),
        network_card: known.network_card.into(),
        type_name: known.family().into(),
    };
    wire::DescribeInstanceTypesResponse { instance_type_list: CATALOGUE.iter().map(one).collect() }
}
