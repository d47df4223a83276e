//! The regions of the service, and faults for trying a failover.

use gse_api::extension::{DescribeRegionsResponse, RegionInfo, SetFaultRequest, SetFaultResponse};
use gse_api::{ApiError, ErrorCode};
use gse_core::error::Error;
use gse_core::id::{FleetId, Region, Scope};
use gse_core::region::{Condition, FailFleet, RegionFault, SetRegionFault};

use super::{refusal, unanswered};
use crate::beacon::told;
use crate::engine::SubmitError;
use crate::http::Api;
use crate::http::serve::Peer;

pub(super) async fn describe(api: &Api) -> Result<DescribeRegionsResponse, ApiError> {
    let read =
        api.engine.query(|state, _| state.region_faults.values().cloned().collect::<Vec<RegionFault>>());
    let faults = read.await.map_err(unanswered)?;
    let one = |region: &Region| {
        let beacon = api.beacons.of(region);
        let fault = faults.iter().find(|fault| fault.region == *region);
        let public_ip = &api.config.public_ip;
        RegionInfo {
            region: region.to_string(),
            udp_address: beacon.map(|beacon| told(beacon.udp, public_ip)),
            ping_url: beacon.map(|beacon| format!("http://{}/v1/ping", told(beacon.http, public_ip))),
            condition: match fault {
                None => "up",
                Some(fault) if fault.down => "down",
                Some(_) => "slow",
            }
            .into(),
            delay_ms: fault.map_or(0, |fault| fault.delay_ms),
        }
    };
    Ok(DescribeRegionsResponse {
        default_region: api.config.default_region.to_string(),
        regions: api.config.regions.iter().map(one).collect(),
    })
}

/// A test hook: whoever may use it can stop the service from placing anything, so it is for this machine only (R83).
pub(super) async fn set_fault(
    api: &Api,
    head: &http::request::Parts,
    scope: Scope,
    request: SetFaultRequest,
    request_id: &str,
) -> Result<SetFaultResponse, ApiError> {
    let is_near = head.extensions.get::<Peer>().is_some_and(|peer| peer.0.to_canonical().is_loopback());
    if !is_near {
        let message = "`SetFault` is a test hook and is taken from callers on this machine only.";
        return Err(ApiError::new(ErrorCode::UnsupportedOperation, message));
    }
    let done = match (&request.region, &request.fleet_id, request.fault.as_str(), request.delay_ms) {
        (None, Some(fleet), "error", None) => {
            let command = FailFleet { scope, fleet: FleetId::new(fleet.as_str()) };
            api.engine.submit(request_id, command).await
        }
        (Some(region), None, fault @ ("up" | "down" | "slow"), delay_ms) => {
            let condition = match (fault, delay_ms) {
                ("up", None) => Condition::Up,
                ("down", None) => Condition::Down,
                ("slow", Some(delay_ms)) => Condition::Slow(delay_ms),
                _ => return Err(wrong()),
            };
            let command = SetRegionFault { region: served(api, region)?, condition };
            api.engine.submit(request_id, command).await
        }
        _ => return Err(wrong()),
    };
    done.map_err(|error| match error {
        SubmitError::Refused(reason) => refusal(&reason),
        other => unanswered(other),
    })?;
    api.beacons.take_over_faults().await;
    Ok(SetFaultResponse {})
}

fn wrong() -> ApiError {
    let message = "Expected `Region` with `Fault` `up`, `down`, or `slow` and `DelayMs`; or `FleetId` with `Fault` `error`.";
    ApiError::new(ErrorCode::InvalidParameter, message)
}

fn served(api: &Api, region: &str) -> Result<Region, ApiError> {
    if let Some(region) = api.config.regions.iter().find(|served| served.as_str() == region) {
        return Ok(region.clone());
    }
    let served: Vec<&str> = api.config.regions.iter().map(Region::as_str).collect();
    let expected = format!("one of {}", served.join(", "));
    Err(refusal(&Error::Invalid { member: "Region", value: region.to_owned(), expected }))
}
