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
        Self { action, title, note: None, groups: members, is_confirmed: false, then: Then::Back }
    }

    const fn confirmed(self) -> Self {
        Self { is_confirmed: true, ..self }
    }

    const fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    const fn noted(self, note: Text) -> Self {
        Self { note: Some(note), ..self }
    }
}

pub(super) fn find(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.action.name() == name)
}

const FLEETS: Then = Then::List("/console/fleets");

/// The four groups of operations.md 2.1, in the order of 8.3.
const NEW_FLEET: &[(Option<Text>, &[&str])] = &[
    (
        Some(text::BASIC_GROUP),
        &[
            "Name",
            "AssetId",
            "Description",
            "FleetType",
            "Tags",
            "NewGameServerSessionProtectionPolicy",
            "GameServerSessionProtectionTimeLimit",
            "ResourceCreationLimitPolicy",
        ],
    ),
    (Some(text::PROCESS_GROUP), &["RuntimeConfiguration"]),
    (Some(text::DEPLOYMENT_GROUP), &["InstanceType", "SystemDiskInfo", "DataDiskInfo", "CcnInfos"]),
    (Some(text::NETWORK_GROUP), &["InboundPermissions", "InternetMaxBandwidthOut"]),
];

const COPIED_FLEET: &[(Option<Text>, &[&str])] = &[
    (None, &["FleetId", "CopyNumber", "SelectedScalingType", "SelectedTimerType", "SelectedCcnType"]),
    (
        Some(text::MORE_SETTINGS),
        &[
            "Name",
            "AssetId",
            "Description",
            "InstanceType",
            "RuntimeConfiguration",
            "InboundPermissions",
            "NewGameServerSessionProtectionPolicy",
            "GameServerSessionProtectionTimeLimit",
            "Tags",
        ],
    ),
];

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Action::CreateFleet, text::CREATE_FLEET, NEW_FLEET)
        .then(Then::Made { path: "/console/fleets/", pointer: "/FleetAttributes/FleetId" }),
    Operation::new(Action::CopyFleet, text::COPY_FLEET, COPIED_FLEET).then(FLEETS),
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
    ),
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
    ),
    Operation::new(Action::DeleteScalingPolicy, text::DELETE_POLICY, &[(None, &["FleetId", "Name"])])
        .confirmed(),
    Operation::new(Action::StartFleetActions, text::START_SCALING, &[(None, &["FleetId", "Actions"])])
        .confirmed(),
    Operation::new(Action::StopFleetActions, text::STOP_SCALING, &[(None, &["FleetId", "Actions"])])
        .confirmed(),
    Operation::new(Action::PutTimerScalingPolicy, text::EDIT_TIMER, &[(None, &["TimerScalingPolicy"])]),
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
    .then(Then::List("/console/aliases")),
    Operation::new(
        Action::UpdateAlias,
        text::EDIT_ALIAS,
        &[(None, &["AliasId", "Name", "RoutingStrategy", "Description"])],
    ),
    Operation::new(Action::DeleteAlias, text::DELETE_ALIAS, &[(None, &["AliasId"])]).confirmed(),
    Operation::new(
        Action::CreateGameServerSessionQueue,
        text::CREATE_QUEUE,
        &[(None, &["Name", "TimeoutInSeconds", "PlayerLatencyPolicies", "Destinations", "Tags"])],
    )
    .then(Then::List("/console/queues")),
    Operation::new(
        Action::UpdateGameServerSessionQueue,
        text::EDIT_QUEUE,
        &[(None, &["Name", "TimeoutInSeconds", "PlayerLatencyPolicies", "Destinations"])],
    ),
    Operation::new(Action::DeleteGameServerSessionQueue, text::DELETE_QUEUE, &[(None, &["Name"])])
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
    Operation::new(Action::DeleteAsset, text::DELETE_ASSET, &[(None, &["AssetId"])]).confirmed(),
];
