//! What forms say in words: names, explanations and choices of members, where the schema has only its own names.

use crate::language::Text;
use crate::text;

/// Members that forms leave out: they are ignored, or answers.
pub(super) const HIDDEN: &[&str] = &["FleetStatus", "PeerVpcId", "SubNetId"];

/// Members that nobody types: they say what a form is about, or are not there.
pub(super) const ONLY_FIXED: &[&str] = &["TimerId"];

/// Lists whose order says something.
pub(super) const ORDERED: &[&str] = &["Destinations", "PlayerLatencyPolicies", "ServerProcesses"];

/// Lists that are seldom filled in: they begin without a row.
pub(super) const FOLDED: &[&str] = &[
    "CcnInfos",
    "DataDiskInfo",
    "GameProperties",
    "InboundPermissionRevocations",
    "PlayerLatencies",
    "PlayerLatencyPolicies",
];

/// Members that are chosen to have a value or not, with the words of both; of a list there is one row.
pub(super) const OPTIONAL: &[(&str, Text, Text)] = &[
    ("CcnInfos", text::NO, text::YES),
    ("MaxConcurrentGameServerSessionActivations", text::UNLIMITED, text::filling::LIMITED),
];

/// The most that forms let be typed, where the cloud API takes more (C-7).
pub(super) const MOST: &[(&str, i64)] = &[("MaxConcurrentGameServerSessionActivations", 20_000)];

/// The order in which members of structures are asked for.
pub(super) const ORDER: &[&str] = &[
    "TimerName",
    "TimerFleetCapacity",
    "TimerConfiguration",
    "ServerProcesses",
    "LaunchPath",
    "Parameters",
    "ConcurrentExecutions",
    "MaxConcurrentGameServerSessionActivations",
    "GameServerSessionActivationTimeoutSeconds",
    "FromPort",
    "ToPort",
    "Protocol",
    "IpRange",
    "PolicyDurationSeconds",
    "MaximumIndividualPlayerLatencyMilliseconds",
    "ScalingType",
    "MinSize",
    "MaxSize",
    "DesiredInstances",
    "TargetConfiguration",
    "ScalingInterval",
    "TimerType",
    "BeginTime",
    "EndTime",
    "TimerValue",
    "Day",
    "WeekDays",
    "FromDay",
    "ToDay",
    "Type",
    "FleetId",
    "Message",
    "DiskType",
    "DiskSize",
    "PlayerId",
    "PlayerData",
    "RegionIdentifier",
    "LatencyInMilliseconds",
    "AccountId",
    "CcnId",
    "Key",
    "Value",
];

/// Names, by path without rows, or by the last part of it.
const LABELS: &[(&str, Text)] = &[
    ("ConcurrentExecutions", text::CONCURRENT),
    ("CcnInfos", text::ATTACH_CCN),
    ("CopyNumber", text::NUMBER_OF_COPIES),
    ("DataDiskInfo", text::DATA_DISKS),
    ("Day", text::EVERY_N_DAYS),
    ("DesiredInstances", text::DESIRED_INSTANCES),
    ("DestinationArn", text::FLEET_OR_ALIAS),
    ("Destinations", text::ORDERED_TARGETS),
    ("FromDay", text::FROM_DAY),
    ("FromPort", text::FROM_PORT),
    ("GameServerSessionActivationTimeoutSeconds", text::ACTIVATION_TIMEOUT_SECONDS),
    ("GameServerSessionProtectionTimeLimit", text::PROTECTED_MINUTES),
    ("InboundPermissionAuthorizations", text::PORTS_TO_ADD),
    ("InboundPermissionRevocations", text::PORTS_TO_REMOVE),
    ("InboundPermissions", text::OPEN_PORTS),
    ("InternetMaxBandwidthOut", text::BANDWIDTH_MBPS),
    ("IpRange", text::IP_RANGE),
    ("LaunchPath", text::LAUNCH_PATH),
    ("MaxConcurrentGameServerSessionActivations", text::ACTIVATION_LIMIT),
    ("MaxSize", text::MOST_INSTANCES),
    ("MaximumIndividualPlayerLatencyMilliseconds", text::AT_MOST_MS),
    ("Message", text::TERMINATION_MESSAGE),
    ("MinSize", text::LEAST_INSTANCES),
    ("NewGameServerSessionProtectionPolicy", text::PROTECTION_OF_NEW),
    ("NewGameServerSessionsPerCreator", text::SESSIONS_PER_CREATOR),
    ("NewGameSessionProtectionPolicy", text::PROTECTION_OF_NEW),
    ("PlayerLatencyPolicies", text::LATENCY_POLICIES),
    ("PolicyDurationSeconds", text::FIRST_SECONDS),
    ("PolicyPeriodInMinutes", text::WITHIN_MINUTES),
    ("ResourceCreationLimitPolicy", text::CREATION_LIMIT),
    ("RoutingStrategy", text::ROUTING),
    ("RuntimeConfiguration", text::PROCESS_MANAGEMENT),
    ("ScalingInterval", text::COOL_DOWN_MINUTES),
    ("ScalingType", text::MODE),
    ("SelectedCcnType", text::CCN_TIME),
    ("SelectedScalingType", text::COPY_SCALING),
    ("SelectedTimerType", text::COPY_TIMERS),
    ("ServerProcesses", text::PROCESSES),
    ("SystemDiskInfo", text::SYSTEM_DISK),
    ("TargetConfiguration", text::BUFFER),
    ("TargetValue", text::BUFFER_PERCENT),
    ("TimeoutInSeconds", text::ALLOCATION_TIMEOUT),
    ("TimerConfiguration", text::WHEN),
    ("TimerFleetCapacity", text::TO_WHAT),
    ("TimerScalingPolicy", text::EDIT_TIMER),
    ("TimerStatus", text::STOP_TIMER),
    ("TimerType", text::REPETITION),
    ("TimerValue", text::ON_WHICH_DAYS),
    ("ToDay", text::TO_DAY),
    ("ToPort", text::TO_PORT),
    ("WeekDays", text::DAYS_OF_WEEK),
];

/// Explanations, likewise.
const NOTES: &[(&str, Text)] = &[
    ("AssetId", text::NOTE_ASSET),
    ("BeginTime", text::NOTE_UTC),
    ("CcnInfos", text::NOTE_CCN),
    ("ConcurrentExecutions", text::NOTE_CONCURRENT),
    ("CopyNumber", text::NOTE_COPIES),
    ("DesiredInstances", text::NOTE_DESIRED),
    ("EndTime", text::NOTE_UTC),
    ("GameServerSessionProtectionTimeLimit", text::NOTE_PROTECTED_MINUTES),
    ("InboundPermissions", text::NOTE_PORTS),
    ("InternetMaxBandwidthOut", text::NOTE_BANDWIDTH),
    ("LaunchPath", text::NOTE_LAUNCH_PATH),
    ("MaxConcurrentGameServerSessionActivations", text::NOTE_ACTIVATION_LIMIT),
    ("NewGameServerSessionProtectionPolicy", text::NOTE_PROTECTION),
    ("NewGameSessionProtectionPolicy", text::NOTE_PROTECTION),
    ("PlayerLatencyPolicies", text::NOTE_LATENCY),
    ("PolicyDurationSeconds", text::NOTE_REMAINING),
    ("ResourceCreationLimitPolicy", text::NOTE_CREATION_LIMIT),
    ("SystemDiskInfo", text::NOTE_DISKS),
    ("TargetValue", text::NOTE_BUFFER),
    ("Weight", text::NOTE_WEIGHT),
];

/// The values of members, in words.
const CHOICES: &[(&str, &[(&str, Text)])] = &[
    (
        "NewGameServerSessionProtectionPolicy",
        &[
            ("NoProtection", text::NO_PROTECTION),
            ("TimeLimitProtection", text::TIME_LIMIT_PROTECTION),
            ("FullProtection", text::FULL_PROTECTION),
        ],
    ),
    (
        "NewGameSessionProtectionPolicy",
        &[
            ("NoProtection", text::NO_PROTECTION),
            ("TimeLimitProtection", text::TIME_LIMIT_PROTECTION),
            ("FullProtection", text::FULL_PROTECTION),
        ],
    ),
    (
        "SelectedCcnType",
        &[
            ("CCN_UNSELECTED", text::CCN_NONE),
            ("CCN_SELECTED_BEFORE_CREATE", text::CCN_BEFORE),
            ("CCN_SELECTED_AFTER_CREATE", text::CCN_AFTER),
        ],
    ),
    ("Type", &[("SIMPLE", text::COMMON), ("TERMINAL", text::TERMINAL)]),
    ("ScalingType", &[("1", text::MANUAL), ("2", text::AUTOMATIC)]),
    ("TimerType", &[("1", text::ONCE), ("2", text::BY_DAY), ("4", text::BY_WEEK), ("3", text::BY_MONTH)]),
    (
        "WeekDays",
        &[
            ("1", text::MONDAY),
            ("2", text::TUESDAY),
            ("3", text::WEDNESDAY),
            ("4", text::THURSDAY),
            ("5", text::FRIDAY),
            ("6", text::SATURDAY),
            ("7", text::SUNDAY),
        ],
    ),
    ("PolicyType", &[("TargetBased", text::TARGET_BASED), ("RuleBased", text::RULE_BASED)]),
    ("PlayerSessionCreationPolicy", &[("ACCEPT_ALL", text::ACCEPT_ALL), ("DENY_ALL", text::DENY_ALL)]),
    (
        "ProtectionPolicy",
        &[
            ("NoProtection", text::NO_PROTECTION),
            ("TimeLimitProtection", text::TIME_LIMIT_PROTECTION),
            ("FullProtection", text::FULL_PROTECTION),
        ],
    ),
    ("Actions", &[("AUTO_SCALING", text::AUTOMATIC_SCALING)]),
    ("ReserveValue", &[("1", text::KEEP_INSTANCE), ("0", text::RELEASE_INSTANCE)]),
];

/// Members that are yes or no, and what they are for yes.
const SWITCHES: &[(&str, &str)] = &[
    ("SelectedScalingType", "SCALING_SELECTED"),
    ("SelectedTimerType", "TIMER_SELECTED"),
    ("TimerStatus", "3"),
];

fn find(table: &'static [(&'static str, Text)], path: &str) -> Option<Text> {
    let last = path.rsplit('.').next().unwrap_or(path);
    let known = |wanted: &str| table.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text);
    known(path).or_else(|| known(last))
}

/// What a member is called.
pub(super) fn label(path: &str) -> Option<Text> {
    find(LABELS, path)
}

/// What has to be known of a member.
pub(super) fn note(path: &str) -> Option<Text> {
    find(NOTES, path)
}

/// Its values in words.
pub(super) fn choices(name: &str) -> Option<&'static [(&'static str, Text)]> {
    CHOICES.iter().find(|(known, _)| *known == name).map(|(_, choices)| *choices)
}

/// What its check box sends.
pub(super) fn switch(name: &str) -> Option<&'static str> {
    SWITCHES.iter().find(|(known, _)| *known == name).map(|(_, on)| *on)
}

#[cfg(test)]
mod tests {
    use gse_api::schema::{Member, Structure, ValueType};

    use super::*;

    /// Each value that has words is one that the schema knows, and none is left out.
    #[test]
    fn choices_are_those_of_the_schema() {
        fn look(structure: &'static Structure, seen: &mut Vec<&'static str>) {
            for Member { name, value, .. } in structure.members {
                let value = if let ValueType::List(list) = value { list.item } else { value };
                let known: Vec<String> = match value {
                    ValueType::Object(inner) => {
                        look(inner, seen);
                        continue;
                    }
                    ValueType::Text(limits) => limits.one_of.iter().map(ToString::to_string).collect(),
                    ValueType::Integer(limits) => limits.one_of.iter().map(ToString::to_string).collect(),
                    _ => continue,
                };
                let Some(choices) = choices(name).filter(|_| !known.is_empty()) else { continue };
                seen.push(name);
                let mut told: Vec<&str> = choices.iter().map(|(value, _)| *value).collect();
                let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
                // 0 is what is sent for nothing, where it has no meaning of its own.
                known.retain(|value| *value != "0" || told.contains(value));
                told.sort_unstable();
                known.sort_unstable();
                assert_eq!(told, known, "{name}");
            }
        }
        let mut seen = Vec::new();
        for operation in crate::form::all_operations() {
            look(operation.request_schema(), &mut seen);
        }
        assert!(seen.len() > 5, "{seen:?}");
    }
}
