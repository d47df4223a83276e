//! The forms outside the explorer: which members of an action are shown, in what order, and what comes after.

use gse_api::Action;

use crate::language::Text;
use crate::text;

/// A form of an action.
pub(super) struct Operation {
    pub(super) action: Action,
    pub(super) title: Text,
    pub(super) note: Option<Text>,
    pub(super) groups: &'static [(Option<Text>, &'static [&'static str])],
    /// Whether it is asked once more before it is sent.
    pub(super) is_confirmed: bool,
    pub(super) then: Then,
    /// Members that can be emptied: what is left empty is sent so.
    pub(super) clearable: &'static [&'static str],
    /// Members that are for some values of another only.
    pub(super) conditions: &'static [Condition],
    /// Members that the service needs although the schema calls them optional, by their paths without rows.
    pub(super) needs: &'static [&'static str],
}

/// Members that are shown and sent for some values of another member only.
pub(crate) struct Condition {
    /// The path of the member that decides.
    pub(crate) on: &'static str,
    /// Its values for which they are; `""` where nothing is chosen.
    pub(crate) is: &'static [&'static str],
    /// Their paths.
    pub(crate) members: &'static [&'static str],
}

const fn when(on: &'static str, is: &'static [&'static str], members: &'static [&'static str]) -> Condition {
    Condition { on, is, members }
}

/// Where the result is seen.
pub(super) enum Then {
    /// Where the form was opened.
    Back,
    /// On a list, because where it was opened may be gone.
    List(&'static str),
    /// On the page of what was made: its id is found in the answer.
    Made { path: &'static str, pointer: &'static str },
}

impl Operation {
    const fn new(
        action: Action,
        title: Text,
        members: &'static [(Option<Text>, &'static [&'static str])],
    ) -> Self {
        let (clearable, conditions): (&[&str], &[Condition]) = (&[], &[]);
        let (note, is_confirmed, then, needs) = (None, false, Then::Back, NOTHING);
        Self { action, title, note, groups: members, is_confirmed, then, clearable, conditions, needs }
    }

    /// The members that a change begins with as they are. The ports to open are new ones (prefill offers a row).
    pub(super) fn changes(&self) -> impl Iterator<Item = &'static str> {
        let name = self.action.name();
        let is_change = name.starts_with("Update") && self.action != Action::UpdateFleetPortSettings;
        self.groups.iter().filter(move |_| is_change).flat_map(|(_, members)| members.iter().copied())
    }

    /// All that is shown.
    pub(super) fn members(&self) -> impl Iterator<Item = &'static str> {
        self.groups.iter().flat_map(|(_, members)| members.iter().copied())
    }

    const fn confirmed(self) -> Self {
        Self { is_confirmed: true, ..self }
    }

    const fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    const fn clearing(self, clearable: &'static [&'static str]) -> Self {
        Self { clearable, ..self }
    }

    const fn given(self, conditions: &'static [Condition]) -> Self {
        Self { conditions, ..self }
    }

    const fn needing(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    const fn noted(self, note: Text) -> Self {
        Self { note: Some(note), ..self }
    }
}

pub(super) fn find(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.action.name() == name)
}

const NOTHING: &[&str] = &[];

/// What every process has, once there is a row of it.
const PROCESSES: &[&str] = &[
    "RuntimeConfiguration.ServerProcesses.LaunchPath",
    "RuntimeConfiguration.ServerProcesses.ConcurrentExecutions",
];

/// C20, and what a process has.
const FLEET_NEEDS: &[&str] = &["Name", "AssetId", "InstanceType", PROCESSES[0], PROCESSES[1]];

const TIMER_NEEDS: &[&str] = &[
    "TimerScalingPolicy.TimerName",
    "TimerScalingPolicy.TimerConfiguration.TimerType",
    "TimerScalingPolicy.TimerConfiguration.BeginTime",
    "TimerScalingPolicy.TimerConfiguration.EndTime",
    "TimerScalingPolicy.TimerConfiguration.TimerValue.Day",
    "TimerScalingPolicy.TimerConfiguration.TimerValue.FromDay",
    "TimerScalingPolicy.TimerConfiguration.TimerValue.ToDay",
];

const FLEETS: Then = Then::List("/console/fleets");

/// The four groups of operations.md 2.1, in the order of 8.3.
const NEW_FLEET: &[(Option<Text>, &[&str])] = &[
    (Some(text::BASIC_GROUP), &["Name", "AssetId", "Description", "Tags", "ResourceCreationLimitPolicy"]),
    (Some(text::PROCESS_GROUP), &["RuntimeConfiguration"]),
    (Some(text::DEPLOYMENT_GROUP), &["InstanceType", "SystemDiskInfo", "DataDiskInfo", "CcnInfos"]),
    (
        Some(text::NETWORK_GROUP),
        &[
            "InboundPermissions",
            "InternetMaxBandwidthOut",
            "NewGameServerSessionProtectionPolicy",
            "GameServerSessionProtectionTimeLimit",
        ],
    ),
];

/// The minutes are those of one policy.
const MINUTES: &[Condition] = &[when(
    "NewGameServerSessionProtectionPolicy",
    &["TimeLimitProtection"],
    &["GameServerSessionProtectionTimeLimit"],
)];

const COPIES: &[Condition] = &[
    when(
        "NewGameServerSessionProtectionPolicy",
        &["TimeLimitProtection"],
        &["GameServerSessionProtectionTimeLimit"],
    ),
    when("SelectedCcnType", &["CCN_SELECTED_BEFORE_CREATE", "CCN_SELECTED_AFTER_CREATE"], &["CcnInfos"]),
];

const ROUTES: &[Condition] = &[
    when("RoutingStrategy.Type", &["SIMPLE"], &["RoutingStrategy.FleetId"]),
    when("RoutingStrategy.Type", &["TERMINAL"], &["RoutingStrategy.Message"]),
];

/// Repetitions and modes of a timer.
const TIMES: &[Condition] = &[
    when(
        "TimerScalingPolicy.TimerFleetCapacity.ScalingType",
        &["2"],
        &["TimerScalingPolicy.TimerFleetCapacity.TargetConfiguration"],
    ),
    when(
        "TimerScalingPolicy.TimerConfiguration.TimerType",
        &["2"],
        &["TimerScalingPolicy.TimerConfiguration.TimerValue.Day"],
    ),
    when(
        "TimerScalingPolicy.TimerConfiguration.TimerType",
        &["3"],
        &[
            "TimerScalingPolicy.TimerConfiguration.TimerValue.FromDay",
            "TimerScalingPolicy.TimerConfiguration.TimerValue.ToDay",
        ],
    ),
    when(
        "TimerScalingPolicy.TimerConfiguration.TimerType",
        &["4"],
        &["TimerScalingPolicy.TimerConfiguration.TimerValue.WeekDays"],
    ),
    when(
        "TimerScalingPolicy.TimerConfiguration.TimerType",
        &["2", "3", "4"],
        &[
            "TimerScalingPolicy.TimerConfiguration.TimerValue",
            "TimerScalingPolicy.TimerConfiguration.EndTime",
        ],
    ),
];

const POLICY: &[Condition] = &[
    when("PolicyType", &["TargetBased"], &["TargetConfiguration"]),
    when(
        "PolicyType",
        &["RuleBased"],
        &[
            "MetricName",
            "ComparisonOperator",
            "Threshold",
            "EvaluationPeriods",
            "ScalingAdjustment",
            "ScalingAdjustmentType",
        ],
    ),
];

const COPIED_FLEET: &[(Option<Text>, &[&str])] = &[
    (
        None,
        &[
            "FleetId",
            "CopyNumber",
            "Name",
            "SelectedScalingType",
            "SelectedTimerType",
            "SelectedCcnType",
            "CcnInfos",
        ],
    ),
    (
        Some(text::MORE_SETTINGS),
        &[
            "AssetId",
            "Description",
            "InstanceType",
            "SystemDiskInfo",
            "DataDiskInfo",
            "RuntimeConfiguration",
            "InboundPermissions",
            "InternetMaxBandwidthOut",
            "NewGameServerSessionProtectionPolicy",
            "GameServerSessionProtectionTimeLimit",
            "ResourceCreationLimitPolicy",
            "Tags",
        ],
    ),
];

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Action::CreateFleet, text::CREATE_FLEET, NEW_FLEET)
        .then(Then::Made { path: "/console/fleets/", pointer: "/FleetAttributes/FleetId" })
        .noted(text::CREATE_FLEET_NOTE)
        .given(MINUTES)
        .needing(FLEET_NEEDS),
    Operation::new(Action::CopyFleet, text::COPY_FLEET, COPIED_FLEET)
        .then(FLEETS)
        .noted(text::COPY_FLEET_NOTE)
        .given(COPIES),
    Operation::new(Action::DeleteFleet, text::DELETE_FLEET, &[(None, &["FleetId"])]).confirmed().then(FLEETS),
    Operation::new(
        Action::UpdateFleetAttributes,
        text::EDIT_BASICS,
        &[(
            None,
            &[
                "FleetId",
                "Name",
                "Description",
                "NewGameSessionProtectionPolicy",
                "GameServerSessionProtectionTimeLimit",
                "ResourceCreationLimitPolicy",
            ],
        )],
    )
    .clearing(&["Description"])
    .given(&[when(
        "NewGameSessionProtectionPolicy",
        &["TimeLimitProtection"],
        &["GameServerSessionProtectionTimeLimit"],
    )]),
    Operation::new(Action::UpdateFleetName, text::RENAME_FLEET, &[(None, &["FleetId", "Name"])]),
    Operation::new(
        Action::AttachCcnInstances,
        text::ATTACH_CCN,
        &[(None, &["FleetId", "AccountId", "CcnId"])],
    )
    .noted(text::ATTACH_CCN_NOTE),
    Operation::new(Action::DetachCcnInstances, text::DETACH_CCN, &[(None, &["FleetId"])]).confirmed(),
    Operation::new(
        Action::UpdateFleetCapacity,
        text::EDIT_CAPACITY,
        &[(None, &["FleetId", "MinSize", "MaxSize", "DesiredInstances", "ScalingInterval"])],
    ),
    Operation::new(
        Action::UpdateRuntimeConfiguration,
        text::EDIT_PROCESSES,
        &[(None, &["FleetId", "RuntimeConfiguration"])],
    )
    .noted(text::CONFIGURATION_NOTE)
    .needing(PROCESSES)
    .confirmed(),
    Operation::new(
        Action::UpdateFleetPortSettings,
        text::EDIT_PORTS,
        &[(None, &["FleetId", "InboundPermissionAuthorizations", "InboundPermissionRevocations"])],
    )
    .confirmed(),
    Operation::new(
        Action::PutScalingPolicy,
        text::ADD_POLICY,
        &[(
            None,
            &[
                "FleetId",
                "Name",
                "PolicyType",
                "TargetConfiguration",
                "MetricName",
                "ComparisonOperator",
                "Threshold",
                "EvaluationPeriods",
                "ScalingAdjustment",
                "ScalingAdjustmentType",
            ],
        )],
    )
    .given(POLICY),
    Operation::new(Action::DeleteScalingPolicy, text::DELETE_POLICY, &[(None, &["FleetId", "Name"])])
        .confirmed(),
    Operation::new(Action::StartFleetActions, text::START_SCALING, &[(None, &["FleetId", "Actions"])])
        .confirmed(),
    Operation::new(Action::StopFleetActions, text::STOP_SCALING, &[(None, &["FleetId", "Actions"])])
        .confirmed(),
    Operation::new(Action::PutTimerScalingPolicy, text::EDIT_TIMER, &[(None, &["TimerScalingPolicy"])])
        .noted(text::TIMER_NOTE)
        .given(TIMES)
        .needing(TIMER_NEEDS),
    Operation::new(
        Action::DeleteTimerScalingPolicy,
        text::DELETE_TIMER,
        &[(None, &["FleetId", "TimerId", "TimerName"])],
    )
    .confirmed(),
    Operation::new(
        Action::SetServerWeight,
        text::SET_WEIGHT,
        &[(None, &["FleetId", "InstanceId", "Weight"])],
    ),
    Operation::new(
        Action::SetServerReserved,
        text::RESERVE,
        &[(None, &["FleetId", "InstanceId", "ReserveValue"])],
    )
    .confirmed(),
    Operation::new(
        Action::CreateGameServerSession,
        text::CREATE_SESSION,
        &[(
            None,
            &[
                "FleetId",
                "AliasId",
                "MaximumPlayerSessionCount",
                "Name",
                "GameProperties",
                "GameServerSessionData",
                "CreatorId",
            ],
        )],
    )
    .then(Then::Made { path: "/console/session?id=", pointer: "/GameServerSession/GameServerSessionId" }),
    Operation::new(
        Action::JoinGameServerSession,
        text::JOIN,
        &[(None, &["GameServerSessionId", "PlayerId", "PlayerData"])],
    ),
    Operation::new(
        Action::UpdateGameServerSession,
        text::EDIT_SESSION,
        &[(
            None,
            &[
                "GameServerSessionId",
                "Name",
                "MaximumPlayerSessionCount",
                "PlayerSessionCreationPolicy",
                "ProtectionPolicy",
            ],
        )],
    ),
    Operation::new(
        Action::EndGameServerSessionAndProcess,
        text::END_SESSION,
        &[(None, &["GameServerSessionId"])],
    )
    .confirmed(),
    Operation::new(
        Action::CreateAlias,
        text::CREATE_ALIAS,
        &[(None, &["Name", "RoutingStrategy", "Description", "Tags"])],
    )
    .then(Then::List("/console/aliases"))
    .noted(text::ALIAS_NOTE)
    .given(ROUTES),
    Operation::new(
        Action::UpdateAlias,
        text::EDIT_ALIAS,
        &[(None, &["AliasId", "Name", "RoutingStrategy", "Description"])],
    )
    .noted(text::ALIAS_NOTE)
    .given(ROUTES),
    Operation::new(Action::DeleteAlias, text::DELETE_ALIAS, &[(None, &["AliasId"])])
        .confirmed()
        .then(Then::List("/console/aliases")),
    Operation::new(
        Action::CreateGameServerSessionQueue,
        text::CREATE_QUEUE,
        &[(None, &["Name", "TimeoutInSeconds", "PlayerLatencyPolicies", "Destinations", "Tags"])],
    )
    .then(Then::List("/console/queues"))
    .noted(text::QUEUE_NOTE),
    Operation::new(
        Action::UpdateGameServerSessionQueue,
        text::EDIT_QUEUE,
        &[(None, &["Name", "TimeoutInSeconds", "PlayerLatencyPolicies", "Destinations"])],
    )
    .noted(text::QUEUE_NOTE),
    Operation::new(Action::DeleteGameServerSessionQueue, text::DELETE_QUEUE, &[(None, &["Name"])])
        .confirmed()
        .then(Then::List("/console/queues")),
    Operation::new(Action::StopGameServerSessionPlacement, text::STOP_PLACEMENT, &[(None, &["PlacementId"])])
        .confirmed(),
    Operation::new(
        Action::StartGameServerSessionPlacement,
        text::TRY_PLACEMENT,
        &[(
            None,
            &[
                "GameServerSessionQueueName",
                "PlacementId",
                "MaximumPlayerSessionCount",
                "DesiredPlayerSessions",
                "PlayerLatencies",
                "GameServerSessionName",
                "GameProperties",
                "GameServerSessionData",
            ],
        )],
    )
    .then(Then::Made { path: "/console/placement?id=", pointer: "/GameServerSessionPlacement/PlacementId" }),
    Operation::new(
        Action::UpdateAsset,
        text::EDIT_ASSET,
        &[(None, &["AssetId", "AssetName", "AssetVersion"])],
    ),
    Operation::new(Action::DeleteAsset, text::DELETE_ASSET, &[(None, &["AssetId"])])
        .confirmed()
        .then(Then::List("/console/assets")),
    Operation::new(
        Action::CreateAssetWithImage,
        text::CREATE_IMAGE_ASSET,
        &[(
            None,
            &[
                "AssetName",
                "AssetVersion",
                "AssetRegion",
                "ImageId",
                "ImageOs",
                "ImageSize",
                "ImageType",
                "OsType",
                "OsBit",
            ],
        )],
    )
    .then(Then::List("/console/assets"))
    .noted(text::IMAGE_NOTE),
];
