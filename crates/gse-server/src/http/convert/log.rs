//! The logs of sessions.

use gse_api::types as wire;
use gse_core::error::Error;
use gse_core::id::{FleetId, InstanceId, Scope};
use gse_core::log::LogQuery;

use super::offset_and_limit;

/// `Size` at most (cloud-api.md 2.15).
const SIZE_MAX: u64 = 100;

pub(crate) fn query(
    request: wire::GetGameServerInstanceLogUrlRequest,
    scope: Scope,
) -> Result<LogQuery, Error> {
    if let Some(size) = request.size.filter(|size| *size > SIZE_MAX) {
        let expected = format!("at most {SIZE_MAX}");
        return Err(Error::Invalid { member: "Size", value: size.to_string(), expected });
    }
    let (offset, limit) = offset_and_limit(request.offset, request.size);
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(LogQuery {
        scope,
        fleet: FleetId::new(request.fleet_id),
        instance: text(request.instance_id).map(InstanceId::new),
        ip_address: text(request.server_ip),
        offset,
        limit,
    })
}
