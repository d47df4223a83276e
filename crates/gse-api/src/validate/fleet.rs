//! Fleets: what the service requires beyond the schema (C20), ports, disks, launch paths, protection, events.

use super::{
    Violations,
    shared::{MANY, filters, tags},
};
use crate::types::{
    CopyFleetRequest, CreateFleetRequest, DescribeFleetEventsRequest, DiskInfo, InboundPermissionInput,
    ListFleetsRequest, RuntimeConfigurationInput, UpdateFleetAttributesRequest,
    UpdateFleetPortSettingsRequest, UpdateRuntimeConfigurationRequest,
};

/// §7: server processes per instance.
const MAX_PROCESSES: u64 = 50;
const PROCESSES: &str = "RuntimeConfiguration.ServerProcesses";
/// §2.3, by the asset's system; which of the two it is only the engine knows.
const LAUNCH_PREFIXES: [&str; 2] = ["/local/game/", "C:\\game\\"];

pub(crate) fn create_fleet(request: &CreateFleetRequest, violations: &mut Violations) {
    // C20
    let required = [
        ("AssetId", request.asset_id.is_none()),
        ("InstanceType", request.instance_type.as_deref().is_none_or(str::is_empty)),
        ("Name", request.name.is_none()),
    ];
    for (name, missing) in required {
        if missing {
            violations.missing(name);
        }
    }
    match &request.runtime_configuration {
        None => violations.missing("RuntimeConfiguration"),
        Some(runtime) => {
            if runtime.server_processes.as_ref().is_none_or(Vec::is_empty) {
                violations.missing(PROCESSES);
            }
            runtime_configuration(runtime, violations);
        }
    }
    permissions("InboundPermissions", request.inbound_permissions.as_deref(), violations);
    disks(request.system_disk_info.as_ref(), request.data_disk_info.as_deref(), violations);
    let policy = request.new_game_server_session_protection_policy.as_deref();
    protection(policy, request.game_server_session_protection_time_limit, violations);
    tags(request.tags.as_ref(), violations);
}

pub(crate) fn copy_fleet(request: &CopyFleetRequest, violations: &mut Violations) {
    if let Some(runtime) = &request.runtime_configuration {
        runtime_configuration(runtime, violations);
    }
    permissions("InboundPermissions", request.inbound_permissions.as_deref(), violations);
    disks(request.system_disk_info.as_ref(), request.data_disk_info.as_deref(), violations);
    let policy = request.new_game_server_session_protection_policy.as_deref();
    protection(policy, request.game_server_session_protection_time_limit, violations);
    tags(request.tags.as_ref(), violations);
}

pub(crate) fn update_runtime_configuration(
    request: &UpdateRuntimeConfigurationRequest,
    violations: &mut Violations,
) {
    match &request.runtime_configuration {
        None => violations.missing("RuntimeConfiguration"),
        Some(runtime) => {
            // C20: the list is replaced as a whole, and none is as little right as in CreateFleet.
            if runtime.server_processes.as_ref().is_some_and(Vec::is_empty) {
                violations.missing(PROCESSES);
            }
            runtime_configuration(runtime, violations);
        }
    }
}

fn runtime_configuration(runtime: &RuntimeConfigurationInput, violations: &mut Violations) {
    let mut total = 0_u64;
    for (at, process) in runtime.server_processes.iter().flatten().enumerate() {
        match process.concurrent_executions {
            None => violations.missing(&format!("{PROCESSES}.{at}.ConcurrentExecutions")),
            Some(count) => total = total.saturating_add(count),
        }
        match &process.launch_path {
            None => violations.missing(&format!("{PROCESSES}.{at}.LaunchPath")),
            Some(path) if !LAUNCH_PREFIXES.iter().any(|prefix| path.starts_with(prefix)) => {
                let expected = "Expected a path below `/local/game/` (Linux) or `C:\\game\\` (Windows).";
                violations.value(&format!("{PROCESSES}.{at}.LaunchPath"), path, expected);
            }
            Some(_) => {}
        }
    }
    if total > MAX_PROCESSES {
        let expected = format!("Expected at most {MAX_PROCESSES} `ConcurrentExecutions` in all.");
        violations.value(PROCESSES, total, &expected);
    }
}

/// §2.3: all four members of an entry, 1025 ≤ from ≤ to ≤ 60000. The outer bounds are in the schema.
fn permissions(list: &str, permissions: Option<&[InboundPermissionInput]>, violations: &mut Violations) {
    for (at, entry) in permissions.unwrap_or_default().iter().enumerate() {
        let parts = [entry.ip_range.as_deref(), entry.protocol.as_deref()];
        permission(&format!("{list}.{at}"), parts, entry.from_port, entry.to_port, violations);
    }
}

fn permission(
    path: &str,
    [ip_range, protocol]: [Option<&str>; 2],
    from_port: Option<u64>,
    to_port: Option<u64>,
    violations: &mut Violations,
) {
    let required = [
        ("FromPort", from_port.is_none()),
        ("IpRange", ip_range.is_none()),
        ("Protocol", protocol.is_none()),
        ("ToPort", to_port.is_none()),
    ];
    for (name, _) in required.iter().filter(|(_, missing)| *missing) {
        violations.missing(&format!("{path}.{name}"));
    }
    if let (Some(from), Some(to)) = (from_port, to_port)
        && from > to
    {
        violations.value(&format!("{path}.FromPort"), from, &format!("Expected at most `ToPort`, {to}."));
    }
}

/// §2.3: system 50..500 GB step 1, data 10..32000 GB step 10, CLOUD_SSD at least 100.
fn disks(system: Option<&DiskInfo>, data: Option<&[DiskInfo]>, violations: &mut Violations) {
    if let Some(disk) = system {
        size("SystemDiskInfo", disk, 50, 500, 1, violations);
    }
    for (at, disk) in data.unwrap_or_default().iter().enumerate() {
        size(&format!("DataDiskInfo.{at}"), disk, 10, 32000, 10, violations);
    }
}

fn size(path: &str, disk: &DiskInfo, least: u64, most: u64, step: u64, violations: &mut Violations) {
    let least = if disk.disk_type == "CLOUD_SSD" { least.max(100) } else { least };
    if !(least..=most).contains(&disk.disk_size) || !disk.disk_size.is_multiple_of(step) {
        let expected = format!("Expected {least}..{most} GB in steps of {step}.");
        violations.value(&format!("{path}.DiskSize"), disk.disk_size, &expected);
    }
}

/// The limit counts only under TimeLimitProtection; otherwise the member is ignored (§2.3), whatever it is.
fn protection(policy: Option<&str>, limit: Option<i64>, violations: &mut Violations) {
    if let (Some("TimeLimitProtection"), Some(minutes)) = (policy, limit)
        && !(5..=1440).contains(&minutes)
    {
        violations.value("GameServerSessionProtectionTimeLimit", minutes, "Expected 5..1440 minutes.");
    }
}

pub(crate) fn update_fleet_attributes(request: &UpdateFleetAttributesRequest, violations: &mut Violations) {
    let policy = request.new_game_session_protection_policy.as_deref();
    protection(policy, request.game_server_session_protection_time_limit, violations);
}

pub(crate) fn update_fleet_port_settings(
    request: &UpdateFleetPortSettingsRequest,
    violations: &mut Violations,
) {
    if request.inbound_permission_authorizations.is_none() && request.inbound_permission_revocations.is_none()
    {
        violations.missing("InboundPermissionAuthorizations");
    }
    let added = request.inbound_permission_authorizations.as_deref().unwrap_or_default();
    for (at, entry) in added.iter().enumerate() {
        let parts = [entry.ip_range.as_deref(), entry.protocol.as_deref()];
        let path = format!("InboundPermissionAuthorizations.{at}");
        permission(&path, parts, entry.from_port, entry.to_port, violations);
    }
    let removed = request.inbound_permission_revocations.as_deref().unwrap_or_default();
    for (at, entry) in removed.iter().enumerate() {
        let parts = [entry.ip_range.as_deref(), entry.protocol.as_deref()];
        let path = format!("InboundPermissionRevocations.{at}");
        permission(&path, parts, entry.from_port, entry.to_port, violations);
    }
}

pub(crate) fn list_fleets(request: &ListFleetsRequest, violations: &mut Violations) {
    let allowed = [("resource:name", 1), ("tag:key", MANY), ("tag:key-value", MANY)];
    filters(request.filters.as_ref(), &allowed, violations);
}

pub(crate) fn describe_fleet_events(request: &DescribeFleetEventsRequest, violations: &mut Violations) {
    if let Some(code) = &request.event_code
        && !EVENT_CODES.contains(&code.as_str())
    {
        violations.value("EventCode", code, "Expected an event code, like `FLEET_CREATED`.");
    }
}

/// Codes of fleet events that may be asked for. §3: the metadata's codes, those of the guide and samples, and the spellings that are only filter synonyms (C09).
pub const EVENT_CODES: [&str; 38] = [
    "FLEET_CREATED",
    "FLEET_STATE_DOWNLOADING",
    "FLEET_BINARY_DOWNLOAD_FAILED",
    "FLEET_CREATION_EXTRACTING_BUILD",
    "FLEET_CREATION_VALIDATING_RUNTIME_CONFIG",
    "FLEET_STATE_VALIDATING",
    "FLEET_STATE_BUILDING",
    "FLEET_STATE_ACTIVATING",
    "FLEET_STATE_ACTIVE",
    "FLEET_SCALING_EVENT",
    "FLEET_STATE_ERROR",
    "FLEET_VALIDATION_LAUNCH_PATH_NOT_FOUND",
    "FLEET_ACTIVATION_FAILED_NO_INSTANCES",
    "FLEET_VPC_PEERING_SUCCEEDED",
    "FLEET_VPC_PEERING_FAILED",
    "FLEET_VPC_PEERING_DELETE",
    "FLEET_INITIALIZATION_FAILED",
    "FLEET_DELETED",
    "FLEET_STATE_DELETING",
    "FLEET_ACTIVATION_FAILED",
    "GAME_SESSION_ACTIVATION_TIMEOUT",
    "FLEET_CREATION_RUNNING_INSTALLER",
    "FLEET_VALIDATION_EXECUTABLE_RUNTIME_FAILURE",
    "FLEET_VALIDATION_TIMED_OUT",
    "FLEET_NEW_GAME_SESSION_PROTECTION_POLICY_UPDATED",
    "GENERIC_EVENT",
    "SERVER_PROCESS_INVALID_PATH",
    "SERVER_PROCESS_SDK_INITIALIZATION_TIMEOUT",
    "SERVER_PROCESS_PROCESS_READY_TIMEOUT",
    "SERVER_PROCESS_CRASHED",
    "SERVER_PROCESS_TERMINATED_UNHEALTHY",
    "SERVER_PROCESS_FORCE_TERMINATED",
    "SERVER_PROCESS_PROCESS_EXIT_TIMEOUT",
    "SERVER_PROCESS_PULL_FAILED",
    "SERVER_DOWN",
    "FLEET_CREATION_EXTRACTING_ASSET",
    "FLEET_STATE_ASSETING",
    "FLEET_VPC_PEERING_DELETED",
];
